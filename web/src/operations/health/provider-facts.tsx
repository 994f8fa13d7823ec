import type { ReactNode } from "react";
import { Link } from "wouter";

import type { ProviderCardFragment } from "../../gql/graphql";
import { Instant } from "../../ui/instant";
import { formatCount, formatMilliseconds, formatShare } from "../figures";
import styles from "./provider-card.module.css";
import { circuitState } from "./words";

type Health = NonNullable<ProviderCardFragment["health"]>;

/** A provider's figures, named. */
export function ProviderFacts({ name, health }: { name: string; health: Health }) {
  const facts: [string, ReactNode][] = [
    ["Circuit breaker", circuitState(health.circuit)],
    ["Requests", formatCount(health.requests)],
    ["Error rate", health.requests ? formatShare(health.errorRate) : NOTHING],
    ["Quota left", known(health.quotaRemaining, formatCount)],
    ["Latency, p50", known(health.latencyP50Ms, formatMilliseconds)],
    ["Latency, p95", known(health.latencyP95Ms, formatMilliseconds)],
    ["Needs review", <Waiting key="review" count={health.needsReview} show="review" name={name} />],
    [
      "Outcome unknown",
      <Waiting key="unknown" count={health.unknownOutcomes} show="unknown" name={name} />,
    ],
    ["Last success", moment(health.lastSuccessAt)],
    ["Last reconciled", moment(health.lastReconciledAt)],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const NOTHING = "–";

function known(value: number | null | undefined, format: (value: number) => string): string {
  return typeof value === "number" ? format(value) : NOTHING;
}

function moment(at: string | null | undefined): ReactNode {
  return at ? <Instant at={at} /> : "Never";
}

/** How many wait, leading to them. */
function Waiting({ count, show, name }: { count: number; show: string; name: string }) {
  if (count === 0) return "None";
  return (
    <Link to={`/operations/review?show=${show}&provider=${name}`} className="strong">
      {formatCount(count)}
      <span className="sr-only"> to look at</span>
    </Link>
  );
}
