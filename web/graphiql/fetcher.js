// How GraphiQL asks: queries and mutations by POST, subscriptions over a WebSocket of their own.
import { createClient } from "graphql-ws";
import { isCredential, requestHeaders } from "./headers.js";
import { post } from "./http.js";
import { meant, nameOf } from "./operations.js";
import { endpoint } from "./page.js";
import { closedInWords } from "./refusals.js";
import { expire, listen, session } from "./session.js";
import * as watching from "./watching.js";

const FORBIDDEN = 4403;

const socketUrl = () => {
  const url = new URL(endpoint);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
};

const failure = (message) => ({ errors: [{ message }] });

const operationOf = ({ query, operationName }) => {
  try {
    return meant(query, operationName);
  } catch {
    return null; // the service says what is wrong with it
  }
};

export const fetcherFor =
  (credentials) =>
  (asked, options = {}) => {
    const written = options.headers;
    const headers = requestHeaders(credentials, written);
    const expired = () => Object.keys(written ?? {}).some(isCredential) || expire(credentials);
    const operation = operationOf(asked);
    const params = operation ? { ...asked, operationName: nameOf(operation) } : asked;
    if (operation?.operation === "subscription") {
      return { subscribe: (observer) => subscribe(params, headers, observer, expired) };
    }
    if (options.documentAST) watching.forget();
    return answered(params, headers, expired);
  };

const answered = async (params, headers, expired) => {
  const { status, body } = await post(params, headers);
  if (status === 401) expired();
  return body;
};

const subscribe = (params, headers, observer, expired) => {
  const credentials = Object.entries(headers).filter(([name]) => isCredential(name));
  let sequence;
  let over = false;
  const signedIn = session().credentials;
  watching.begin();
  const client = createClient({
    url: socketUrl(),
    connectionParams: Object.fromEntries(credentials),
    // A repeated subscription would begin at the same place: the person decides where to go on.
    retryAttempts: 0,
    on: { connected: watching.connected },
  });
  const finish = (result, why) => {
    if (over) return;
    over = true;
    forget();
    if (result) observer.next(result);
    watching.end(why);
    observer.complete();
    client.dispose();
  };
  // Nobody is told on what somebody else may see.
  const forget = listen(() => {
    if (session().credentials !== signedIn) finish(null, "Another client is signed in now.");
  });
  const unsubscribe = client.subscribe(params, {
    next: (result) => {
      sequence = Object.values(result.data ?? {})[0]?.sequence ?? sequence;
      watching.received(result);
      observer.next(result);
    },
    error: (error) => {
      if (Array.isArray(error)) return finish({ errors: error }, error[0].message);
      if (error.code === FORBIDDEN) expired();
      const words = error.code ? closedInWords(error, sequence) : error.message;
      finish(failure(words), words);
    },
    complete: () => finish(null, "Stopped."),
  });
  return { unsubscribe };
};
