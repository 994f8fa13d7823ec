import { graphql } from "../gql";
import type { DenominationPartsFragment } from "../gql/graphql";
import { compareDecimals, percentOff } from "../ui/decimal";
import { formatMoney } from "../ui/money";

export const DenominationParts = graphql(`
  fragment DenominationParts on Denominations {
    __typename
    ... on FixedDenominations {
      values {
        faceValue {
          amount
          currency
        }
        price {
          amount
          currency
        }
        maxQuantity
      }
    }
    ... on DenominationRange {
      min {
        amount
        currency
      }
      max {
        amount
        currency
      }
      step
      discountPercent
      maxQuantity
    }
  }
`);

/** The face values in few words: "₹100.00 to ₹5,000.00". */
export function faceValuesOf(offered: DenominationPartsFragment): string {
  if (offered.__typename === "DenominationRange") {
    return `${formatMoney(offered.min, true)} to ${formatMoney(offered.max, true)}`;
  }
  const values = offered.values.map(({ faceValue }) => formatMoney(faceValue, true));
  if (values.length <= 2) return values.join(" or ");
  return `${values[0]} to ${values.at(-1)}`;
}

/** The largest percentage off a face value, where that is in the currency of the price; "0": none. */
export function discountOf(offered: DenominationPartsFragment): string {
  if (offered.__typename === "DenominationRange") return trimmed(offered.discountPercent);
  return offered.values
    .filter(({ faceValue, price }) => faceValue.currency === price.currency)
    .map(({ faceValue, price }) => percentOff(faceValue.amount, price.amount))
    .reduce((most, next) => (compareDecimals(next, most) > 0 ? next : most), "0");
}

function trimmed(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}
