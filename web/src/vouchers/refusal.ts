import type { CombinedError } from "urql";

import { errorCode } from "../ui/error-notice";
import { sentence } from "../ui/problem-list";

export interface Refusal {
  title: string;
  text: string;
}

/** Why a voucher was not opened, and what to do: in words. */
export function explainRefusal(error: CombinedError | null): Refusal {
  if (!error) {
    return { title: "There is no such voucher any more", text: "Refresh the page." };
  }
  const first = error.graphQLErrors[0];
  switch (errorCode(error)) {
    case "RATE_LIMITED":
      return first?.path ? quotaUsedUp(first.extensions.retryAfterMs) : tooFast();
    case "FORBIDDEN":
      return {
        title: "Your key may not open vouchers",
        text: "It lacks the right vouchers:reveal. The attempt was recorded.",
      };
    case "UNSUPPORTED":
      return { title: "It cannot be opened", text: sentence(first!.message) };
    case "NOT_FOUND":
      return { title: "There is no such voucher any more", text: "Refresh the page." };
    case null:
      return {
        title: "The service does not answer",
        text: "The connection may be lost. Nothing is shown; the opening may have been recorded.",
      };
    default:
      return { title: "It was not opened", text: sentence(first?.message ?? "Try again") };
  }
}

function quotaUsedUp(retryAfterMs: unknown): Refusal {
  const minutes = Math.ceil((typeof retryAfterMs === "number" ? retryAfterMs : 3_600_000) / 60_000);
  return {
    title: "Opened too often within an hour",
    text:
      "Vouchers of one order, and of an account, can be opened only so often in an hour. Nothing " +
      `was opened. It works again in ${minutes} minutes at the latest; whoever runs Vouchergraph ` +
      "can raise the limit.",
  };
}

function tooFast(): Refusal {
  return {
    title: "Too much was asked for at once",
    text: "Nothing was opened. Wait a moment and try again.",
  };
}
