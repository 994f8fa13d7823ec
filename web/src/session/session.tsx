import { createContext, useCallback, useContext, useEffect, useState } from "react";
import type { ReactNode } from "react";
import { Provider, type Client, type CombinedError } from "urql";

import { graphql } from "../gql";
import type { SessionQuery } from "../gql/graphql";
import { createClient, createForgetful } from "./client";
import { forgetTab, keepCredentials, keptCredentials, type Credentials } from "./credentials";
import { rightsOf, type Rights } from "./rights";

const sessionQuery = graphql(`
  query Session {
    viewer {
      account
      accountName
      actor
      scopes
    }
    orderEvents(last: 1) {
      nodes {
        sequence
      }
    }
  }
`);

export type Viewer = NonNullable<SessionQuery["viewer"]>;

/** Who is signed in, and how they ask. */
export interface Session {
  viewer: Viewer;
  rights: Rights;
  credentials: Credentials;
  /** For reveals: what it reads is kept nowhere. Headers such as X-Purpose go by `fetchOptions`. */
  forgetful: Client;
  /** The last event of the account's log when the session began. */
  lastSequence: string;
  /** Forgets everything of this tab; `why` is shown above the sign-in form. */
  signOut: (why?: string) => void;
}

/** Signed out, asking who somebody is, failed to ask, or signed in. */
export type Standing =
  | { phase: "signed-out"; why?: string }
  | { phase: "opening"; credentials: Credentials }
  | { phase: "failed"; credentials: Credentials; error: CombinedError }
  | { phase: "open"; session: Session; client: Client };

const Context = createContext<Session | null>(null);

/** The session; only inside SessionProvider, where somebody is signed in. */
export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("nobody is signed in here");
  return session;
}

export function useRights(): Rights {
  return useSession().rights;
}

/** Where the tab stands, and how to sign in. A reload of the tab stays signed in. */
export function useStanding() {
  const [standing, setStanding] = useState<Standing>(initial);

  const signOut = useCallback((why?: string) => {
    forgetTab();
    setStanding(why ? { phase: "signed-out", why } : { phase: "signed-out" });
  }, []);

  const signIn = useCallback((credentials: Credentials) => {
    setStanding({ phase: "opening", credentials });
  }, []);

  const asked = standing.phase === "opening" ? standing.credentials : null;
  useEffect(() => {
    if (!asked) return;
    let current = true;
    void open(asked, signOut).then((next) => current && setStanding(next));
    return () => {
      current = false;
    };
  }, [asked, signOut]);

  return { standing, signIn, signOut };
}

export function SessionProvider({
  session,
  client,
  children,
}: {
  session: Session;
  client: Client;
  children: ReactNode;
}) {
  return (
    <Context value={session}>
      <Provider value={client}>{children}</Provider>
    </Context>
  );
}

function initial(): Standing {
  const credentials = keptCredentials();
  return credentials ? { phase: "opening", credentials } : { phase: "signed-out" };
}

async function open(credentials: Credentials, signOut: (why?: string) => void): Promise<Standing> {
  let refusal: string | null = null;
  const asking = createForgetful(credentials, (why) => (refusal = why));
  const { data, error } = await asking.query(sessionQuery, {}).toPromise();
  if (refusal) {
    forgetTab();
    return { phase: "signed-out", why: refusal };
  }
  if (!data?.viewer) return { phase: "failed", credentials, error: error! };
  keepCredentials(credentials);
  const session: Session = {
    viewer: data.viewer,
    rights: rightsOf(data.viewer.scopes),
    credentials,
    forgetful: createForgetful(credentials, signOut),
    lastSequence: data.orderEvents?.nodes.at(-1)?.sequence ?? "0",
    signOut,
  };
  return { phase: "open", session, client: createClient(credentials, signOut) };
}
