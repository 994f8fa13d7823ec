// What both subscription clients do: follow an order's events and check that they come in order.
import { print } from "graphql";
import { graphql } from "./gql/gql.js";
import { check, given } from "./service.js";

const Events = graphql(`
  subscription Events($orders: [ID!], $after: String) {
    orderEvents(orderIds: $orders, after: $after) { sequence type status order { id reference } }
  }
`);

type Results = AsyncIterable<{ data?: any; errors?: unknown }>;

// Prints the sequences of the order in argv, after the sequence there, as many as wanted.
export async function follow(
  iterate: (asked: { query: string; variables: Record<string, unknown> }) => Results,
): Promise<void> {
  const [order = "", wanted = "1", after = null] = given;
  const seen: string[] = [];
  const variables = { orders: [order], after };
  for await (const { data, errors } of iterate({ query: print(Events as any), variables })) {
    check(!errors, JSON.stringify(errors));
    check(data.orderEvents.order.id === order, "events of the order asked for");
    seen.push(data.orderEvents.sequence);
    if (seen.length === Number(wanted)) break;
  }
  check(seen.every((one, at) => at === 0 || BigInt(one) > BigInt(seen[at - 1]!)), "in order");
  console.log(JSON.stringify(seen));
}
