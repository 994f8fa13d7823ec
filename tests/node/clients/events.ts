// graphql-sse, distinct connections: the same events over an event stream.
import { createClient } from "graphql-sse";
import { print } from "graphql";
import { graphql } from "./gql/gql.js";
import { check, credentials, given, url } from "./service.js";

const Streamed = graphql(`
  subscription Streamed($orders: [ID!], $after: String) {
    orderEvents(orderIds: $orders, after: $after) { sequence type status order { id reference } }
  }
`);

const [order = "", wanted = "1", after] = given;
const client = createClient({
  url,
  headers: credentials,
  retryAttempts: 0,
});
const seen: string[] = [];
const variables = { orders: [order], after: after ?? null };
for await (const { data, errors } of client.iterate<any>({ query: print(Streamed as any), variables })) {
  check(!errors, JSON.stringify(errors));
  check(data.orderEvents.order.id === order, "events of the order asked for");
  seen.push(data.orderEvents.sequence);
  if (seen.length === Number(wanted)) break;
}
check(seen.every((one, at) => at === 0 || BigInt(one) > BigInt(seen[at - 1]!)), "in order");
console.log(JSON.stringify(seen));
client.dispose();
