import type { OrderFilter, OrderStatus } from "../gql/graphql";
import type { Option } from "../ui/field";
import { orderStatus } from "../ui/words";

/** What the address says is to be listed; days are calendar days where the reader is. */
export interface Wanted {
  reference: string;
  status: string[];
  provider: string[];
  from: string;
  to: string;
}

const STATUSES: readonly OrderStatus[] = [
  "PENDING",
  "PROCESSING",
  "DELIVERED",
  "PARTIALLY_DELIVERED",
  "FAILED",
  "CANCELLED",
];
const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;

export const statuses: readonly Option[] = STATUSES.map((value) => ({
  value,
  label: orderStatus(value).text,
}));

export function readWanted(params: URLSearchParams): Wanted {
  const list = (name: string) => params.get(name)?.split(",").filter(Boolean) ?? [];
  const day = (name: string) => {
    const text = params.get(name) ?? "";
    return startOf(text) ? text : "";
  };
  return {
    reference: params.get("reference")?.trim() ?? "",
    status: list("status").filter((status) => STATUSES.includes(status as OrderStatus)),
    provider: list("provider"),
    from: day("from"),
    to: day("to"),
  };
}

/** The address for another list: from its first page on. */
export function writeWanted(wanted: Wanted): URLSearchParams {
  const params = new URLSearchParams();
  const put = (name: string, value: string) => value && params.set(name, value);
  put("reference", wanted.reference);
  put("status", wanted.status.join(","));
  put("provider", wanted.provider.join(","));
  put("from", wanted.from);
  put("to", wanted.to);
  return params;
}

/** The service's filter. Its bounds are exclusive, the days here are whole. */
export function filterOf(wanted: Wanted): OrderFilter {
  const list = (values: string[]) => (values.length ? values : null);
  const from = startOf(wanted.from);
  const end = startOf(wanted.to, 1);
  return {
    reference: wanted.reference || null,
    status: list(wanted.status) as OrderStatus[] | null,
    provider: list(wanted.provider),
    placedAfter: from ? new Date(from.getTime() - 1).toISOString() : null,
    placedBefore: end ? end.toISOString() : null,
  };
}

/** How many filters narrow the list, the reference included. */
export function countOf(wanted: Wanted): number {
  const lists = [wanted.status, wanted.provider].filter((values) => values.length > 0).length;
  return lists + (wanted.from || wanted.to ? 1 : 0) + (wanted.reference ? 1 : 0);
}

export function everything(): Wanted {
  return readWanted(new URLSearchParams());
}

/** Today, or some days before it, as "2026-03-09". */
export function dayBefore(days: number, now = new Date()): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** When that day begins here, or the one `later` days after it; null where there is no such day. */
function startOf(day: string, later = 0): Date | null {
  const [, year, month, date] = DAY.exec(day) ?? [];
  if (!year) return null;
  const start = new Date(Number(year), Number(month) - 1, Number(date));
  if (start.getMonth() !== Number(month) - 1) return null;
  start.setDate(start.getDate() + later);
  return start;
}
