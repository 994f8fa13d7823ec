import type { DenominationPartsFragment } from "../gql/graphql";
import { Card, Facts } from "../ui/card";
import { compareDecimals, percentOff } from "../ui/decimal";
import { Money } from "../ui/money";
import { Table, type Column } from "../ui/table";
import { discountOf } from "./denominations";

type Fixed = Extract<DenominationPartsFragment, { __typename: "FixedDenominations" }>;
type Value = Fixed["values"][number];

const COLUMNS: Column<Value>[] = [
  {
    header: "Face value",
    names: true,
    cell: ({ faceValue }) => <Money value={faceValue} strong short />,
  },
  { header: "Price", end: true, cell: ({ price }) => <Money value={price} /> },
  { header: "Discount", end: true, cell: discount },
  {
    header: "At most per order",
    end: true,
    cell: ({ maxQuantity }) => maxQuantity ?? <span className="faint">no limit known</span>,
  },
];

/** Which face values are sold, and for how much. */
export function FaceValueTable({ offered }: { offered: DenominationPartsFragment }) {
  if (offered.__typename === "FixedDenominations") {
    return (
      <Card title="Face values" flush>
        <Table
          caption="Face values and prices"
          columns={COLUMNS}
          rows={offered.values}
          rowKey={({ faceValue }) => faceValue.amount}
        />
      </Card>
    );
  }
  const off = discountOf(offered);
  return (
    <Card title="Face values">
      <Facts
        facts={[
          ["From", <Money value={offered.min} short />],
          ["To", <Money value={offered.max} short />],
          ["In steps of", offered.step ?? "any"],
          ["Discount", compareDecimals(off, "0") > 0 ? `${off}%` : "none"],
          ["At most per order", offered.maxQuantity ?? "no limit known"],
        ]}
      />
    </Card>
  );
}

function discount({ faceValue, price }: Value) {
  if (faceValue.currency !== price.currency) return <span className="faint">–</span>;
  const off = percentOff(faceValue.amount, price.amount);
  return off === "0" ? <span className="faint">none</span> : `${off}%`;
}
