import { useState } from "react";
import type { CombinedError } from "urql";

import { graphql } from "../gql";
import type { CartLineInput, ProblemPartsFragment } from "../gql/graphql";
import { useSession } from "../session/session";
import { useCart } from "./cart-store";

export const CartSeen = graphql(`
  fragment CartSeen on Cart {
    id
    totalQuantity
    warnings {
      code
      message
      lineId
    }
  }
`);

const createCart = graphql(`
  mutation CreateCart($lines: [CartLineInput!]!) {
    change: cartCreate(input: { lines: $lines }) {
      cart {
        ...CartSeen
      }
      problems {
        ...ProblemParts
      }
    }
  }
`);

const addLines = graphql(`
  mutation AddLines($cartId: ID!, $lines: [CartLineInput!]!) {
    change: cartLinesAdd(input: { cartId: $cartId, lines: $lines }) {
      cart {
        ...CartSeen
      }
      problems {
        ...ProblemParts
      }
    }
  }
`);

export interface Added {
  done: boolean;
  error: CombinedError | null;
  problems: readonly ProblemPartsFragment[];
  warnings: readonly { code: string; message: string }[];
}

// The cart was ordered, in another tab perhaps, or is not known any more: a new one takes its place.
const ENDED: readonly string[] = ["CART_CHECKED_OUT", "NOT_FOUND"];

/** Puts a line into this tab's cart, and makes the cart where there is none. */
export function useAddToCart() {
  const { forgetful } = useSession();
  const cart = useCart();
  const [busy, setBusy] = useState(false);

  async function send(line: CartLineInput) {
    const lines = [line];
    if (cart.id) {
      const added = await forgetful.mutation(addLines, { cartId: cart.id, lines }).toPromise();
      const problem = added.data?.change?.problems[0];
      if (!problem || !ENDED.includes(problem.code) || !problem.path?.includes("cartId")) {
        return added;
      }
    }
    return forgetful.mutation(createCart, { lines }).toPromise();
  }

  async function add(line: CartLineInput): Promise<Added> {
    setBusy(true);
    const { data, error } = await send(line);
    setBusy(false);
    const seen = data?.change?.cart;
    if (seen) cart.saw(seen);
    return {
      done: Boolean(seen),
      error: error ?? null,
      problems: data?.change?.problems ?? [],
      warnings: seen?.warnings ?? [],
    };
  }

  return { add, busy };
}
