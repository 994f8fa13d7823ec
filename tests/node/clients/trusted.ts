// A service that runs registered documents alone: graphql-codegen's hashes name them.
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { graphql } from "./gql/gql.js";
import { check, credentials, url } from "./service.js";

const Trusted = graphql(`
  query Trusted($first: Int!) {
    products(first: $first) { __typename nodes { __typename id name } }
  }
`);
const { hash } = (Trusted as any).__meta__;

const apollo = new ApolloClient({
  link: new PersistedQueryLink({ generateHash: (document: any) => document.__meta__.hash }).concat(
    new HttpLink({ uri: url, headers: credentials }),
  ),
  cache: new InMemoryCache(),
});
const found = await apollo.query({ query: Trusted, variables: { first: 2 } });
check(found.data?.products?.nodes.length === 2, `by its hash: ${found.error}`);
apollo.stop();

async function ask(body: object): Promise<any> {
  const headers = { "Content-Type": "application/json", ...credentials };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return response.json();
}

const read = await ask({ documentId: hash, variables: { first: 3 } });
check(read.data?.products.nodes.length === 3, `by its id: ${JSON.stringify(read.errors)}`);
const other = await ask({ query: "{ viewer { actor } }" });
check(other.errors[0].extensions.code === "DOCUMENT_NOT_TRUSTED", "nothing else");
console.log("trusted: by hash and by id");
