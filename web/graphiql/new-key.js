// 128 random bits. Not randomUUID: browsers have that for pages over TLS and loopback alone.
export const newKey = () =>
  [...window.crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
