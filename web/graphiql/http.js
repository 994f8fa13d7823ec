import { endpoint } from "./page.js";
import { UNREACHABLE, inWords } from "./refusals.js";

export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// One request; its status and its body, whatever they are. Throws Refused when nobody answers.
export const post = async (params, headers) => {
  let response;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json;q=0.9",
        ...headers,
      },
      body: JSON.stringify(params),
    });
  } catch {
    throw new Refused(UNREACHABLE);
  }
  const body = await response.json().catch(() => ({
    errors: [{ message: `The service answered with status ${response.status} and no JSON.` }],
  }));
  return { status: response.status, retryAfter: response.headers.get("Retry-After"), body };
};

// The data of an operation that this page itself asks for. Throws Refused, in plain words.
export const ask = async (credentials, headers, query, variables) => {
  const { status, retryAfter, body } = await post({ query, variables }, headers);
  const error = body.errors?.[0];
  if (status !== 200 || error) {
    const found = { status, retryAfter, code: error?.extensions?.code, message: error?.message };
    throw new Refused(inWords(credentials, found), status);
  }
  return body.data;
};
