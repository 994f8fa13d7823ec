import { Link } from "wouter";

import { graphql } from "../../gql";
import type { WalletMovementFragment } from "../../gql/graphql";
import { Badge, type Tone } from "../../ui/badge";
import { Instant } from "../../ui/instant";
import { Money } from "../../ui/money";
import { Table, type Column } from "../../ui/table";
import { words } from "../../ui/words";

export const WalletMovement = graphql(`
  fragment WalletMovement on WalletEntry {
    id
    at
    kind
    amount {
      amount
      currency
    }
    balanceAfter {
      amount
      currency
    }
    heldAfter {
      amount
      currency
    }
    order {
      id
      reference
    }
  }
`);

const KINDS: Record<string, { text: string; tone: Tone }> = {
  TOP_UP: { text: "Topped up", tone: "good" },
  HOLD: { text: "Set aside for an order", tone: "accent" },
  CAPTURE: { text: "Paid for a unit", tone: "neutral" },
  RELEASE: { text: "Given back", tone: "good" },
  REFUND: { text: "Refunded", tone: "good" },
  ADJUSTMENT: { text: "Put right by an operator", tone: "warn" },
};

const COLUMNS: Column<WalletMovementFragment>[] = [
  {
    header: "What happened",
    names: true,
    cell: ({ kind }) => {
      const { text, tone } = KINDS[kind] ?? { text: words(kind), tone: "neutral" };
      return <Badge tone={tone}>{text}</Badge>;
    },
  },
  { header: "When", cell: ({ at }) => <Instant at={at} absolute /> },
  {
    header: "Order",
    cell: ({ order }) => (order ? <Link to={`/orders/${order.id}`}>{order.reference}</Link> : "–"),
  },
  { header: "Amount", end: true, cell: ({ amount }) => <Money value={amount} strong /> },
  {
    header: "Available after",
    end: true,
    cell: ({ balanceAfter }) => <Money value={balanceAfter} />,
  },
  { header: "Held after", end: true, cell: ({ heldAfter }) => <Money value={heldAfter} /> },
];

/** Every movement of money with the balance after it, newest first. */
export function Movements({ entries }: { entries: readonly WalletMovementFragment[] }) {
  return (
    <Table
      caption="Movements of money, newest first"
      columns={COLUMNS}
      rows={entries}
      rowKey={({ id }) => id}
    />
  );
}
