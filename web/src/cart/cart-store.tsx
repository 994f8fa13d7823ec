import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";

interface Kept {
  id: string;
  quantity: number;
}

/** This tab's cart: its id, and how many units it held when it was last seen. */
export interface CartHandle {
  id: string | null;
  quantity: number;
  /** Remembers a cart as it was just seen. */
  saw: (cart: { id: string; totalQuantity: number }) => void;
  /** Begins anew with the next thing that is added. */
  forget: () => void;
}

const PLACE = "vouchergraph.cart";
const Context = createContext<CartHandle | null>(null);

export function useCart(): CartHandle {
  const cart = useContext(Context);
  if (!cart) throw new Error("there is no cart here");
  return cart;
}

export function CartProvider({ children }: { children: ReactNode }) {
  const [kept, setKept] = useState(read);

  const saw = useCallback<CartHandle["saw"]>(({ id, totalQuantity }) => {
    setKept((before) =>
      before?.id === id && before.quantity === totalQuantity
        ? before
        : write({ id, quantity: totalQuantity }),
    );
  }, []);
  const forget = useCallback(() => setKept(write(null)), []);

  const handle = useMemo<CartHandle>(
    () => ({ id: kept?.id ?? null, quantity: kept?.quantity ?? 0, saw, forget }),
    [kept, saw, forget],
  );
  return <Context value={handle}>{children}</Context>;
}

function read(): Kept | null {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}

function write(kept: Kept | null): Kept | null {
  if (kept) sessionStorage.setItem(PLACE, JSON.stringify(kept));
  else sessionStorage.removeItem(PLACE);
  return kept;
}
