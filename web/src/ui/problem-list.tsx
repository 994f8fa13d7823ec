import { useEffect, useState } from "react";

import { graphql } from "../gql";
import type { ProblemPartsFragment } from "../gql/graphql";
import { Button } from "./button";
import { Notice } from "./notice";

export const ProblemParts = graphql(`
  fragment ProblemParts on Problem {
    code
    message
    path
    retry
    outcome
    retryAfterMs
  }
`);

const OUTCOMES: Record<string, string> = {
  NOT_STARTED: "Nothing was bought or changed.",
  DONE: "It was carried out.",
  UNKNOWN:
    "It is not known yet whether it was carried out. We are finding out; do not order again.",
};

// What helps where repeating it does not.
const ADVICE: Record<string, string> = {
  CART_CHECKED_OUT: "Find it among your orders.",
  DENOMINATION_NOT_OFFERED: "Take another face value.",
  INSUFFICIENT_FUNDS: "Have the wallet topped up, or order less.",
  OUT_OF_STOCK: "Take another product or face value.",
  PRODUCT_UNAVAILABLE: "Take another product.",
  PROVIDER_BALANCE_LOW: "Tell whoever runs Vouchergraph; it is not yours to mend.",
  QUANTITY_TOO_LARGE: "Order fewer at a time.",
  SPEND_LIMIT: "Order less, or wait until the limit is there again.",
};

interface Steps {
  /** Does the same again, with the same idempotency key where there is one. */
  onRetry?: () => void;
  /** What `onRetry` is called here, where it is not "Try again". */
  retryLabel?: string;
  /** Leads to where it can be changed, and forgets the idempotency key. */
  onChange?: () => void;
  /** What `onChange` is called here. */
  changeLabel?: string;
  busy?: boolean;
}

/** What was wrong, whether anything happened, and what to do next. */
export function ProblemList({
  problems,
  ...steps
}: { problems: readonly ProblemPartsFragment[] } & Steps) {
  return problems.map((problem, index) => (
    <ProblemNotice key={`${problem.code} ${index}`} problem={problem} {...steps} />
  ));
}

function ProblemNotice({ problem, ...steps }: { problem: ProblemPartsFragment } & Steps) {
  const unknown = problem.outcome === "UNKNOWN";
  return (
    <Notice
      tone={unknown ? "warn" : "bad"}
      title={sentence(problem.message)}
      announce
      actions={<NextStep problem={problem} {...steps} />}
    >
      {[OUTCOMES[problem.outcome], ADVICE[problem.code]].filter(Boolean).join(" ")}
    </Notice>
  );
}

function NextStep({
  problem,
  onRetry,
  retryLabel = "Try again",
  onChange,
  changeLabel = "Change and order again",
  busy,
}: { problem: ProblemPartsFragment } & Steps) {
  const wait = useCountdown(problem.retry === "AFTER" ? (problem.retryAfterMs ?? 0) : 0);
  if ((problem.retry === "SAME_KEY" || problem.retry === "AFTER") && onRetry) {
    return (
      <Button small icon="refresh" busy={busy} disabled={wait > 0} onClick={onRetry}>
        {wait > 0 ? `${retryLabel} in ${wait} s` : retryLabel}
      </Button>
    );
  }
  if (problem.retry === "NEW_KEY" && onChange) {
    return (
      <Button small onClick={onChange}>
        {changeLabel}
      </Button>
    );
  }
  return null;
}

/** The service's words as a sentence. */
export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/** Whole seconds that are left of `milliseconds`, counted from when they were given. */
function useCountdown(milliseconds: number): number {
  const [left, setLeft] = useState(milliseconds);
  useEffect(() => {
    const end = Date.now() + milliseconds;
    setLeft(milliseconds);
    const timer = setInterval(() => {
      const now = Math.max(0, end - Date.now());
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return Math.ceil(left / 1000);
}
