// Lists what can be bought, page by page: node build/list-products.js [WORDS]
// One line for each product: id, provider, name, currency, face values.
import { graphql } from "./gql/gql.js";
import type { ProductsQuery } from "./gql/graphql.js";
import { send } from "./service.js";

const Products = graphql(`
  query Products($words: String, $after: String) {
    products(first: 50, after: $after, filter: { search: $words, available: true }, sort: NAME) {
      nodes {
        id
        name
        currency
        provider { name }
        denominations {
          __typename
          ... on FixedDenominations { values { faceValue { amount } } }
          ... on DenominationRange { min { amount } max { amount } }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);
type Product = NonNullable<ProductsQuery["products"]>["nodes"][number];

// "500.00 1000.00" or "10.00 to 250.00". Amounts stay text: a double cannot hold every one.
function faceValues({ denominations: sold }: Product): string {
  return sold.__typename === "FixedDenominations"
    ? sold.values.map((value) => value.faceValue.amount).join(" ")
    : `${sold.min.amount} to ${sold.max.amount}`;
}

const words = process.argv.slice(2).join(" ") || null;
let after: string | null | undefined;
do {
  const { products } = await send(Products, { words, after });
  for (const product of products!.nodes) {
    const { id, name, currency, provider } = product;
    console.log([id, provider.name, name, currency, faceValues(product)].join("\t"));
  }
  after = products!.pageInfo.hasNextPage ? products!.pageInfo.endCursor : null;
} while (after);
