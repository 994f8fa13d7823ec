import type { FulfillmentResolution, ReviewItemFragment } from "../../gql/graphql";
import { counted } from "../figures";

/** One way to decide: what it is for, and what it does. */
export interface Resolution {
  value: FulfillmentResolution;
  label: string;
  meaning: string;
  /** What happens, said once more before it is carried out. */
  effect: (item: ReviewItemFragment) => string;
  /** It spends or gives up money, and cannot be taken back. */
  grave?: boolean;
}

export const RESOLUTIONS: readonly Resolution[] = [
  {
    value: "LINK_PROVIDER_ORDER",
    label: "Link the provider's order",
    meaning:
      "The provider has an order for it. It must have the same product, face value and number of units; what it holds is delivered and paid.",
    effect: ({ provider, reference }) =>
      `The order at ${provider.displayName} becomes that of ${reference}. Its units are delivered and paid from the money that is held.`,
  },
  {
    value: "RELEASE",
    label: "Release",
    meaning:
      "The provider has said that nothing more will come. What has not come is given up, and its money given back.",
    effect: (item) =>
      `${undecided(item) === null ? "What has not come" : capital(counted(undecided(item)!, "unit"))} of ${item.line.productName} will be given up, and the money held for it goes back to the wallet.`,
    grave: true,
  },
  {
    value: "RETRY",
    label: "Buy afresh",
    meaning:
      "The provider has nothing for it. It is sent once more, under a new reference. If the first order is there after all, it is bought twice.",
    effect: ({ total, line, provider }) =>
      `${capital(counted(total, "unit"))} of ${line.productName} will be bought at ${provider.displayName} under a new reference.`,
    grave: true,
  },
  {
    value: "DELIVER_LATE",
    label: "Deliver what came late",
    meaning:
      "Units came after they had been given up, and are locked away. They are handed over, and their price is taken from the wallet.",
    effect: ({ line }) =>
      `The late units of ${line.productName} can be opened from now on, and their price is taken from the wallet.`,
  },
  {
    value: "KEEP",
    label: "Keep as it is",
    meaning:
      "Units and money stay as they are, and the review is closed. Late units stay locked away; an order that is open at the provider is followed on.",
    effect: () => "No unit and no money moves. The review is closed.",
  },
];

/** Units that were neither delivered nor given up; null where the line has several parts. */
export function undecided({ total, delivered, line }: ReviewItemFragment): number | null {
  return line.fulfillments.length === 1 ? total - delivered - line.failed : null;
}

/** Why a decision does not fit how the fulfillment stands; null where it may. */
export function unfit(resolution: FulfillmentResolution, item: ReviewItemFragment): string | null {
  if (item.status === "UNKNOWN") {
    return resolution === "LINK_PROVIDER_ORDER"
      ? null
      : "Not while it is being found out: only an order can be linked.";
  }
  const left = undecided(item);
  if (left === null) return null;
  const given = item.total - item.delivered - left;
  switch (resolution) {
    case "RELEASE":
      return left > 0 ? null : "All its units are decided already.";
    case "RETRY":
      return item.providerOrderId || item.delivered > 0 || given > 0
        ? "The provider has an order for it."
        : null;
    case "KEEP":
      return left > 0 && !item.providerOrderId
        ? "Money is held for it, and no order is known."
        : null;
    default:
      return null;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
