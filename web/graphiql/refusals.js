// Refusals in plain words: what happened, and what the person can do.
const wait = (seconds) => (seconds ? `Try again in ${seconds} s.` : "Try again in a moment.");

const REFUSED_KEY =
  "This key and secret were not accepted. The key may be mistyped, revoked or expired, or not " +
  "allowed from your address. Check both, or ask your account manager for a new secret.";
const REFUSED_TOKEN =
  "This token was not accepted. It may have expired or be meant for another service, or this " +
  "service takes API keys only.";
export const UNREACHABLE = "The service cannot be reached. Check your connection and try again.";

export const inWords = (credentials, { status, code, message, retryAfter }) => {
  if (status === 401) return credentials?.token ? REFUSED_TOKEN : REFUSED_KEY;
  if (status === 429) return `Too many tries from your address. ${wait(retryAfter)}`;
  if (status >= 500) return `The service cannot answer now. ${wait(retryAfter)}`;
  if (code === "DOCUMENT_NOT_TRUSTED") {
    return "This service runs registered documents only, so GraphiQL cannot ask it anything.";
  }
  return message || `The service answered with status ${status}.`;
};

const CLOSED = {
  1001: "The service is stopping.",
  1006: "The connection was lost.",
  1013: "Too many connections or requests.",
  4403: "The credentials were not accepted, or hold no longer.",
};

// Why a WebSocket ended; `sequence` is the last that was seen.
export const closedInWords = ({ code, reason }, sequence) => {
  const why = CLOSED[code] ?? `The connection ended (${code}${reason ? `: ${reason}` : ""}).`;
  return sequence ? `${why} Execute again with "after": "${sequence}" to miss nothing.` : why;
};
