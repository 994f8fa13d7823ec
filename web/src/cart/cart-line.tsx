import { Link } from "wouter";

import { Tile } from "../catalog/tile";
import { graphql } from "../gql";
import type { CartLinePartsFragment } from "../gql/graphql";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { formatMoney, Money } from "../ui/money";
import { Notice } from "../ui/notice";
import { sentence } from "../ui/problem-list";
import { Stepper } from "../ui/stepper";
import type { Warning } from "./cart-contents";
import styles from "./cart-line.module.css";

export const CartLineParts = graphql(`
  fragment CartLineParts on CartLine {
    id
    quantity
    live
    faceValue {
      amount
      currency
    }
    unitPrice {
      amount
      currency
    }
    fee {
      amount
      currency
    }
    total {
      amount
      currency
    }
    savings {
      amount
      currency
    }
    product {
      id
      name
      brand
      currency
      available
      provider {
        id
        displayName
      }
    }
  }
`);

/** One line of the cart: what, how many, how much, and what changed about it. */
export function CartLine({
  line,
  warnings,
  busy,
  onQuantity,
}: {
  line: CartLinePartsFragment;
  warnings: readonly Warning[];
  busy: boolean;
  /** 0 removes it. */
  onQuantity: (quantity: number) => void;
}) {
  const { product } = line;
  const name = `${product.name}, ${formatMoney(line.faceValue, true)}`;
  return (
    <li className={styles.line} aria-busy={busy}>
      <div className={styles.tile}>
        <Tile brand={product.brand} currency={product.currency} />
      </div>
      <div className={styles.what}>
        <h2 className={styles.name}>
          <Link to={`/products/${product.id}`}>{product.name}</Link>
        </h2>
        <p className="small faint">{product.provider.displayName}</p>
        <p className={styles.face}>
          <Money value={line.faceValue} strong short />
          <span className="small faint">{formatMoney(line.unitPrice)} each</span>
          {!line.live && <Badge tone="warn">Price not confirmed</Badge>}
        </p>
      </div>
      <div className={styles.how}>
        <Stepper
          label={`Quantity of ${name}`}
          value={line.quantity}
          disabled={busy}
          onChange={onQuantity}
        />
        <Button
          look="quiet"
          small
          icon="trash"
          aria-label={`Remove ${name}`}
          disabled={busy}
          onClick={() => onQuantity(0)}
        />
      </div>
      <div className={styles.price}>
        <Money value={line.total} strong />
        {hasSome(line.savings) && (
          <span className={styles.saved}>You save {formatMoney(line.savings!)}</span>
        )}
        {hasSome(line.fee) && (
          <span className="small faint">of it fees {formatMoney(line.fee)}</span>
        )}
      </div>
      {warnings.length > 0 && (
        <div className={styles.warnings}>
          {warnings.map(({ code, message }) => (
            <Notice key={code + message} tone="warn" announce>
              {sentence(message)}
            </Notice>
          ))}
        </div>
      )}
    </li>
  );
}

/** Whether there is an amount, and it is more than nothing. */
export function hasSome(money: { amount: string } | null | undefined): boolean {
  return money ? /[1-9]/.test(money.amount) && !money.amount.startsWith("-") : false;
}
