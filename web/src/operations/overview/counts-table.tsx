import { useMemo } from "react";

import type { CountInterval } from "../../gql/graphql";
import { Table, type Column } from "../../ui/table";
import type { Bucket, Series } from "./counts";
import { longLabel } from "./periods";

/** The chart's numbers, newest first; hours and days without orders are left out. */
export function CountsTable({
  caption,
  buckets,
  series,
  by,
}: {
  caption: string;
  buckets: readonly Bucket[];
  series: readonly Series[];
  by: CountInterval;
}) {
  const columns = useMemo<Column<Bucket>[]>(
    () => [
      {
        header: by === "HOUR" ? "Hour" : "Day",
        names: true,
        cell: ({ start }) => longLabel(start, by),
      },
      ...series.map(({ status, label }) => ({
        header: label,
        end: true,
        cell: ({ counts }: Bucket) => counts[status] ?? 0,
      })),
      { header: "All", end: true, cell: ({ total }) => <strong>{total}</strong> },
    ],
    [series, by],
  );
  const rows = useMemo(() => buckets.filter(({ total }) => total > 0).reverse(), [buckets]);
  return (
    <Table caption={caption} columns={columns} rows={rows} rowKey={({ start }) => String(start)} />
  );
}
