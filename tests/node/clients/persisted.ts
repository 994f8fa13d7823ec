// Documents by their hash, as Apollo Client and urql do it by themselves: asked once, sent once.
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { graphql } from "./gql/gql.js";
import { check, credentials, url } from "./service.js";

const Persisted = graphql(`
  query Persisted($first: Int!) {
    products(first: $first) { nodes { id name } }
  }
`);

// Every request as it went out: its method, whether it held the document, and what came back.
type Seen = { method: string; document: boolean; status: number; type: string | null };
function counting(seen: Seen[]): typeof fetch {
  return async (input, init) => {
    const sent = new URL(String(input));
    const body = init?.body ? JSON.parse(String(init.body)) : Object.fromEntries(sent.searchParams);
    const response = await fetch(input, init);
    const type = response.headers.get("content-type");
    seen.push({ method: init?.method ?? "GET", document: !!body.query, status: response.status, type });
    return response;
  };
}

function learned(seen: Seen[], name: string): void {
  check(seen.length === 3, `${name}: two requests at first, then one, not ${JSON.stringify(seen)}`);
  check(!seen[0]!.document && seen[1]!.document && !seen[2]!.document, `${name}: the document once`);
  check(seen.every(({ status }) => status === 200), `${name}: no failure`);
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

for (const useGETForHashedQueries of [false, true]) {
  const seen: Seen[] = [];
  const http = new HttpLink({ uri: url, headers: credentials, fetch: counting(seen) });
  const client = new ApolloClient({
    link: new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http),
    cache: new InMemoryCache(),
  });
  // Each round with a document of its own: what the first sent is known afterwards.
  const query = useGETForHashedQueries ? renamed("PersistedByGet") : Persisted;
  for (const first of [2, 3]) {
    const { data, error } = await client.query<any>({ query: query as any, variables: { first } });
    check(!error && data.products.nodes.length === first, `apollo: ${first} products, ${error}`);
  }
  learned(seen, "apollo");
  check(seen[2]!.method === (useGETForHashedQueries ? "GET" : "POST"), "apollo: its own method");
  client.stop();
}

const seen: Seen[] = [];
const client = new Client({
  url,
  exchanges: [persistedExchange({ enableForMutation: true }), fetchExchange],
  fetch: counting(seen),
  fetchOptions: { headers: credentials },
});
for (const first of [2, 3]) {
  const { data, error } = await client.query<any>(renamed("PersistedUrql") as any, { first }).toPromise();
  check(!error && data.products.nodes.length === first, `urql: ${first} products, ${error}`);
}
learned(seen, "urql");
check(seen[2]!.method === "GET", "urql: a known query is read with GET");
console.log("persisted: apollo and urql");

function renamed(name: string): unknown {
  const document = structuredClone(Persisted) as any;
  document.definitions[0].name.value = name;
  return document;
}
