// An operation as a command for a POSIX shell. Credentials are shell variables unless `real`.
import { isCredential } from "../headers.js";

const PLACEHOLDERS = {
  "x-api-key": '"X-API-Key: $KEY"',
  "x-api-secret": '"X-API-Secret: $SECRET"',
  authorization: '"Authorization: Bearer $TOKEN"',
};

// Within single quotes a shell reads every character as it stands, but for the quote itself.
export const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

const headerOf = ([name, value], real) =>
  isCredential(name) && !real ? PLACEHOLDERS[name.toLowerCase()] : quoted(`${name}: ${value}`);

export const curlCommand = ({ url, headers, body, streams, real }) => {
  const sent = Object.entries(headers).map((header) => headerOf(header, real));
  return [
    `curl -sS${streams ? "N" : ""} ${quoted(url)}`,
    `-H 'Content-Type: application/json'`,
    ...(streams ? [`-H 'Accept: text/event-stream'`] : []),
    ...sent.map((header) => `-H ${header}`),
    `--data-raw ${quoted(JSON.stringify(body))}`,
  ].join(" \\\n  ");
};

// Whoever is not signed in still needs a key for more than the schema.
export const WITHOUT_SESSION = { "X-API-Key": "", "X-API-Secret": "" };
