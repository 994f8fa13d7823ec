import { useCallback, useEffect, useState } from "react";
import type { CombinedError } from "urql";

import { graphql } from "../gql";
import type { CartContentsFragment, ProblemPartsFragment } from "../gql/graphql";
import { useSession } from "../session/session";
import { useCart } from "./cart-store";

export const CartContents = graphql(`
  fragment CartContents on Cart {
    ...CartSeen
    order {
      id
      reference
    }
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
      savings {
        amount
        currency
      }
    }
    lines {
      ...CartLineParts
    }
  }
`);

const cartQuery = graphql(`
  query CartContentsOf($id: ID!) {
    cart(id: $id) {
      ...CartContents
    }
  }
`);

const updateLines = graphql(`
  mutation UpdateLines($cartId: ID!, $lines: [CartLineUpdate!]!) {
    change: cartLinesUpdate(input: { cartId: $cartId, lines: $lines }) {
      cart {
        ...CartContents
      }
      problems {
        ...ProblemParts
      }
    }
  }
`);

export type Warning = CartContentsFragment["warnings"][number];

interface Seen {
  cart: CartContentsFragment | null;
  /** A warning is told once by the service, and shown until the page is left. */
  warnings: Warning[];
  problems: readonly ProblemPartsFragment[];
  error: CombinedError | null;
}

const NOTHING: Seen = { cart: null, warnings: [], problems: [], error: null };

/** What is in this tab's cart. Each reading has prices confirmed by the providers, so the cart is
 * read when a page opens and when something changes, and not through the cache.
 */
export function useCartContents() {
  const { forgetful } = useSession();
  const { id, saw, forget } = useCart();
  const [seen, setSeen] = useState<Seen>(NOTHING);
  const [reading, setReading] = useState(id !== null);
  const [changing, setChanging] = useState<readonly string[]>([]);

  const take = useCallback(
    (cart: CartContentsFragment, problems: readonly ProblemPartsFragment[] = []) => {
      saw(cart);
      setSeen((before) => ({
        cart,
        warnings: merged(before.warnings, cart),
        problems,
        error: null,
      }));
    },
    [saw],
  );

  const read = useCallback(async () => {
    if (!id) return;
    setReading(true);
    const { data, error } = await forgetful.query(cartQuery, { id }).toPromise();
    setReading(false);
    if (data?.cart) take(data.cart);
    else if (error) setSeen((before) => ({ ...before, error }));
    else forget();
  }, [forgetful, id, take, forget]);

  useEffect(() => void read(), [read]);

  async function update(lines: { id: string; quantity: number }[]): Promise<void> {
    if (!id) return;
    setChanging(lines.map((line) => line.id));
    const answer = await forgetful.mutation(updateLines, { cartId: id, lines }).toPromise();
    setChanging([]);
    const { cart, problems } = answer.data?.change ?? {};
    if (cart) take(cart, problems);
    else
      setSeen((before) => ({ ...before, problems: problems ?? [], error: answer.error ?? null }));
  }

  return { ...seen, cart: id ? seen.cart : null, reading, changing, read, update };
}

/** Both, each once, without those of lines that are gone. */
function merged(before: readonly Warning[], cart: CartContentsFragment): Warning[] {
  const all = new Map(
    [...before, ...cart.warnings].map((one) => [`${one.code} ${one.lineId} ${one.message}`, one]),
  );
  return [...all.values()].filter(
    ({ lineId }) => !lineId || cart.lines.some((line) => line.id === lineId),
  );
}
