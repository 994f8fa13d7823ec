/** Who signs in. Kept for this tab alone, and gone with it. */

export type Credentials =
  { kind: "key"; key: string; secret: string } | { kind: "bearer"; token: string };

const PLACE = "vouchergraph.credentials";

export function headersOf(credentials: Credentials): Record<string, string> {
  return credentials.kind === "key"
    ? { "X-API-Key": credentials.key, "X-API-Secret": credentials.secret }
    : { Authorization: `Bearer ${credentials.token}` };
}

export function keptCredentials(): Credentials | null {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Credentials | null;
  } catch {
    return null;
  }
}

export function keepCredentials(credentials: Credentials): void {
  sessionStorage.setItem(PLACE, JSON.stringify(credentials));
}

/** Forgets the credentials and everything else that this tab has kept: carts, keys. */
export function forgetTab(): void {
  sessionStorage.clear();
}
