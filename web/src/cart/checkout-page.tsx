import { useEffect, useState, type ReactNode } from "react";
import { Redirect, useLocation } from "wouter";

import type { CartContentsFragment } from "../gql/graphql";
import { useRights } from "../session/session";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { ErrorNotice } from "../ui/error-notice";
import { formatMoney, Money } from "../ui/money";
import { Notice } from "../ui/notice";
import { Page, Skeleton } from "../ui/page";
import { ProblemList, sentence } from "../ui/problem-list";
import { Table, type Column } from "../ui/table";
import { useCartContents } from "./cart-contents";
import { useCart } from "./cart-store";
import { CartTotals } from "./cart-totals";
import { OrderedAlready } from "./ordered-already";
import { usePlacing } from "./placing";
import { asksForRecipient, NOBODY, RecipientForm, recipientOf } from "./recipient-form";
import { WalletCheck } from "./wallet-check";

type Line = CartContentsFragment["lines"][number];

const COLUMNS: Column<Line>[] = [
  { header: "Product", names: true, cell: ({ product }) => product.name },
  { header: "Provider", cell: ({ product }) => product.provider.displayName },
  { header: "Face value", end: true, cell: ({ faceValue }) => <Money value={faceValue} short /> },
  { header: "Quantity", end: true, cell: ({ quantity }) => quantity },
  { header: "Total", end: true, cell: ({ total }) => <Money value={total} strong /> },
];

/** The last look before an order: what, for at most how much, from which wallet. */
export function CheckoutPage() {
  const { id } = useCart();
  const { place } = useRights();
  return id && place ? <Checkout key={id} cartId={id} /> : <Redirect to="/cart" />;
}

function Checkout({ cartId }: { cartId: string }) {
  const { cart, warnings, error, read } = useCartContents();
  if (cart?.order) return <Frame>{<OrderedAlready order={cart.order} />}</Frame>;
  if (cart?.lines.length === 0) return <Redirect to="/cart" />;
  return (
    <Frame>
      {error && <ErrorNotice error={error} what="Your cart" onRetry={() => void read()} />}
      {warnings.map(({ code, lineId, message }) => (
        <Notice key={code + lineId + message} tone="warn" announce>
          {sentence(message)}
        </Notice>
      ))}
      {cart ? (
        <Confirmation cartId={cartId} cart={cart} onReread={() => void read()} />
      ) : (
        !error && (
          <Card>
            <Skeleton lines={5} label="Having prices confirmed" />
          </Card>
        )
      )}
    </Frame>
  );
}

function Confirmation({
  cartId,
  cart,
  onReread,
}: {
  cartId: string;
  cart: CartContentsFragment;
  onReread: () => void;
}) {
  const rights = useRights();
  const [, navigate] = useLocation();
  const placing = usePlacing(cartId);
  const [named, setNamed] = useState(false);
  const [typed, setTyped] = useState(NOBODY);
  const asked = asksForRecipient(placing.problems);
  const priceChanged = placing.problems.some(({ code }) => code === "PRICE_CHANGED");

  useEffect(() => {
    if (asked) setNamed(true);
  }, [asked]);

  function change(): void {
    placing.startAnew();
    navigate("/cart");
  }

  function lookAgain(): void {
    placing.dismiss();
    onReread();
  }

  return (
    <form
      className="with-aside"
      onSubmit={(event) => {
        event.preventDefault();
        void placing.place(cart, named ? recipientOf(typed) : null);
      }}
    >
      <div className="stack stack-wide">
        <Card title="What you order" flush>
          <Table
            caption="What you order"
            columns={COLUMNS}
            rows={cart.lines}
            rowKey={(line) => line.id}
          />
        </Card>
        <RecipientForm
          open={named}
          onOpen={setNamed}
          typed={typed}
          onType={setTyped}
          problems={placing.problems}
        />
        {rights.wallet && <WalletCheck totals={cart.totals} />}
      </div>
      <aside aria-label="Order">
        <Card title="To pay">
          <div className="stack stack-wide">
            <CartTotals totals={cart.totals} />
            <ProblemList
              problems={placing.problems}
              onRetry={priceChanged ? lookAgain : placing.retry}
              retryLabel={priceChanged ? "Look at the new price" : "Try again"}
              onChange={change}
              busy={placing.busy}
            />
            {placing.error && <Unanswered placing={placing} />}
            <Button
              look="primary"
              type="submit"
              wide
              busy={placing.busy}
              disabled={Boolean(placing.error?.networkError)}
            >
              {placing.busy ? "Ordering…" : `Order for ${spoken(cart)}`}
            </Button>
            <p className="small faint">
              Never more than this is paid. Trying again never orders twice.
            </p>
          </div>
        </Card>
      </aside>
    </form>
  );
}

/** No answer came: it may have been ordered, and the same request finds out. */
function Unanswered({ placing }: { placing: ReturnType<typeof usePlacing> }) {
  const { error, retry } = placing;
  if (error && !error.networkError) {
    return <ErrorNotice error={error} what="The order" onRetry={retry} />;
  }
  return (
    <Notice
      tone="warn"
      title="No answer came"
      announce
      actions={
        <Button small icon="refresh" busy={placing.busy} onClick={retry}>
          Try again
        </Button>
      }
    >
      It may have been ordered, or not. Try again: the same request finds out, and never orders
      twice.
    </Notice>
  );
}

function Frame({ children }: { children: ReactNode }) {
  return (
    <Page title="Checkout" back={{ to: "/cart", label: "Cart" }}>
      {children}
    </Page>
  );
}

function spoken(cart: CartContentsFragment): string {
  return cart.totals.map(({ price }) => formatMoney(price)).join(" + ");
}
