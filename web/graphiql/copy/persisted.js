// A document by its hash: what is sent instead of it, and what registers it.
const hex = (buffer) =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// The SHA-256 of a document's UTF-8, in hexadecimal; null where the browser computes none, over HTTP.
export const digestOf = async (text) => {
  const { subtle } = globalThis.crypto;
  return subtle ? hex(await subtle.digest("SHA-256", new TextEncoder().encode(text))) : null;
};

export const named = ({ variables, operationName }, digest) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: digest } },
  ...(operationName ? { operationName } : {}),
  variables,
});

export const introduced = (operation, digest) => ({
  query: operation.query,
  ...named(operation, digest),
});

export const manifest = ({ query }, digest) => ({ [`sha256:${digest}`]: query });
