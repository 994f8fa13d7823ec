// Headers of requests, and which of them are credentials.
const CREDENTIALS = ["x-api-key", "x-api-secret", "authorization"];

export const isCredential = (name) => CREDENTIALS.includes(name.toLowerCase());

export const credentialHeaders = (credentials) => {
  if (!credentials) return {};
  if (credentials.token) return { Authorization: `Bearer ${credentials.token}` };
  return { "X-API-Key": credentials.key, "X-API-Secret": credentials.secret };
};

// What goes with a request: the headers editor wins, and credentials written there replace those of
// the sign-in as a whole, since two sets in one request are refused.
export const requestHeaders = (credentials, written) => {
  const kept = Object.entries(written ?? {}).filter(([, value]) => value !== "" && value !== null);
  const own = kept.some(([name]) => isCredential(name));
  return { ...(own ? {} : credentialHeaders(credentials)), ...Object.fromEntries(kept) };
};
