// What the programs beside this file share: who asks, one operation over HTTP, and a WebSocket.
import { createClient, type Client } from "graphql-ws";
import WebSocket from "ws";
import type { TypedDocumentString } from "./gql/graphql.js";

export const credentials = {
  "X-API-Key": given("VOUCHERGRAPH_KEY"),
  "X-API-Secret": given("VOUCHERGRAPH_SECRET"),
};
const url = given("VOUCHERGRAPH_URL");
const TEMPORARY = ["RATE_LIMITED", "TIMEOUT", "UNAVAILABLE", "INTERNAL"];
const REFUSED = 4403; // no credentials, wrong ones, or they no longer hold
const SILENCE_MS = 30_000;

// An answer that is no answer to the question. Every other error means: there was no answer.
export class Failed extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }

  get temporary(): boolean {
    return TEMPORARY.includes(this.code);
  }
}

export function given(name: string): string {
  return process.env[name] ?? stop(`${name} is not set.`);
}

export function stop(why: string): never {
  console.error(why);
  process.exit(1);
}

// What the operation answered. Throws Failed with the first of its errors.
export async function send<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  headers: Record<string, string> = {},
): Promise<Result> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...credentials, ...headers },
    body: JSON.stringify({ query: document, variables }),
    signal: AbortSignal.timeout(30_000),
  });
  const { data, errors } = (await answer.json()) as {
    data: Result;
    errors?: { message: string; extensions: { code: string } }[];
  };
  if (errors?.[0]) throw new Failed(errors[0].extensions.code, errors[0].message);
  return data;
}

// A client of its own for each connection: graphql-ws would repeat a subscription with the
// variables of its first time, and tell everything since then again.
export function connection(): Client {
  let silence: NodeJS.Timeout | undefined;
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    connectionParams: credentials,
    retryAttempts: 0,
    keepAlive: 10_000,
    on: {
      // A connection that died without a word is noticed by the pongs that do not come.
      message: () => {
        clearTimeout(silence);
        silence = setTimeout(() => client.terminate(), SILENCE_MS);
      },
      closed: () => clearTimeout(silence),
    },
  });
  return client;
}

// What ended a subscription: connect again, unless it was refused.
export function lost(why: unknown): void {
  if (why instanceof Error) throw why;
  const code = (why as { code?: number }).code;
  if (code === REFUSED) stop("The credentials were refused.");
  console.error(`the connection was lost (${code}); connecting again`);
}
