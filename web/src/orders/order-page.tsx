import { useState } from "react";
import { useQuery } from "urql";

import { graphql } from "../gql";
import { useRefreshOnEvents } from "../session/live";
import { useRights } from "../session/session";
import { Button, ButtonLink } from "../ui/button";
import { Card } from "../ui/card";
import { EmptyState } from "../ui/empty-state";
import { ErrorNotice } from "../ui/error-notice";
import { Notice } from "../ui/notice";
import { Page, Skeleton } from "../ui/page";
import { VouchersCard } from "../vouchers/vouchers-card";
import { CancelOrder } from "./cancel-order";
import { Fulfillments } from "./fulfillments";
import { OrderLines } from "./order-lines";
import { OrderMoney } from "./order-money";
import styles from "./order-page.module.css";
import { OrderState } from "./order-state";
import { usePollWhileCut } from "./polling";
import { ResendVouchers } from "./resend-vouchers";
import { FEW_EVENTS, MOST_EVENTS, Timeline } from "./timeline";

const orderQuery = graphql(`
  query OrderPage($id: ID!, $catalog: Boolean!, $events: Int!) {
    order(by: { id: $id }) {
      ...OrderState
      ...OrderWithVouchers
      ...CancellableOrder
      ...ResendableOrder
      ...OrderMoney
      ...OrderLines
      ...Fulfillments
      ...Timeline
    }
  }
`);

const BACK = { to: "/orders", label: "Orders" };

/** One order: how it stands, what it cost, who delivers it, its vouchers, what happened. */
export function OrderPage({ id }: { id: string }) {
  const rights = useRights();
  const [events, setEvents] = useState(FEW_EVENTS);
  const [cancelling, setCancelling] = useState(false);
  const [{ data, error, fetching }, again] = useQuery({
    query: orderQuery,
    variables: { id, catalog: rights.catalog, events },
  });
  const refresh = () => again({ requestPolicy: "network-only" });
  useRefreshOnEvents(refresh, id);
  const order = data?.order;
  const open = order ? !order.settled : false;
  const live = usePollWhileCut(refresh, open);
  const failure = error && <ErrorNotice error={error} what="This order" onRetry={refresh} />;

  if (!order) {
    return (
      <Page title="Order" back={BACK}>
        {failure ?? <Card>{fetching ? <Skeleton lines={6} /> : <Gone />}</Card>}
      </Page>
    );
  }
  return (
    <Page
      title={`Order ${order.reference}`}
      heading={
        <>
          Order <span className={styles.reference}>{order.reference}</span>
        </>
      }
      back={BACK}
      lead={<OrderState order={order} live={live} />}
      actions={
        <>
          <Button icon="refresh" onClick={refresh}>
            Refresh
          </Button>
          {rights.place && <ResendVouchers order={order} />}
          {rights.place && <CancelOrder order={order} onPending={() => setCancelling(true)} />}
        </>
      }
    >
      {failure}
      {cancelling && open && <Cancelling onClose={() => setCancelling(false)} />}
      <div className="with-aside">
        <div className="stack stack-wide">
          <VouchersCard order={order} />
          <Fulfillments order={order} />
          <OrderLines order={order} />
        </div>
        <aside className="stack stack-wide" aria-label="Money and history">
          <OrderMoney order={order} />
          <Timeline order={order} onMore={() => setEvents(MOST_EVENTS)} />
        </aside>
      </div>
    </Page>
  );
}

function Cancelling({ onClose }: { onClose: () => void }) {
  return (
    <Notice
      announce
      title="The provider was asked to cancel it"
      actions={
        <Button small onClick={onClose}>
          Understood
        </Button>
      }
    >
      It has not answered yet. The status here changes as soon as it does: to cancelled, or on to
      delivery if it was too late. You need not ask again.
    </Notice>
  );
}

function Gone() {
  return (
    <EmptyState
      icon="search"
      title="There is no such order"
      action={<ButtonLink to="/orders">Go to the orders</ButtonLink>}
    >
      The address may be mistyped, or the order is another account’s.
    </EmptyState>
  );
}
