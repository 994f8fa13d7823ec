// The schema held against graphql-eslint's recommended rules and Relay's. The test copies it to
// build/, since ESLint reads nothing above the folder of its configuration.
import graphql from "@graphql-eslint/eslint-plugin";

const VALUES = [
  "AuditChain",
  "Denomination",
  "DenominationRange",
  "FixedDenominations",
  "FulfillmentAttempt",
  "Limit",
  "Money",
  "OrderCount",
  "PageInfo",
  "Problem",
  "Viewer",
  "Wallet",
  "WalletBalance",
];

export default [
  {
    files: ["build/schema.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "build/schema.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // Lists of values and short lists of records are no pages.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // Values, pages and answers of mutations have no identity of their own.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            suffixes: ["Connection", "Edge", "Payload", "Total", "Report", "Health", "Warning"],
            types: VALUES,
          },
        },
      ],
    },
  },
];
