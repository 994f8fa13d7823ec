const FINEST = 6;
const formats = new Map<string, Intl.NumberFormat>();

export interface Amount {
  amount: string;
  currency: string;
}

/** An exact amount with its currency; never through a float. `short` leaves out ".00", as for
 * what is printed on a voucher.
 */
export function formatMoney({ amount, currency }: Amount, short = false): string {
  try {
    return format(currency, amount.split(".")[1]?.length ?? 0, short).format(
      amount as Intl.StringNumericLiteral,
    );
  } catch {
    // A currency that is not three letters, or an engine that takes no strings.
    return `${amount} ${currency}`;
  }
}

/** An amount of money, with digits that align in columns. */
export function Money({
  value,
  strong,
  short,
}: {
  value: Amount;
  strong?: boolean;
  short?: boolean;
}) {
  return <span className={strong ? "numeric strong" : "numeric"}>{formatMoney(value, short)}</span>;
}

function format(currency: string, digits: number, short: boolean): Intl.NumberFormat {
  const key = `${currency} ${digits} ${short}`;
  let found = formats.get(key);
  if (!found) {
    const options: Intl.NumberFormatOptions = { style: "currency", currency };
    if (short) options.trailingZeroDisplay = "stripIfInteger";
    const usual = new Intl.NumberFormat("en", options);
    const least = usual.resolvedOptions().minimumFractionDigits ?? 0;
    const most = Math.min(digits, FINEST);
    found =
      digits <= least
        ? usual
        : new Intl.NumberFormat("en", { ...options, maximumFractionDigits: most });
    formats.set(key, found);
  }
  return found;
}
