import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import test from "node:test";
import { requestHeaders } from "../headers.js";
import { curlCommand, quoted } from "./curl.js";
import { digestOf, introduced, manifest, named } from "./persisted.js";

const NASTY = "it's $HOME `id` $(id) \\ \"!\" \n äß€ 'end'";
const words = (command, env = {}) =>
  execFileSync("sh", ["-c", `curl() { printf '%s\\0' "$@"; }; ${command}`], { env })
    .toString()
    .split("\0")
    .slice(0, -1);

const command = (more) =>
  curlCommand({
    url: "https://api.example/graphql",
    headers: {
      "X-API-Key": "vglive_k",
      "X-API-Secret": "vgs_s",
      "X-Purpose": NASTY.replace("\n", ""),
    },
    body: { query: "query Q { viewer { actor } }", variables: { text: NASTY } },
    ...more,
  });

test("a shell reads what was quoted as it was", () => {
  assert.deepEqual(words(`curl ${quoted(NASTY)}`), [NASTY]);
});

test("a command holds placeholders, never the credentials", () => {
  assert.doesNotMatch(command(), /vglive_k|vgs_s/);
  const sent = words(command(), { KEY: "k 1", SECRET: "$x" });
  assert.ok(sent.includes("X-API-Key: k 1") && sent.includes("X-API-Secret: $x"));
  assert.equal(JSON.parse(sent.at(-1)).variables.text, NASTY);
  const token = command({ headers: { Authorization: "Bearer abc" } });
  assert.doesNotMatch(token, /abc/);
  assert.ok(words(token, { TOKEN: "t" }).includes("Authorization: Bearer t"));
});

test("with the person's wish it holds them", () => {
  assert.ok(words(command({ real: true })).includes("X-API-Secret: vgs_s"));
});

test("a subscription is asked for as an event stream", () => {
  assert.ok(words(command({ streams: true })).includes("Accept: text/event-stream"));
});

test("credentials of the headers editor replace those of the sign-in as a whole", () => {
  const signedIn = { key: "k", secret: "s" };
  assert.deepEqual(requestHeaders(signedIn, { "X-Purpose": "why", Other: "" }), {
    "X-API-Key": "k",
    "X-API-Secret": "s",
    "X-Purpose": "why",
  });
  assert.deepEqual(requestHeaders(signedIn, { authorization: "Bearer t" }), {
    authorization: "Bearer t",
  });
  assert.deepEqual(requestHeaders({ token: "t" }), { Authorization: "Bearer t" });
});

test("documents are named by the SHA-256 of their UTF-8", async () => {
  const operation = {
    query: `# ${NASTY}\n{ viewer { actor } }`,
    variables: { a: 1 },
    operationName: null,
  };
  const digest = createHash("sha256").update(operation.query, "utf8").digest("hex");
  assert.equal(await digestOf(operation.query), digest);
  const body = {
    extensions: { persistedQuery: { version: 1, sha256Hash: digest } },
    variables: { a: 1 },
  };
  assert.deepEqual(named(operation, digest), body);
  assert.deepEqual(introduced(operation, digest), { query: operation.query, ...body });
  assert.deepEqual(manifest(operation, digest), { [`sha256:${digest}`]: operation.query });
});
