// urql as it comes: its Accept header lists event streams, and a query must still answer JSON.
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { graphql } from "./gql/gql.js";
import { check, credentials, url } from "./service.js";

const Who = graphql(`
  query Who {
    viewer { accountName scopes limits { name maximum remaining resetsAt } }
  }
`);
const Carted = graphql(`
  mutation Carted {
    cartCreate(input: {}) { cart { id totalQuantity } problems { code message } }
  }
`);

for (const preferGetMethod of [false, true] as const) {
  const client = new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: { headers: credentials },
    preferGetMethod,
  });
  const who = await client.query(Who, {}).toPromise();
  check(!who.error, String(who.error));
  check(who.data?.viewer?.accountName === "demo", "the viewer's account");
  const made = await client.mutation(Carted, {}).toPromise();
  check(!made.error && made.data?.cartCreate?.problems.length === 0, String(made.error));
}
console.log("urql: query and mutation");
