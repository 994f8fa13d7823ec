/** What a client may do, by its scopes: any one of a list suffices, as in the schema. */
export interface Rights {
  catalog: boolean;
  cart: boolean;
  place: boolean;
  orders: boolean;
  import: boolean;
  reveal: boolean;
  wallet: boolean;
  audit: boolean;
  operations: boolean;
  operate: boolean;
}

export function rightsOf(scopes: readonly string[]): Rights {
  const any = (...wanted: string[]) => wanted.some((scope) => scopes.includes(scope));
  return {
    catalog: any("catalog:read", "carts:write"),
    cart: any("carts:write"),
    place: any("orders:place"),
    orders: any("orders:read", "orders:place", "orders:import", "operations:read"),
    import: any("orders:import"),
    reveal: any("vouchers:reveal"),
    wallet: any("wallet:read"),
    audit: any("audit:read"),
    operations: any("operations:read"),
    operate: any("operations:write"),
  };
}
