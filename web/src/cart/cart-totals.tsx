import type { CartContentsFragment } from "../gql/graphql";
import { Money } from "../ui/money";
import { hasSome } from "./cart-line";
import styles from "./cart-totals.module.css";

/** What it costs in each currency; currencies are never added. */
export function CartTotals({ totals }: { totals: CartContentsFragment["totals"] }) {
  return (
    <div className={styles.totals}>
      {totals.map(({ price, fee, faceValue, savings }) => (
        <dl key={price.currency} className={styles.total}>
          {faceValue && (
            <div>
              <dt>Face value</dt>
              <dd>
                <Money value={faceValue} />
              </dd>
            </div>
          )}
          {hasSome(savings) && (
            <div className={styles.saved}>
              <dt>You save</dt>
              <dd>
                −<Money value={savings!} />
              </dd>
            </div>
          )}
          {hasSome(fee) && (
            <div>
              <dt>Fees, included</dt>
              <dd>
                <Money value={fee} />
              </dd>
            </div>
          )}
          <div className={styles.sum}>
            <dt>{totals.length > 1 ? `Total in ${price.currency}` : "Total"}</dt>
            <dd>
              <Money value={price} />
            </dd>
          </div>
        </dl>
      ))}
    </div>
  );
}
