/** Decimals as strings, compared and stepped without ever becoming a float. */

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** Whether it is a plain decimal such as "1234.50". */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/** Negative, zero or positive, as `a` is less than, equal to or greater than `b`. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = aligned(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether `value` is `start` and a whole number of steps. */
export function isOnStep(value: string, start: string, step: string): boolean {
  const [at, from, distance] = aligned(value, start, step);
  return distance === 0n || (at! - from!) % distance! === 0n;
}

/** `value` x `factor`, exact. */
export function timesWhole(value: string, factor: number): string {
  const scale = digits(value);
  return unscaled(scaled(value, scale) * BigInt(factor), scale);
}

/** The percentage by which `price` is below `face`, to one decimal and rounded down; "0" if it is not. */
export function percentOff(face: string, price: string): string {
  const [whole, paid] = aligned(face, price);
  if (whole <= 0n || paid >= whole) return "0";
  const tenths = ((whole - paid) * 1000n) / whole;
  return tenths % 10n ? `${tenths / 10n}.${tenths % 10n}` : `${tenths / 10n}`;
}

/** Every value brought to the same number of decimals. */
function aligned(...values: string[]): bigint[] & [bigint, bigint] {
  const scale = Math.max(...values.map(digits));
  return values.map((value) => scaled(value, scale)) as bigint[] & [bigint, bigint];
}

function digits(value: string): number {
  return DECIMAL.exec(value)?.[3]?.length ?? 0;
}

function scaled(value: string, scale: number): bigint {
  const found = DECIMAL.exec(value);
  if (!found) throw new RangeError("not a decimal");
  const [, sign, whole, fraction = ""] = found;
  return BigInt(`${sign}${whole}${fraction.padEnd(scale, "0")}`);
}

function unscaled(units: bigint, scale: number): string {
  const sign = units < 0n ? "-" : "";
  const text = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const whole = text.slice(0, text.length - scale);
  return scale ? `${sign}${whole}.${text.slice(text.length - scale)}` : sign + whole;
}
