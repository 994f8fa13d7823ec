import {
  Bar,
  BarChart,
  CartesianGrid,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
  type TooltipContentProps,
} from "recharts";

import type { CountInterval } from "../../gql/graphql";
import type { Bucket, Series } from "./counts";
import { fillOf, Swatch } from "./legend";
import styles from "./order-counts.module.css";
import { longLabel, shortLabel } from "./periods";

interface Shown {
  buckets: readonly Bucket[];
  series: readonly Series[];
  by: CountInterval;
}

/** Orders by status, stacked for each hour or day. With the focus on it, arrow keys go through. */
export default function OrderChart({ label, buckets, series, by }: Shown & { label: string }) {
  return (
    <div className={styles.canvas}>
      <ResponsiveContainer>
        <BarChart data={[...buckets]} margin={MARGIN} barCategoryGap="18%" aria-label={label}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="start"
            tickFormatter={(start: number) => shortLabel(start, by)}
            tick={TICK}
            tickLine={false}
            axisLine={{ stroke: "var(--line-strong)" }}
            minTickGap={20}
          />
          <YAxis allowDecimals={false} width={34} tick={TICK} tickLine={false} axisLine={false} />
          <Tooltip
            isAnimationActive={false}
            cursor={{ fill: "var(--surface-hover)" }}
            content={(shown) => <Tip {...shown} series={series} by={by} />}
          />
          {series.map(({ status, label: name }) => (
            <Bar
              key={status}
              name={name}
              dataKey={(bucket: Bucket) => bucket.counts[status] ?? 0}
              stackId="orders"
              fill={fillOf(status)}
              stroke="var(--surface)"
              strokeWidth={1}
              maxBarSize={44}
              isAnimationActive={false}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

const MARGIN = { top: 8, right: 8, bottom: 0, left: 0 };
const TICK = { fill: "var(--ink-faint)", fontSize: 12 };

/** The numbers of the hour or day under the pointer. */
function Tip({
  active,
  payload,
  series,
  by,
}: Partial<TooltipContentProps> & Pick<Shown, "series" | "by">) {
  const bucket = payload?.[0]?.payload as Bucket | undefined;
  if (!active || !bucket) return null;
  return (
    <div className={styles.tip}>
      <h3>{longLabel(bucket.start, by)}</h3>
      <ul>
        {[...series].reverse().map(({ status, label }) => {
          const count = bucket.counts[status];
          if (!count) return null;
          return (
            <li key={status}>
              <Swatch status={status} />
              <span>{label}</span>
              <span>{count}</span>
            </li>
          );
        })}
        <li>
          <span>All</span>
          <span>{bucket.total}</span>
        </li>
      </ul>
    </div>
  );
}
