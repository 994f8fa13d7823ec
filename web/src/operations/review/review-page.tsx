import { useRef } from "react";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";

import { graphql } from "../../gql";
import type { FulfillmentStatus } from "../../gql/graphql";
import { useRefreshOnEvents } from "../../session/live";
import { Card } from "../../ui/card";
import { EmptyState } from "../../ui/empty-state";
import { ErrorNotice } from "../../ui/error-notice";
import { FilterMenu } from "../../ui/filter-menu";
import { Page, Skeleton } from "../../ui/page";
import { Pager, usePage } from "../../ui/pager";
import { counted } from "../figures";
import { useHealth } from "../health/health";
import { useMine } from "../mine";
import { usePolling } from "../polling";
import { Segmented } from "../segmented";
import { ReviewItem } from "./review-item";
import styles from "./review.module.css";

const queueQuery = graphql(`
  query ReviewQueue(
    $filter: FulfillmentFilter
    $first: Int
    $after: String
    $last: Int
    $before: String
  ) {
    fulfillments(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      nodes {
        ...ReviewItem
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

const POLL_MS = 15_000;
const SHOWS = [
  { value: "review", label: "Needs review" },
  { value: "unknown", label: "Unknown" },
  { value: "both", label: "Both" },
] as const;
type Show = (typeof SHOWS)[number]["value"];

const STATUSES: Record<Show, FulfillmentStatus[]> = {
  review: ["NEEDS_REVIEW"],
  unknown: ["UNKNOWN"],
  both: ["NEEDS_REVIEW", "UNKNOWN"],
};

/** What no machine can decide, or has not found out yet, with its evidence. */
export function ReviewPage() {
  const filters = useFilters();
  const { providers, refresh: refreshHealth } = useHealth();
  const { page, go } = usePage(10);
  const filter = {
    status: STATUSES[filters.show],
    provider: filters.providers.length ? filters.providers : null,
  };
  const [{ data, error }, again] = useQuery({
    query: queueQuery,
    variables: { filter, ...page },
  });
  const queue = data?.fulfillments;
  const mine = useMine(queue?.nodes.map(({ order }) => order.id) ?? []);
  const count = useRef<HTMLParagraphElement>(null);
  const refresh = () => again({ requestPolicy: "network-only" });
  usePolling(refresh, POLL_MS);
  useRefreshOnEvents(refresh);

  function resolved(): void {
    refresh();
    refreshHealth();
    // The dialog gives the focus back to a button that goes with its row.
    setTimeout(() => count.current?.focus());
  }

  return (
    <Page title="Review" lead="What no machine can decide alone. Every decision is audited.">
      <div className="row row-between">
        <Segmented
          label="Show"
          segments={SHOWS}
          value={filters.show}
          onChange={(show) => filters.change({ show })}
        />
        <FilterMenu
          name="Provider"
          options={(providers ?? []).map(({ name, displayName }) => ({
            value: name,
            label: displayName,
          }))}
          values={filters.providers}
          onChange={(chosen) => filters.change({ provider: chosen.join(",") })}
        />
      </div>
      {error && <ErrorNotice error={error} what="The queue" onRetry={refresh} />}
      {queue ? (
        <>
          <p ref={count} className={`${styles.count} small faint`} role="status" tabIndex={-1}>
            {inWords(queue.totalCount ?? null)}
          </p>
          <ul className={styles.queue} aria-label="Review queue">
            {queue.nodes.map((item) => (
              <li key={item.id}>
                <ReviewItem
                  item={item}
                  mine={mine?.has(item.order.id) ?? null}
                  onResolved={resolved}
                />
              </li>
            ))}
          </ul>
          {queue.nodes.length === 0 && <NothingWaits show={filters.show} />}
          <Pager pageInfo={queue.pageInfo} go={go} what="the queue" />
        </>
      ) : (
        !error && (
          <Card>
            <Skeleton lines={5} label="Reading the queue" />
          </Card>
        )
      )}
    </Page>
  );
}

/** How many wait; null: more than are counted. */
function inWords(count: number | null): string {
  if (count === null) return "More than 10,000 fulfillments wait, newest first";
  if (count === 0) return "Nothing waits";
  return `${counted(count, "fulfillment waits", "fulfillments wait")}, newest first`;
}

function NothingWaits({ show }: { show: Show }) {
  return (
    <Card>
      <EmptyState
        icon="check"
        title={show === "unknown" ? "Every outcome is known" : "Nothing waits for a decision"}
      >
        What comes to need a person appears here by itself.
      </EmptyState>
    </Card>
  );
}

/** What is shown, as the address says; another choice begins at the first page. */
function useFilters() {
  const [params, setParams] = useSearchParams();
  const asked = params.get("show");
  return {
    show: SHOWS.find(({ value }) => value === asked)?.value ?? "review",
    providers: params.get("provider")?.split(",").filter(Boolean) ?? [],
    change: (changed: { show?: Show; provider?: string }) =>
      setParams((current) => {
        const next = new URLSearchParams(current);
        for (const place of ["after", "before"]) next.delete(place);
        for (const [name, value] of Object.entries(changed)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      }),
  };
}
