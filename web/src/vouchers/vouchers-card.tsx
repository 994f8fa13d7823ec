import { useEffect, useRef, useState } from "react";
import { useQuery } from "urql";

import { graphql } from "../gql";
import type { OrderWithVouchersFragment, VoucherRowFragment } from "../gql/graphql";
import { useRights } from "../session/session";
import { Card } from "../ui/card";
import { ErrorNotice } from "../ui/error-notice";
import { Notice } from "../ui/notice";
import { Skeleton } from "../ui/page";
import { Pager, usePage } from "../ui/pager";
import { expiryWarning } from "./expiry";
import { RevealDialog } from "./reveal-dialog";
import { useReveal } from "./use-reveal";
import { VoucherRow } from "./voucher-row";
import styles from "./vouchers-card.module.css";

export const OrderWithVouchers = graphql(`
  fragment OrderWithVouchers on Order {
    id
    settled
    lastSequence
  }
`);

const vouchersQuery = graphql(`
  query OrderVouchers($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    order(by: { id: $id }) {
      id
      vouchers(first: $first, after: $after, last: $last, before: $before) {
        totalCount
        nodes {
          ...VoucherRow
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
      }
    }
  }
`);

const PAGE = 20;

/** The vouchers of an order: hidden, each to be revealed on its own by who may. Asked for again
 * whenever something has happened to the order.
 */
export function VouchersCard({ order }: { order: OrderWithVouchersFragment }) {
  const { page, go } = usePage(PAGE, "vouchers-");
  const [{ data, error }, again] = useQuery({
    query: vouchersQuery,
    variables: { id: order.id, ...page },
  });
  const refresh = () => again({ requestPolicy: "network-only" });
  const seen = useRef(order.lastSequence);
  useEffect(() => {
    if (seen.current === order.lastSequence) return;
    seen.current = order.lastSequence;
    again({ requestPolicy: "network-only" });
  }, [order.lastSequence, again]);
  const vouchers = data?.order?.vouchers;
  const count = vouchers?.totalCount;
  return (
    <Card title={count ? `Vouchers (${count.toLocaleString("en")})` : "Vouchers"} flush>
      {error && (
        <div className={styles.aside}>
          <ErrorNotice error={error} what="The vouchers" onRetry={refresh} />
        </div>
      )}
      {vouchers ? (
        <>
          <VoucherList
            key={`${page.after ?? ""} ${page.before ?? ""}`}
            vouchers={vouchers.nodes}
            settled={order.settled}
          />
          <Pager pageInfo={vouchers.pageInfo} go={go} what="vouchers" />
        </>
      ) : (
        !error && (
          <div className={styles.aside}>
            <Skeleton lines={2} label="Reading the vouchers" />
          </div>
        )
      )}
    </Card>
  );
}

function VoucherList({
  vouchers,
  settled,
}: {
  vouchers: readonly VoucherRowFragment[];
  settled: boolean;
}) {
  const rights = useRights();
  const { opened, ask, open, hide } = useReveal();
  const [purpose, setPurpose] = useState("");
  const now = Date.now();
  if (vouchers.length === 0) return <None settled={settled} />;
  const warning = expiryWarning(vouchers, now);
  const nameOf = (id: string) => `Voucher ${vouchers.findIndex((one) => one.id === id) + 1}`;
  const asking = opened.phase === "asking" ? opened : null;

  return (
    <>
      <div className={styles.aside}>
        {!rights.reveal && (
          <p className="small soft">
            They stay hidden: your key lacks the right to open vouchers (vouchers:reveal).
          </p>
        )}
        {warning && <Notice tone="warn" title={warning} />}
        <p className="sr-only" role="status">
          {opened.phase === "none" && opened.said}
        </p>
      </div>
      <ul className={styles.vouchers}>
        {vouchers.map((voucher) => (
          <li key={voucher.id}>
            <VoucherRow
              voucher={voucher}
              name={nameOf(voucher.id)}
              now={now}
              openable={rights.reveal}
              {...(opened.phase === "shown" &&
                opened.voucher.id === voucher.id && { shown: opened })}
              onReveal={() => ask(voucher)}
              onHide={() => hide()}
            />
          </li>
        ))}
      </ul>
      {asking && (
        <RevealDialog
          name={nameOf(asking.voucher.id).toLowerCase()}
          busy={asking.busy}
          {...(asking.refusal && { refusal: asking.refusal })}
          usual={purpose}
          onReveal={(given) => {
            setPurpose(given);
            void open(asking.voucher, given);
          }}
          onClose={() => hide()}
        />
      )}
    </>
  );
}

function None({ settled }: { settled: boolean }) {
  return (
    <p className={`soft ${styles.none}`}>
      {settled
        ? "There are none: nothing of this order was delivered."
        : "None yet. They appear here as soon as they come."}
    </p>
  );
}
