import type { CountInterval } from "../../gql/graphql";

const HOUR = 3_600_000;
const LENGTHS: Record<CountInterval, number> = { HOUR, DAY: 24 * HOUR };

export type PeriodName = "24h" | "7d" | "30d";

export interface Period {
  value: PeriodName;
  label: string;
  by: CountInterval;
  /** How many hours or days it has. */
  length: number;
}

export const PERIODS: readonly Period[] = [
  { value: "24h", label: "24 hours", by: "HOUR", length: 24 },
  { value: "7d", label: "7 days", by: "DAY", length: 7 },
  { value: "30d", label: "30 days", by: "DAY", length: 30 },
];

export function periodNamed(name: string | null): Period {
  return PERIODS.find(({ value }) => value === name) ?? PERIODS[1]!;
}

/** What to ask for: whole hours or days in UTC, the present one last. */
export function rangeOf({ by, length }: Period, now: number) {
  const step = LENGTHS[by];
  const end = Math.floor(now / step) * step + step;
  return {
    from: new Date(end - length * step).toISOString(),
    to: new Date(end).toISOString(),
    by,
  };
}

/** The beginning of every hour or day from `from` on, before `to`. */
export function startsOf({ from, to, by }: ReturnType<typeof rangeOf>): number[] {
  const [first, end] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: (end - first) / LENGTHS[by] }, (_, n) => first + n * LENGTHS[by]);
}

// An hour is shown as it is here; a day is one in UTC, as it is counted.
const HOURS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const WHOLE_HOURS = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const DAYS = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const WHOLE_DAYS = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

export function shortLabel(start: number, by: CountInterval): string {
  return (by === "HOUR" ? HOURS : DAYS).format(start);
}

export function longLabel(start: number, by: CountInterval): string {
  return (by === "HOUR" ? WHOLE_HOURS : WHOLE_DAYS).format(start);
}
