import { Link } from "wouter";

import { graphql } from "../gql";
import type { OrderRowFragment } from "../gql/graphql";
import { Badge } from "../ui/badge";
import { Instant } from "../ui/instant";
import { Money } from "../ui/money";
import { OrderStatusBadge } from "../ui/status";
import { Table, type Column } from "../ui/table";
import styles from "./orders-page.module.css";

export const OrderRow = graphql(`
  fragment OrderRow on Order {
    id
    reference
    origin
    status
    settled
    placedAt
    lines {
      id
      productName
      quantity
      delivered
    }
    totals {
      price {
        amount
        currency
      }
    }
  }
`);

type Row = OrderRowFragment;

const COLUMNS: Column<Row>[] = [
  {
    header: "Order",
    names: true,
    cell: ({ id, reference, origin }) => (
      <span className={styles.name}>
        <Link to={`/orders/${id}`} className={styles.reference}>
          {reference}
        </Link>
        {origin === "IMPORTED" && <Badge plain>Imported</Badge>}
      </span>
    ),
  },
  { header: "Products", cell: (order) => <span className={styles.products}>{names(order)}</span> },
  { header: "Placed", cell: (order) => <Instant at={order.placedAt} /> },
  {
    header: "Status",
    cell: ({ status, settled }) => <OrderStatusBadge status={status} settled={settled} />,
  },
  { header: "Delivered", end: true, cell: (order) => <Units order={order} /> },
  {
    header: "Total",
    end: true,
    cell: ({ totals }) => (
      <span className={styles.sums}>
        {totals.map(({ price }) => (
          <Money key={price.currency} value={price} />
        ))}
      </span>
    ),
  },
];

/** Orders with how they stand and what they cost, one total for each currency. */
export function OrderTable({ orders }: { orders: readonly Row[] }) {
  return (
    <div className={styles.orders}>
      <Table
        caption="Orders, newest first"
        columns={COLUMNS}
        rows={orders}
        rowKey={(order) => order.id}
      />
    </div>
  );
}

function Units({ order }: { order: Row }) {
  return (
    <span className="numeric">
      {units(order)}
      <span className={styles.narrow}> delivered</span>
    </span>
  );
}

function names({ lines }: Row): string {
  return [...new Set(lines.map((line) => line.productName))].join(", ");
}

function units({ lines }: Row): string {
  let delivered = 0;
  let quantity = 0;
  for (const line of lines) {
    delivered += line.delivered;
    quantity += line.quantity;
  }
  return `${delivered} of ${quantity}`;
}
