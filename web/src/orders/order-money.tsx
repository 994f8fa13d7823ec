import { useId } from "react";

import { graphql } from "../gql";
import type { OrderMoneyFragment } from "../gql/graphql";
import { Card } from "../ui/card";
import { compareDecimals } from "../ui/decimal";
import { Money, type Amount } from "../ui/money";
import { currencyName } from "../ui/words";
import styles from "./order-money.module.css";

export const OrderMoneyParts = graphql(`
  fragment OrderMoney on Order {
    origin
    totals {
      price {
        amount
        currency
      }
      fee {
        amount
        currency
      }
      faceValue {
        amount
        currency
      }
      discount {
        amount
        currency
      }
      held {
        amount
        currency
      }
      captured {
        amount
        currency
      }
      released {
        amount
        currency
      }
      refunded {
        amount
        currency
      }
    }
  }
`);

type Total = OrderMoneyFragment["totals"][number];

/** What the order costs and what became of the money, for each currency apart. */
export function OrderMoney({ order }: { order: OrderMoneyFragment }) {
  const imported = order.origin === "IMPORTED";
  return (
    <Card title="Money">
      <div className="stack stack-wide">
        {order.totals.map((total) => (
          <Sums
            key={total.price.currency}
            total={total}
            imported={imported}
            alone={order.totals.length === 1}
          />
        ))}
        {imported && (
          <p className="small soft">
            It was paid elsewhere: nothing was taken from the wallet here.
          </p>
        )}
      </div>
    </Card>
  );
}

function Sums({ total, imported, alone }: { total: Total; imported: boolean; alone: boolean }) {
  const { currency } = total.price;
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className={alone ? "sr-only" : styles.currency}>
        In {currencyName(currency)}
      </h3>
      <dl className={styles.sums}>
        <Sum name="Face value" value={total.faceValue} />
        <Sum name="Discount" value={total.discount} unless="zero" />
        <Sum name="Fees" value={total.fee} />
        <Sum name="Price" value={total.price} strong />
      </dl>
      {!imported && (
        <dl className={`${styles.sums} ${styles.moved}`}>
          <Sum name="Held" what="for units still to come" value={total.held} />
          <Sum name="Captured" what="paid for delivered units" value={total.captured} />
          <Sum name="Released" what="given back for failed units" value={total.released} />
          <Sum name="Refunded" what="given back after it was paid" value={total.refunded} />
        </dl>
      )}
    </section>
  );
}

function Sum({
  name,
  what,
  value,
  strong,
  unless,
}: {
  name: string;
  what?: string;
  value: Amount | null | undefined;
  strong?: boolean;
  unless?: "zero";
}) {
  if (!value) return null;
  const none = isZero(value.amount);
  if (none && unless) return null;
  return (
    <div className={strong ? styles.strong : none ? styles.none : undefined}>
      <dt>
        {name}
        {what && !none && <span className={styles.what}> {what}</span>}
      </dt>
      <dd>
        <Money value={value} />
      </dd>
    </div>
  );
}

function isZero(amount: string): boolean {
  return compareDecimals(amount, "0") === 0;
}
