import { useState } from "react";
import type { CombinedError } from "urql";

import { graphql } from "../../gql";
import type { ProblemPartsFragment, WalletTopUpInput } from "../../gql/graphql";
import { errorCode } from "../../ui/error-notice";
import { useAct } from "../acting";

const topUpMutation = graphql(`
  mutation TopUpWallet($input: WalletTopUpInput!) {
    walletTopUp(input: $input) {
      wallet {
        balances {
          ...WalletBalanceParts
        }
      }
      replayed
      problems {
        ...ProblemParts
      }
    }
  }
`);

// What was sent and not answered: a retry repeats it to the letter, as its key demands.
const PLACE = "vouchergraph.top-up";

// It may have been carried out: no answer at all, or one that does not know.
const UNCERTAIN: ReadonlySet<string | null> = new Set([null, "INTERNAL", "TIMEOUT", "UNAVAILABLE"]);

export interface Adding {
  amount: string;
  currency: string;
  account: string | null;
}

export interface ToppingUp {
  /** Sent with its key, and not answered: nothing else can be added before that is known. */
  unanswered: WalletTopUpInput | null;
  busy: boolean;
  problems: readonly ProblemPartsFragment[];
  error: CombinedError | null;
  /** Whether it worked. */
  send: (adding: Adding) => Promise<boolean>;
  retry: () => Promise<boolean>;
}

/** The top-up of this tab that was sent and never answered, also before a reload. */
export function keptTopUp(): WalletTopUpInput | null {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as WalletTopUpInput | null;
  } catch {
    return null;
  }
}

/** Adds money exactly once, however often it is tried: the key is made before the first try. */
export function useToppingUp(): ToppingUp {
  const [unanswered, setUnanswered] = useState(keptTopUp);
  const [key, setKey] = useState(() => keptTopUp()?.idempotencyKey ?? crypto.randomUUID());
  const { busy, problems, error, act } = useAct(topUpMutation, (data) => data.walletTopUp);

  function keep(input: WalletTopUpInput | null): void {
    if (input) sessionStorage.setItem(PLACE, JSON.stringify(input));
    else sessionStorage.removeItem(PLACE);
    setUnanswered(input);
  }

  async function carryOut(input: WalletTopUpInput): Promise<boolean> {
    keep(input);
    const { done, problems: found, error: failed } = await act({ input });
    const certain = failed
      ? !UNCERTAIN.has(errorCode(failed))
      : found.every(({ retry }) => retry === "NEVER" || retry === "NEW_KEY");
    if (certain) {
      keep(null);
      setKey(crypto.randomUUID());
    }
    return done !== null;
  }

  return {
    unanswered,
    busy,
    problems,
    error,
    send: ({ amount, currency, account }) =>
      carryOut({ amount, currency, account, idempotencyKey: key }),
    retry: () => (unanswered ? carryOut(unanswered) : Promise.resolve(false)),
  };
}
