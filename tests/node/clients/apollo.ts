// Apollo Client with its own helper for Relay pages: two pages become one list in the cache.
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";
import { graphql } from "./gql/gql.js";
import { check, credentials, url } from "./service.js";

const Products = graphql(`
  query Products($after: String) {
    products(first: 5, after: $after, sort: NAME) {
      edges {
        cursor
        node {
          id
          name
          denominations {
            ... on FixedDenominations { values { faceValue { amount currency } } }
            ... on DenominationRange { min { amount } max { amount } }
          }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

const client = new ApolloClient({
  link: new HttpLink({ uri: url, headers: credentials }),
  cache: new InMemoryCache({
    typePolicies: { Query: { fields: { products: relayStylePagination(["filter", "sort"]) } } },
  }),
});

const first = client.watchQuery({ query: Products });
const page = await new Promise<any>((resolve, reject) =>
  first.subscribe({ next: (found) => found.data && !found.loading && resolve(found), error: reject }),
);
const cursor = page.data.products.pageInfo.endCursor;
check(page.data.products.edges.length === 5, "a page of five");
await first.fetchMore({ variables: { after: cursor } });
const merged = client.readQuery({ query: Products });
const names = merged?.products?.edges.map(({ node }) => node.name) ?? [];
check(names.length === 10, "two pages in one list");
check(new Set(merged?.products?.edges.map(({ node }) => node.id)).size === 10, "no product twice");
console.log(`apollo: ${names.length} products`);
client.stop();
