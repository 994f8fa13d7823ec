import { useQuery } from "urql";
import { useSearchParams } from "wouter";

import { graphql } from "../gql";
import type { OrdersQuery } from "../gql/graphql";
import { useRefreshOnEvents } from "../session/live";
import { useRights } from "../session/session";
import { Button, ButtonLink } from "../ui/button";
import { Card } from "../ui/card";
import { EmptyState } from "../ui/empty-state";
import { ErrorNotice } from "../ui/error-notice";
import { Page, Skeleton } from "../ui/page";
import { Pager, usePage } from "../ui/pager";
import { FilterBar } from "./filter-bar";
import { countOf, everything, filterOf, readWanted, writeWanted, type Wanted } from "./filters";
import { OrderTable } from "./order-table";
import styles from "./orders-page.module.css";
import { usePollWhileCut } from "./polling";

const ordersQuery = graphql(`
  query Orders($first: Int, $after: String, $last: Int, $before: String, $filter: OrderFilter) {
    orders(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount
      nodes {
        ...OrderRow
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

const PAGE = 20;

/** The account's orders, newest first: narrowed, in pages, and refreshed as they move. */
export function OrdersPage() {
  const [params, setParams] = useSearchParams();
  const wanted = readWanted(params);
  const { page, isFirst, go } = usePage(PAGE);
  const [{ data, error, fetching, stale }, again] = useQuery({
    query: ordersQuery,
    variables: { ...page, filter: filterOf(wanted) },
  });
  const refresh = () => again({ requestPolicy: "network-only" });
  useRefreshOnEvents(refresh);
  const orders = data?.orders;
  usePollWhileCut(refresh, orders?.nodes.some((order) => !order.settled) ?? false);
  const change = (next: Wanted) => setParams(writeWanted(next));

  return (
    <Page title="Orders" lead={<Count orders={orders} fetching={fetching} />}>
      <FilterBar wanted={wanted} onChange={change} />
      {error && <ErrorNotice error={error} what="The list of orders" onRetry={refresh} />}
      {orders && orders.nodes.length === 0 && (
        <Nothing
          narrowed={countOf(wanted) > 0}
          isFirst={isFirst}
          onClear={() => change(everything())}
        />
      )}
      {orders && orders.nodes.length > 0 && (
        <div className={fetching && !stale ? styles.waiting : undefined} aria-busy={fetching}>
          <Card flush>
            <OrderTable orders={orders.nodes} />
          </Card>
          <Pager pageInfo={orders.pageInfo} go={go} what="orders" />
        </div>
      )}
      {!orders && !error && (
        <Card>
          <Skeleton lines={6} label="Reading the orders" />
        </Card>
      )}
    </Page>
  );
}

function Count({
  orders,
  fetching,
}: {
  orders: OrdersQuery["orders"] | undefined;
  fetching: boolean;
}) {
  const count = orders?.totalCount;
  const words =
    count === undefined || count === null
      ? "Newest first"
      : `${count.toLocaleString("en")} ${count === 1 ? "order" : "orders"}, newest first`;
  return <span role="status">{fetching && !orders ? "Reading the orders…" : words}</span>;
}

function Nothing({
  narrowed,
  isFirst,
  onClear,
}: {
  narrowed: boolean;
  isFirst: boolean;
  onClear: () => void;
}) {
  const rights = useRights();
  if (narrowed || !isFirst) {
    return (
      <Card>
        <EmptyState
          icon="search"
          title="No order fits"
          action={<Button onClick={onClear}>Show all orders</Button>}
        >
          A reference must be whole. Try fewer filters, or other days.
        </EmptyState>
      </Card>
    );
  }
  return (
    <Card>
      <EmptyState
        icon="receipt"
        title="No orders yet"
        action={rights.catalog && <ButtonLink to="/">Go to the catalog</ButtonLink>}
      >
        What you buy appears here, with its vouchers.
      </EmptyState>
    </Card>
  );
}
