import type { ReactNode } from "react";

import { useRights } from "../session/session";
import { ButtonLink } from "../ui/button";
import { Card } from "../ui/card";
import { EmptyState } from "../ui/empty-state";
import { ErrorNotice } from "../ui/error-notice";
import { Notice } from "../ui/notice";
import { Page, Skeleton } from "../ui/page";
import { ProblemList, sentence } from "../ui/problem-list";
import { useCartContents, type Warning } from "./cart-contents";
import { CartLine } from "./cart-line";
import { useCart } from "./cart-store";
import { CartTotals } from "./cart-totals";
import { OrderedAlready } from "./ordered-already";

/** What is about to be bought, as the providers price it now. */
export function CartPage() {
  const { id } = useCart();
  const { cart, warnings, problems, error, reading, changing, read, update } = useCartContents();
  if (!id) return <CartFrame>{<EmptyCart />}</CartFrame>;
  if (cart?.order) return <CartFrame>{<OrderedAlready order={cart.order} />}</CartFrame>;
  if (!cart) {
    return (
      <CartFrame>
        {error ? (
          <ErrorNotice error={error} what="Your cart" onRetry={() => void read()} />
        ) : (
          <Card>{reading && <Skeleton lines={4} label="Having prices confirmed" />}</Card>
        )}
      </CartFrame>
    );
  }
  return (
    <CartFrame>
      {error && <ErrorNotice error={error} what="Your cart" onRetry={() => void read()} />}
      <ProblemList problems={problems} onRetry={() => void read()} />
      <Warnings warnings={warnings.filter(({ lineId }) => !lineId)} />
      {cart.lines.length === 0 ? (
        <EmptyCart />
      ) : (
        <div className="with-aside">
          <Card flush>
            <ul aria-label="Lines of the cart">
              {cart.lines.map((line) => (
                <CartLine
                  key={line.id}
                  line={line}
                  warnings={warnings.filter(({ lineId }) => lineId === line.id)}
                  busy={changing.includes(line.id)}
                  onQuantity={(quantity) => void update([{ id: line.id, quantity }])}
                />
              ))}
            </ul>
          </Card>
          <aside aria-label="Totals">
            <Summary totals={<CartTotals totals={cart.totals} />} />
          </aside>
        </div>
      )}
    </CartFrame>
  );
}

function CartFrame({ children }: { children: ReactNode }) {
  return (
    <Page title="Cart" lead="Prices are confirmed by the providers as you look.">
      {children}
    </Page>
  );
}

function Summary({ totals }: { totals: ReactNode }) {
  const { place } = useRights();
  return (
    <Card title="Totals">
      <div className="stack stack-wide">
        {totals}
        {place ? (
          <ButtonLink to="/checkout" look="primary" wide>
            Check out
          </ButtonLink>
        ) : (
          <Notice>Your key can fill a cart, and not order it.</Notice>
        )}
      </div>
    </Card>
  );
}

function Warnings({ warnings }: { warnings: readonly Warning[] }) {
  return warnings.map(({ code, message }) => (
    <Notice key={code + message} tone="warn" announce>
      {sentence(message)}
    </Notice>
  ));
}

function EmptyCart() {
  return (
    <Card>
      <EmptyState
        icon="cart"
        title="Your cart is empty"
        action={
          <ButtonLink to="/" look="primary">
            Look at the catalog
          </ButtonLink>
        }
      >
        Choose a product, a face value and a quantity; it is kept in this tab.
      </EmptyState>
    </Card>
  );
}
