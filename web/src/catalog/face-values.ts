import type { DenominationPartsFragment } from "../gql/graphql";
import { compareDecimals, isDecimal, isOnStep } from "../ui/decimal";
import { formatMoney, type Amount } from "../ui/money";

/** A face value as it is about to be bought. */
export interface Chosen {
  faceValue: Amount;
  /** Of one unit, where it is known beforehand. */
  price: Amount | null;
  maxQuantity: number | null;
}

const NICE = ["100", "250", "500", "1000", "2000", "5000", "10", "25", "50"];
const SUGGESTED = 4;

export function firstOf(offered: DenominationPartsFragment): string {
  if (offered.__typename === "FixedDenominations") return offered.values[0]?.faceValue.amount ?? "";
  return suggestionsOf(offered)[0] ?? offered.min.amount;
}

export function chosenOf(offered: DenominationPartsFragment, value: string): Chosen {
  if (offered.__typename === "DenominationRange") {
    const faceValue = { amount: value, currency: offered.min.currency };
    return { faceValue, price: null, maxQuantity: offered.maxQuantity };
  }
  const found = offered.values.find(({ faceValue }) => faceValue.amount === value);
  return {
    faceValue: found?.faceValue ?? { amount: value, currency: "" },
    price: found?.price ?? null,
    maxQuantity: found?.maxQuantity ?? null,
  };
}

/** What is wrong with a face value that was typed, in words; null: nothing. */
export function faultOf(offered: DenominationPartsFragment, value: string): string | null {
  if (offered.__typename === "FixedDenominations") {
    return value ? null : "Choose a face value";
  }
  const { min, max, step } = offered;
  if (!isDecimal(value)) return "An amount, such as 500 or 12.50";
  if (compareDecimals(value, min.amount) < 0) return `At least ${formatMoney(min, true)}`;
  if (compareDecimals(value, max.amount) > 0) return `At most ${formatMoney(max, true)}`;
  if (step && !isOnStep(value, min.amount, step)) {
    return `In steps of ${step}, counted from ${formatMoney(min, true)}`;
  }
  return null;
}

/** A few round face values of a range. */
export function suggestionsOf(
  offered: Extract<DenominationPartsFragment, { __typename: "DenominationRange" }>,
): string[] {
  return NICE.filter((value) => faultOf(offered, value) === null)
    .slice(0, SUGGESTED)
    .sort(compareDecimals);
}
