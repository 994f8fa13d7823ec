import { graphql } from "../../gql";
import type { WalletBalancePartsFragment } from "../../gql/graphql";
import { Card } from "../../ui/card";
import { compareDecimals } from "../../ui/decimal";
import { EmptyState } from "../../ui/empty-state";
import { Money } from "../../ui/money";
import { currencyName } from "../../ui/words";
import styles from "./wallet.module.css";

export const WalletBalanceParts = graphql(`
  fragment WalletBalanceParts on WalletBalance {
    available {
      amount
      currency
    }
    held {
      amount
      currency
    }
  }
`);

/** What can be spent, and what is held for orders under way; currencies are never added. */
export function Balances({ balances }: { balances: readonly WalletBalancePartsFragment[] }) {
  if (balances.length === 0) {
    return (
      <Card>
        <EmptyState icon="wallet" title="The wallet is empty">
          It has a balance for each currency that was ever put in.
        </EmptyState>
      </Card>
    );
  }
  return (
    <ul className={styles.balances} aria-label="Balances">
      {balances.map(({ available, held }) => {
        const none = compareDecimals(held.amount, "0") === 0;
        return (
          <li key={available.currency} className={styles.balance}>
            <span className={styles.currency}>{currencyName(available.currency)}</span>
            <span className={styles.available}>
              <Money value={available} />
              <span className="sr-only"> available</span>
            </span>
            <span className={none ? styles.none : styles.held}>
              {none ? (
                "Nothing held"
              ) : (
                <>
                  <Money value={held} /> held for orders
                </>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
