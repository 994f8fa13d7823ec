import { useEffect, useRef, useState } from "react";
import type { CombinedError } from "urql";
import { useLocation } from "wouter";

import { graphql } from "../gql";
import type {
  CartContentsFragment,
  OrderPlaceInput,
  ProblemPartsFragment,
  RecipientInput,
} from "../gql/graphql";
import { useSession } from "../session/session";
import { useCart } from "./cart-store";
import { forgetKey, keyFor } from "./checkout-key";

const placeOrder = graphql(`
  mutation PlaceOrder($input: OrderPlaceInput!) {
    orderPlace(input: $input) {
      order {
        id
        reference
      }
      replayed
      problems {
        ...ProblemParts
      }
    }
  }
`);

/** Orders a cart: exactly once, however often it is tried. */
export function usePlacing(cartId: string) {
  const { forgetful } = useSession();
  const { forget } = useCart();
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<readonly ProblemPartsFragment[]>([]);
  const [error, setError] = useState<CombinedError | null>(null);
  // What was sent and not answered: a retry repeats it to the letter, as its key demands.
  const unanswered = useRef<OrderPlaceInput | null>(null);

  useEffect(() => {
    keyFor(cartId);
  }, [cartId]);

  async function send(input: OrderPlaceInput): Promise<void> {
    unanswered.current = input;
    setBusy(true);
    setProblems([]);
    setError(null);
    const answer = await forgetful.mutation(placeOrder, { input }).toPromise();
    setBusy(false);
    const { order, problems: found = [] } = answer.data?.orderPlace ?? {};
    if (order) {
      navigate(`/orders/${order.id}`);
      forgetKey(cartId);
      forget();
      return;
    }
    if (found.length > 0 && !found.some(repeatable)) unanswered.current = null;
    setProblems(found);
    setError(answer.error ?? null);
  }

  function dismiss(): void {
    unanswered.current = null;
    setProblems([]);
    setError(null);
  }

  return {
    busy,
    problems,
    error,
    /** Orders what is shown, for at most the totals that are shown. */
    place: (cart: CartContentsFragment, recipient: RecipientInput | null) =>
      send({
        cartId,
        idempotencyKey: keyFor(cartId),
        maxTotals: cart.totals.map(({ price: { amount, currency } }) => ({ amount, currency })),
        recipient,
      }),
    retry: () => unanswered.current && void send(unanswered.current),
    /** Back to before the first try; the key stays, as nothing was ordered with it. */
    dismiss,
    /** A new key for what is ordered otherwise. */
    startAnew: () => {
      forgetKey(cartId);
      keyFor(cartId);
      dismiss();
    },
  };
}

function repeatable({ retry }: ProblemPartsFragment): boolean {
  return retry === "SAME_KEY" || retry === "AFTER";
}
