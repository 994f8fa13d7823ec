import { useQuery } from "urql";

import { graphql } from "../gql";
import type { CartContentsFragment } from "../gql/graphql";
import { Card } from "../ui/card";
import { compareDecimals } from "../ui/decimal";
import { formatMoney, Money } from "../ui/money";
import { Notice } from "../ui/notice";
import styles from "./wallet-check.module.css";

const balancesQuery = graphql(`
  query WalletBalances {
    wallet {
      balances {
        available {
          amount
          currency
        }
      }
    }
  }
`);

/** What pays for it, and whether that suffices. */
export function WalletCheck({ totals }: { totals: CartContentsFragment["totals"] }) {
  const [{ data }] = useQuery({ query: balancesQuery, requestPolicy: "network-only" });
  if (!data?.wallet) return null;
  const { balances } = data.wallet;
  const lines = totals.map(({ price }) => {
    const found = balances.find(({ available }) => available.currency === price.currency);
    const available = found?.available ?? { amount: "0", currency: price.currency };
    return { price, available, short: compareDecimals(available.amount, price.amount) < 0 };
  });
  const short = lines.filter((line) => line.short);
  return (
    <Card title="Paid from your wallet">
      <div className="stack">
        <dl className={styles.balances}>
          {lines.map(({ available }) => (
            <div key={available.currency}>
              <dt>{available.currency} available</dt>
              <dd>
                <Money value={available} />
              </dd>
            </div>
          ))}
        </dl>
        {short.length > 0 && (
          <Notice tone="warn" announce title="Your wallet does not hold enough">
            {short
              .map(({ price, available }) => {
                return `${formatMoney(available)} of ${formatMoney(price)} is there.`;
              })
              .join(" ")}{" "}
            Have it topped up, or order less.
          </Notice>
        )}
      </div>
    </Card>
  );
}
