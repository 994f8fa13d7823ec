import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";

import { graphql } from "../../gql";
import { useRefreshOnEvents } from "../../session/live";
import { Card } from "../../ui/card";
import { EmptyState } from "../../ui/empty-state";
import { ErrorNotice } from "../../ui/error-notice";
import { Skeleton } from "../../ui/page";
import { usePolling } from "../polling";
import { Segmented } from "../segmented";
import { bucketsOf, inWords, seriesOf, totalOf } from "./counts";
import { CountsTable } from "./counts-table";
import { Legend } from "./legend";
import styles from "./order-counts.module.css";
import { PERIODS, periodNamed, rangeOf, startsOf } from "./periods";

const OrderChart = lazy(() => import("./order-chart"));

const countsQuery = graphql(`
  query OrderCounts($from: DateTime!, $to: DateTime!, $by: CountInterval!) {
    orderCounts(from: $from, to: $to, by: $by) {
      start
      status
      count
    }
  }
`);

const POLL_MS = 30_000;
const VIEWS = [
  { value: "chart", label: "Chart" },
  { value: "table", label: "Table" },
] as const;

/** How many orders were placed when, and where they stand now. */
export function OrderCountsCard() {
  const [params, setParams] = useSearchParams();
  const [view, setView] = useState<"chart" | "table">("chart");
  const period = periodNamed(params.get("period"));
  const { range, refresh, data, error } = useCounts(period);
  const counts = data?.orderCounts;
  const series = useMemo(() => seriesOf(counts ?? []), [counts]);
  const buckets = useMemo(() => bucketsOf(counts ?? [], startsOf(range)), [counts, range]);
  const title = `Orders by status, last ${period.label}`;

  return (
    <Card
      title="Orders by status"
      actions={
        <>
          <Segmented
            label="Period"
            segments={PERIODS}
            value={period.value}
            onChange={(value) =>
              setParams((current) => {
                const next = new URLSearchParams(current);
                next.set("period", value);
                return next;
              })
            }
          />
          <Segmented label="Show as" segments={VIEWS} value={view} onChange={setView} />
        </>
      }
    >
      {error && <ErrorNotice error={error} what="The counts" onRetry={refresh} />}
      {counts ? (
        <div className="stack">
          <Legend series={series} buckets={buckets} />
          {view === "chart" &&
            (totalOf(buckets) === 0 ? (
              <EmptyState icon="receipt" title={`No orders in the last ${period.label}`} />
            ) : (
              <Suspense fallback={<div className={styles.canvas} />}>
                <OrderChart
                  label={`${title}. ${inWords(buckets, series)}`}
                  {...{ buckets, series, by: period.by }}
                />
              </Suspense>
            ))}
          {/* The chart's own words for screen readers are this table, whether it is shown or not. */}
          <div className={view === "table" ? styles.table : "sr-only"}>
            <CountsTable caption={title} {...{ buckets, series, by: period.by }} />
          </div>
          {period.by === "DAY" && <p className="small faint">A day begins at midnight in UTC.</p>}
        </div>
      ) : (
        !error && <Skeleton lines={6} label="Counting orders" />
      )}
    </Card>
  );
}

/** The counts of the period that ends now; asked again as time goes by and orders move. */
function useCounts(period: ReturnType<typeof periodNamed>) {
  const [now, setNow] = useState(Date.now);
  const { from, to, by } = rangeOf(period, now);
  const range = useMemo(() => ({ from, to, by }), [from, to, by]);
  const [{ data, error, stale, fetching }, again] = useQuery({
    query: countsQuery,
    variables: range,
  });
  const refresh = () => {
    setNow(Date.now());
    again({ requestPolicy: "network-only" });
  };
  usePolling(refresh, POLL_MS);
  useRefreshOnEvents(refresh);
  useEffect(() => setNow(Date.now()), [period]);
  // While another period is read, the former one's counts would stand in the wrong places.
  const known = fetching && !stale && !data ? undefined : data;
  return { range, refresh, data: known, error };
}
