import type { ReactNode } from "react";
import { Area, AreaChart, Line, LineChart, ResponsiveContainer, XAxis, YAxis } from "recharts";

import { formatMilliseconds, formatShare } from "../figures";
import type { Sample } from "./health";
import styles from "./provider-card.module.css";

const LEAST_SHARE = 0.1;

/** Latency and errors while the page is open: two small plots, and their heights in words. */
export default function ProviderHistory({ samples }: { samples: readonly Sample[] }) {
  const data = [...samples];
  if (data.length < 2) {
    return (
      <p className={`${styles.history} ${styles.empty} small faint`}>
        Latency and errors are drawn here while this page is open.
      </p>
    );
  }
  const highest = Math.max(...data.map(({ p95 }) => p95 ?? -1));
  const worst = Math.max(...data.map(({ errorRate }) => errorRate));
  return (
    <div className={styles.history}>
      <div className={styles.plots}>
        <Plot name="Latency" highest={highest < 0 ? null : formatMilliseconds(highest)}>
          <LineChart data={data} accessibilityLayer={false} margin={MARGIN}>
            <XAxis {...TIME} />
            <YAxis hide domain={[0, "dataMax"]} />
            <Line {...LINE} dataKey="p50" stroke="var(--chart-1)" strokeDasharray="2 3" />
            <Line {...LINE} dataKey="p95" stroke="var(--chart-1)" strokeWidth={2} />
          </LineChart>
        </Plot>
        <Plot name="Error rate" highest={formatShare(worst)}>
          <AreaChart data={data} accessibilityLayer={false} margin={MARGIN}>
            <XAxis {...TIME} />
            <YAxis hide domain={[0, Math.max(LEAST_SHARE, worst)]} />
            <Area {...LINE} {...AREA} dataKey="errorRate" />
          </AreaChart>
        </Plot>
      </div>
      <p className="small faint">
        {span(data.at(-1)!.at - data[0]!.at)}. Latency: p95, p50 dashed.
      </p>
    </div>
  );
}

const MARGIN = { top: 4, right: 2, bottom: 1, left: 2 };
const TIME = { dataKey: "at", type: "number", domain: ["dataMin", "dataMax"], hide: true } as const;
const LINE = { type: "linear", dot: false, isAnimationActive: false } as const;
const AREA = {
  stroke: "var(--chart-5)",
  strokeWidth: 2,
  fill: "var(--chart-5)",
  fillOpacity: 0.16,
} as const;

function Plot({
  name,
  highest,
  children,
}: {
  name: string;
  /** The highest value; null where there is none. */
  highest: string | null;
  children: ReactNode;
}) {
  return (
    <figure>
      <figcaption>
        {name}
        {highest === null ? (
          "no requests"
        ) : (
          <span>
            at most <strong>{highest}</strong>
          </span>
        )}
      </figcaption>
      <div className={styles.canvas} aria-hidden="true">
        <ResponsiveContainer>{children}</ResponsiveContainer>
      </div>
    </figure>
  );
}

function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return "Since a moment ago";
  return minutes === 1 ? "The last minute" : `The last ${minutes} minutes`;
}
