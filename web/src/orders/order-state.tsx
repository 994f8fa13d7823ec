import { graphql } from "../gql";
import type { OrderStateFragment } from "../gql/graphql";
import type { LiveState } from "../session/live";
import { Badge } from "../ui/badge";
import { Icon } from "../ui/icon";
import { Instant } from "../ui/instant";
import { OrderStatusBadge } from "../ui/status";
import styles from "./order-page.module.css";
import { statusMeaning } from "./words";

export const OrderStateParts = graphql(`
  fragment OrderState on Order {
    id
    reference
    origin
    status
    settled
    live
    asOf
    placedAt
  }
`);

/** Where an order stands, how certain that is, and whether what happens next arrives by itself. */
export function OrderState({ order, live }: { order: OrderStateFragment; live: LiveState }) {
  const { status, settled, origin, placedAt } = order;
  return (
    <div className={styles.state}>
      <div className={styles.badges}>
        <span role="status" aria-label="Order status">
          <OrderStatusBadge status={status} settled={settled} />
        </span>
        {origin === "IMPORTED" && <Badge plain>Imported</Badge>}
        <span className="small">
          {origin === "IMPORTED" ? "Brought in; placed " : "Placed "}
          <Instant at={placedAt} />
        </span>
      </div>
      <p>
        {statusMeaning(status)}{" "}
        {settled ? "Settled: nothing more is expected to happen." : "Not settled: more may come."}
      </p>
      {!settled && (
        <p className={styles.follow}>
          <Certainty order={order} />
        </p>
      )}
      {!settled && <Following live={live} />}
    </div>
  );
}

function Certainty({ order }: { order: OrderStateFragment }) {
  return order.live ? (
    <>
      <Icon name="check" size={15} />
      <span>
        Confirmed by the providers <Instant at={order.asOf} />
      </span>
    </>
  ) : (
    <>
      <Icon name="clock" size={15} />
      <span>
        As recorded <Instant at={order.asOf} />; not every provider was asked or answered since
      </span>
    </>
  );
}

const FOLLOWING: Record<LiveState, string> = {
  live: "Followed live: this page changes by itself",
  connecting: "Connecting, to follow it live",
  reconnecting: "Connection lost: reconnecting. Nothing is missed, and it is asked for meanwhile",
  off: "Not followed live: it is asked for every 10 seconds",
};

function Following({ live }: { live: LiveState }) {
  const cut = live === "reconnecting" || live === "off";
  return (
    <p className={cut ? `${styles.follow} ${styles.cut}` : styles.follow} role="status">
      <Icon name={cut ? "alert" : "activity"} size={15} />
      {FOLLOWING[live]}
    </p>
  );
}
