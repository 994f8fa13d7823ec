/** How long a voucher is still valid, and what to say of it. */

export interface Validity {
  neverExpires: boolean;
  expiresAt?: string | null;
  expiresOn?: string | null;
}

export type Expiry = "never" | "ended" | "week" | "month" | "later" | "unknown";

const DAY_MS = 24 * 60 * 60 * 1000;

export function expiryOf({ neverExpires, expiresAt }: Validity, now: number): Expiry {
  if (neverExpires) return "never";
  if (!expiresAt) return "unknown";
  const left = new Date(expiresAt).getTime() - now;
  if (left < 0) return "ended";
  if (left < 7 * DAY_MS) return "week";
  return left < 30 * DAY_MS ? "month" : "later";
}

/** "Ends in 5 days"; whole days, as the service counts them. */
export function endsIn(expiresAt: string, now: number): string {
  const days = Math.floor((new Date(expiresAt).getTime() - now) / DAY_MS);
  if (days < 1) return "Ends within a day";
  return days === 1 ? "Ends in a day" : `Ends in ${days} days`;
}

/** What somebody should know of these vouchers at once; empty where there is nothing to say. */
export function expiryWarning(vouchers: readonly Validity[], now: number): string {
  const count = (wanted: Expiry) =>
    vouchers.filter((voucher) => expiryOf(voucher, now) === wanted).length;
  const ended = count("ended");
  const week = count("week");
  const month = count("month");
  const said = [
    ended && `${vouchersAre(ended, "has", "have")} expired`,
    week && `${vouchersAre(week, "ends", "end")} within 7 days`,
    month && `${vouchersAre(month, "ends", "end")} within 30 days`,
  ].filter(Boolean);
  return said.length ? `${said.join(", ")}.` : "";
}

function vouchersAre(count: number, one: string, many: string): string {
  return count === 1 ? `1 voucher ${one}` : `${count} vouchers ${many}`;
}
