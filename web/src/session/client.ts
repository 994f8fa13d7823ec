import { cacheExchange, Client, fetchExchange, mapExchange, type CombinedError } from "urql";

import { errorCode } from "../ui/error-notice";
import { headersOf, type Credentials } from "./credentials";
import { endpoint } from "./page";

/** The client of one signed-in session. `refused` hears once the credentials do not hold. */
export function createClient(credentials: Credentials, refused: (why: string) => void): Client {
  return new Client({
    url: endpoint,
    preferGetMethod: false,
    requestPolicy: "cache-and-network",
    fetchOptions: { headers: headersOf(credentials) },
    exchanges: [cacheExchange, watching(refused), fetchExchange],
  });
}

/** A client that keeps nothing it reads: for what must not lie in a cache, such as a secret. */
export function createForgetful(credentials: Credentials, refused: (why: string) => void): Client {
  return new Client({
    url: endpoint,
    preferGetMethod: false,
    requestPolicy: "network-only",
    fetchOptions: { headers: headersOf(credentials), cache: "no-store" },
    exchanges: [watching(refused), fetchExchange],
  });
}

function watching(refused: (why: string) => void) {
  return mapExchange({
    onError(error: CombinedError) {
      if (errorCode(error) === "UNAUTHENTICATED") refused(error.graphQLErrors[0]!.message);
    },
  });
}
