import type { Rights } from "../session/rights";

export interface Part {
  to: string;
  label: string;
}

/** The parts of the operations that somebody with these rights may see. */
export function partsFor(rights: Rights): Part[] {
  const parts: (Part | false)[] = [
    rights.operations && { to: "/operations", label: "Overview" },
    rights.operations && { to: "/operations/review", label: "Review" },
    rights.wallet && { to: "/operations/wallet", label: "Wallet" },
    rights.audit && { to: "/operations/audit", label: "Audit" },
  ];
  return parts.filter((part) => part !== false);
}
