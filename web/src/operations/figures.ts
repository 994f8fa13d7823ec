/** Figures for people: shares, durations and counts. */

const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en");
const seconds = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A share from 0 to 1 as "3.5%". */
export function formatShare(value: number): string {
  return share.format(value);
}

export function formatCount(value: number | string): string {
  return whole.format(value as Intl.StringNumericLiteral);
}

/** Milliseconds as "48 ms" or "1.2 s". */
export function formatMilliseconds(value: number): string {
  if (value >= 1000) return `${seconds.format(value / 1000)} s`;
  return `${value < 10 ? seconds.format(value) : Math.round(value)} ms`;
}

/** "1 unit", "2 units". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
