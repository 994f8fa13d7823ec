/** Names of the API's enums for people. A value that is not known here is shown as words of its own. */
import type { Tone } from "./badge";

interface Word {
  text: string;
  tone: Tone;
  open?: boolean;
}

const ORDER_STATUS: Record<string, Word> = {
  PENDING: { text: "Pending", tone: "accent", open: true },
  PROCESSING: { text: "Processing", tone: "accent", open: true },
  DELIVERED: { text: "Delivered", tone: "good" },
  PARTIALLY_DELIVERED: { text: "Partly delivered", tone: "warn" },
  FAILED: { text: "Failed", tone: "bad" },
  CANCELLED: { text: "Cancelled", tone: "neutral" },
};

const FULFILLMENT_STATUS: Record<string, Word> = {
  READY: { text: "Ready to be sent", tone: "accent", open: true },
  SENDING: { text: "Being sent", tone: "accent", open: true },
  ACCEPTED: { text: "Accepted", tone: "accent", open: true },
  FULFILLED: { text: "Fulfilled", tone: "good" },
  PARTIALLY_FULFILLED: { text: "Partly fulfilled", tone: "warn" },
  REJECTED: { text: "Refused", tone: "bad" },
  FAILED: { text: "Failed", tone: "bad" },
  UNKNOWN: { text: "Being found out", tone: "warn", open: true },
  NEEDS_REVIEW: { text: "Needs review", tone: "warn" },
  CANCELLED: { text: "Cancelled", tone: "neutral" },
};

const VOUCHER_TYPE: Record<string, string> = {
  CODE: "Code",
  CODE_WITH_PIN: "Code and PIN",
  URL: "Link",
  URL_WITH_PIN: "Link and PIN",
};

const DELIVERY_SPEED: Record<string, string> = {
  FAST: "Usually within 5 minutes",
  STANDARD: "Usually within 10 minutes",
  SLOW: "Usually within 30 minutes, sometimes longer",
};

export function orderStatus(value: string): Word {
  return ORDER_STATUS[value] ?? { text: words(value), tone: "neutral" };
}

export function fulfillmentStatus(value: string): Word {
  return FULFILLMENT_STATUS[value] ?? { text: words(value), tone: "neutral" };
}

export function voucherType(value: string): string {
  return VOUCHER_TYPE[value] ?? words(value);
}

export function deliverySpeed(value: string): string {
  return DELIVERY_SPEED[value] ?? words(value);
}

/** SOME_VALUE as "Some value". */
export function words(value: string): string {
  const text = value.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const countries = new Intl.DisplayNames("en", { type: "region", fallback: "code" });
const currencies = new Intl.DisplayNames("en", { type: "currency", fallback: "code" });

export function countryName(code: string): string {
  return named(countries, code);
}

export function currencyName(code: string): string {
  return named(currencies, code);
}

function named(names: Intl.DisplayNames, code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
