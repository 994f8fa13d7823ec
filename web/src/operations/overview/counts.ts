import type { OrderCountsQuery } from "../../gql/graphql";
import { orderStatus } from "../../ui/words";

/** One status as it is drawn: each has a texture of its own beside its color. */
export interface Series {
  status: string;
  label: string;
  color: string;
  texture: "solid" | "stripes" | "dots" | "lines" | "checks";
}

const LOOKS: [status: string, color: string, texture: Series["texture"]][] = [
  ["DELIVERED", "var(--chart-2)", "solid"],
  ["PARTIALLY_DELIVERED", "var(--chart-3)", "stripes"],
  ["PROCESSING", "var(--chart-1)", "solid"],
  ["PENDING", "var(--chart-1)", "dots"],
  ["CANCELLED", "var(--chart-6)", "lines"],
  ["FAILED", "var(--chart-5)", "checks"],
];

/** One hour or day: its orders by status. */
export interface Bucket {
  start: number;
  total: number;
  counts: Readonly<Record<string, number>>;
}

type Counts = NonNullable<OrderCountsQuery["orderCounts"]>;

/** Every status that is known, and those that are met besides. */
export function seriesOf(counts: Counts): Series[] {
  const known = LOOKS.map(([status, color, texture]) => ({
    status,
    label: orderStatus(status).text,
    color,
    texture,
  }));
  const others = [...new Set<string>(counts.map(({ status }) => status))].filter(
    (status) => !LOOKS.some(([one]) => one === status),
  );
  const unknown = others.map((status) => ({
    status,
    label: orderStatus(status).text,
    color: "var(--chart-4)",
    texture: "solid" as const,
  }));
  return [...known, ...unknown];
}

/** One bucket for every start, also where nothing was ordered. */
export function bucketsOf(counts: Counts, starts: readonly number[]): Bucket[] {
  const found = new Map<number, Record<string, number>>(starts.map((start) => [start, {}]));
  for (const { start, status, count } of counts) {
    const bucket = found.get(Date.parse(start));
    if (bucket) bucket[status] = (bucket[status] ?? 0) + count;
  }
  return [...found].map(([start, of]) => ({
    start,
    counts: of,
    total: Object.values(of).reduce((sum, count) => sum + count, 0),
  }));
}

export function totalOf(buckets: readonly Bucket[], status?: string): number {
  return buckets.reduce(
    (sum, { counts, total }) => sum + (status ? (counts[status] ?? 0) : total),
    0,
  );
}

/** What the chart shows, in one sentence. */
export function inWords(buckets: readonly Bucket[], series: readonly Series[]): string {
  const parts = series
    .map(({ status, label }) => [totalOf(buckets, status), label.toLowerCase()] as const)
    .filter(([count]) => count > 0)
    .map(([count, label]) => `${count} ${label}`);
  return `${totalOf(buckets)} orders${parts.length ? `: ${parts.join(", ")}` : ""}`;
}
