// Prints the codes of an order's vouchers: node build/reveal.js ORDER_ID PURPOSE
// They are secrets, and worth money. Print them nowhere but here, and keep them out of logs. Each
// reveal is recorded with its purpose.
// One line for each voucher: face value, last day, code, PIN, link.
import { graphql } from "./gql/gql.js";
import { send, stop } from "./service.js";

const Reveal = graphql(`
  query Reveal($id: ID!, $after: String) {
    order(by: { id: $id }) {
      vouchers(first: 100, after: $after) {
        nodes { faceValue { amount currency } expiresOn code pin claimUrl }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

const [, , id = "", purpose = ""] = process.argv;
let after: string | null | undefined;
do {
  const { order } = await send(Reveal, { id, after }, { "X-Purpose": purpose });
  if (!order) stop("There is no such order.");
  for (const { faceValue, expiresOn, code, pin, claimUrl } of order.vouchers.nodes) {
    const value = [faceValue.amount, faceValue.currency, expiresOn ?? "never"];
    console.log([...value, code ?? "", pin ?? "", claimUrl ?? ""].join("\t"));
  }
  const { hasNextPage, endCursor } = order.vouchers.pageInfo;
  after = hasNextPage ? endCursor : null;
} while (after);
