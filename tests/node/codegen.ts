import type { CodegenConfig } from "@graphql-codegen/cli";

// What a front-end team would write: the checked-in schema, their documents, the client preset.
const config: CodegenConfig = {
  schema: "../../schema/schema.graphql",
  documents: ["clients/*.ts"],
  generates: {
    "clients/gql/": {
      preset: "client",
      presetConfig: { persistedDocuments: true, fragmentMasking: false },
      config: {
        useTypeImports: true,
        strictScalars: true,
        scalars: {
          Decimal: "string",
          DateTime: "string",
          Date: "string",
          FieldSet: "string",
          IdempotencyKey: "string",
        },
      },
    },
  },
  emitLegacyCommonJSImports: false,
};

export default config;
