import { useState } from "react";
import { useClient, type CombinedError } from "urql";

import { graphql } from "../../gql";
import type { ProviderCardFragment } from "../../gql/graphql";
import { Button } from "../../ui/button";
import { ErrorNotice } from "../../ui/error-notice";
import { Instant } from "../../ui/instant";
import { Money, type Amount } from "../../ui/money";
import styles from "./provider-card.module.css";

const balancesQuery = graphql(`
  query ProviderBalances($id: ID!) {
    node(id: $id) {
      id
      ... on Provider {
        balances {
          amount
          currency
        }
      }
    }
  }
`);

interface Read {
  at: string;
  /** Null where the provider did not answer. */
  balances: readonly Amount[] | null;
}

/** What we have left at a provider, asked there only when somebody wants to know. */
export function ProviderBalances({ provider }: { provider: ProviderCardFragment }) {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CombinedError | null>(null);
  const [read, setRead] = useState<Read | null>(null);
  if (!provider.capabilities.includes("BALANCE")) {
    return <p className={`${styles.balances} small faint`}>It does not tell our balance there.</p>;
  }

  async function ask(): Promise<void> {
    setBusy(true);
    const options = { requestPolicy: "network-only" } as const;
    const answer = await client.query(balancesQuery, { id: provider.id }, options).toPromise();
    setBusy(false);
    setError(answer.error ?? null);
    const found = answer.data?.node;
    if (found && "balances" in found) {
      setRead({ at: new Date().toISOString(), balances: found.balances ?? null });
    }
  }

  return (
    <div className={styles.balances}>
      <Button small busy={busy} onClick={() => void ask()}>
        {read ? "Ask for balances again" : "Show balances"}
        <span className="sr-only"> of {provider.displayName}</span>
      </Button>
      <div className="small" role="status">
        {error ? (
          <ErrorNotice error={error} what="The balance" />
        ) : read?.balances ? (
          <ul aria-label={`Balances at ${provider.displayName}`}>
            {read.balances.map((balance) => (
              <li key={balance.currency}>
                <Money value={balance} strong />
              </li>
            ))}
            <li className="faint">
              asked <Instant at={read.at} />
            </li>
          </ul>
        ) : (
          read && "It does not answer just now."
        )}
      </div>
    </div>
  );
}
