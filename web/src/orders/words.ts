/** What the API says of an order, in sentences: how it stands, what happened, what comes next. */
import { words } from "../ui/words";

const STATUS: Record<string, string> = {
  PENDING: "No provider has begun to deliver.",
  PROCESSING: "Providers are working on it.",
  DELIVERED: "Every unit is here.",
  PARTIALLY_DELIVERED: "Some units are here.",
  FAILED: "Nothing was delivered, and nothing will be.",
  CANCELLED: "It was cancelled before anything was delivered.",
};

const EVENTS: Record<string, string> = {
  PLACED: "Placed",
  IMPORTED: "Brought in from its provider",
  STATUS_CHANGED: "Status changed",
  VOUCHERS_DELIVERED: "Vouchers arrived",
  NEEDS_REVIEW: "A person has to decide",
  RESOLVED: "A person has decided",
  CANCELLED: "Cancelled",
  REFUNDED: "Money was given back",
  RESENT: "The provider was asked to send it again",
  EXPIRING: "A voucher ends soon",
};

const REASONS: Record<string, string> = {
  DENOMINATION_NOT_OFFERED: "the provider does not sell this face value",
  OUT_OF_STOCK: "the provider has none left",
  PRICE_CHANGED: "the provider’s price went up",
  PRODUCT_UNAVAILABLE: "the provider does not sell this product now",
  PROVIDER_BALANCE_LOW: "our balance at the provider is too low",
  QUANTITY_TOO_LARGE: "the provider does not sell so many at once",
};

export function statusMeaning(status: string): string {
  return STATUS[status] ?? "";
}

export function eventWords(type: string): string {
  return EVENTS[type] ?? words(type);
}

/** Why a provider did not take it; the service's own words where its code says no more. */
export function reasonWords({ code, message }: { code: string; message: string }): string {
  return REASONS[code] ?? message;
}

/** How a provider's part stands and what comes next. What is given back was held here, which
 * nothing is for an imported order.
 */
export function partMeaning(
  status: string,
  { provider, settled, imported }: { provider: string; settled: boolean; imported: boolean },
): string {
  const back = imported ? "" : " What was held for it was given back.";
  switch (status) {
    case "READY":
      return `It waits to be sent to ${provider}, and can still be cancelled.`;
    case "SENDING":
      return `It is being sent to ${provider}.`;
    case "ACCEPTED":
      return `${provider} has it and delivers. The vouchers appear here as they come.`;
    case "PARTIALLY_FULFILLED":
      if (!settled) return `${provider} still owes the rest. It appears here as it comes.`;
      return imported
        ? "The rest does not come."
        : "The rest does not come; its price was given back.";
    case "REJECTED":
      return `${provider} did not take it.${back}`;
    case "FAILED":
      return `${provider} took it, but it failed.${back}`;
    case "UNKNOWN":
      return `It is not known yet whether ${provider} has it. That is being found out: do not order it again.`;
    case "NEEDS_REVIEW":
      return "A person of the operator has to decide about it. Do not order it again; what is held stays held until then.";
    case "CANCELLED":
      return `It was cancelled.${back}`;
    default:
      return "";
  }
}
