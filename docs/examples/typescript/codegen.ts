import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: process.env.SCHEMA ?? "../../../schema/schema.graphql",
  documents: ["*.ts"],
  generates: {
    "gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        enumsAsTypes: true,
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
