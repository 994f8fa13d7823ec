import { babelOptimizerPlugin } from "@graphql-codegen/client-preset";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { licenses } from "./tools/licenses";
import { precompress } from "./tools/precompress";
import { runningService } from "./tools/service";

// Each part loads its own documents alone, not the map of them all.
const documents = [babelOptimizerPlugin, { artifactDirectory: "src/gql", gqlTagName: "graphql" }];

export default defineConfig(({ command }) => {
  const shared = [react({ babel: { plugins: command === "build" ? [documents] : [] } })];
  const build = {
    target: "es2022",
    // The page's policy admits no data: address for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  };
  if (command === "build") {
    return { base: "/console/", plugins: [...shared, licenses(), precompress()], build };
  }
  const { url, page } = runningService();
  return {
    base: "/console/",
    plugins: [...shared, page],
    server: {
      // The service admits pages of its own origin alone.
      proxy: {
        "/graphql": { target: url, ws: true, changeOrigin: true, headers: { origin: url } },
      },
    },
  };
});
