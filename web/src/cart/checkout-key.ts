/** The idempotency key of a cart's order: made before the first try, and the same for each retry. */

const PREFIX = "vouchergraph.key.";

export function keyFor(cartId: string): string {
  const place = PREFIX + cartId;
  let key = sessionStorage.getItem(place);
  if (!key) {
    key = crypto.randomUUID();
    sessionStorage.setItem(place, key);
  }
  return key;
}

export function forgetKey(cartId: string): void {
  sessionStorage.removeItem(PREFIX + cartId);
}
