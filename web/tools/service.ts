import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

interface Ready {
  graphql: string;
  clients?: Record<string, { key: string; secret: string }>;
}

/** The running service that `npm run dev` is in front of: what its ready file says, or port 8000. */
export function runningService(): { url: string; page: Plugin } {
  const file = process.env.VOUCHERGRAPH_READY_FILE;
  const ready: Ready = file
    ? JSON.parse(readFileSync(file, "utf8"))
    : { graphql: process.env.VOUCHERGRAPH_URL ?? "http://127.0.0.1:8000/graphql" };
  return { url: new URL(ready.graphql).origin, page: withDemoKeys(ready.clients ?? {}) };
}

/** The page as the service would serve it on loopback, with the sandbox's demo keys. */
function withDemoKeys(clients: NonNullable<Ready["clients"]>): Plugin {
  const keys = JSON.stringify(clients).replaceAll('"', "&quot;");
  return {
    name: "demo-keys",
    apply: "serve",
    transformIndexHtml: (html) => html.replace('data-keys="{}"', `data-keys="${keys}"`),
  };
}
