import { Link } from "wouter";

import { graphql } from "../gql";
import type { OrderLinesFragment } from "../gql/graphql";
import { Badge } from "../ui/badge";
import { Card } from "../ui/card";
import { Money } from "../ui/money";
import { Table, type Column } from "../ui/table";
import styles from "./order-lines.module.css";

export const OrderLinesParts = graphql(`
  fragment OrderLines on Order {
    settled
    lines {
      id
      productName
      product @include(if: $catalog) {
        id
      }
      quantity
      delivered
      failed
      faceValue {
        amount
        currency
      }
      fee {
        amount
        currency
      }
      total {
        amount
        currency
      }
    }
  }
`);

type Line = OrderLinesFragment["lines"][number];

/** What was bought, and how much of it is here. */
export function OrderLines({ order }: { order: OrderLinesFragment }) {
  const columns: Column<Line>[] = [
    {
      header: "Product",
      names: true,
      cell: ({ product, productName }) =>
        product ? <Link to={`/products/${product.id}`}>{productName}</Link> : productName,
    },
    { header: "Face value", end: true, cell: (line) => <Money value={line.faceValue} short /> },
    {
      header: "Units",
      end: true,
      cell: (line) => <span className="numeric">{line.quantity}</span>,
    },
    { header: "Delivered", end: true, cell: (line) => <Delivered line={line} order={order} /> },
    { header: "Fee", end: true, cell: (line) => <Money value={line.fee} /> },
    { header: "Total", end: true, cell: (line) => <Money value={line.total} /> },
  ];
  return (
    <Card title="What was bought" flush>
      <Table
        caption="Lines of this order"
        columns={columns}
        rows={order.lines}
        rowKey={(line) => line.id}
      />
    </Card>
  );
}

function Delivered({ line, order }: { line: Line; order: OrderLinesFragment }) {
  const { quantity, delivered, failed } = line;
  const coming = order.settled ? 0 : quantity - delivered - failed;
  return (
    <span className={`numeric ${styles.units}`}>
      {coming > 0 && (
        <Badge tone="accent" plain>
          {coming} to come
        </Badge>
      )}
      {failed > 0 && (
        <Badge tone="bad" plain>
          {failed} failed
        </Badge>
      )}
      {delivered}
    </span>
  );
}
