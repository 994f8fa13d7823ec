import { Link } from "wouter";

import { useRights } from "../../session/session";
import type { Subject } from "./subjects";
import styles from "./audit.module.css";

/** What an act was done to, leading there where it has a page; else its id. */
export function SubjectLink({ id, subject }: { id: string; subject: Subject | undefined }) {
  const { operations } = useRights();
  switch (subject?.__typename) {
    case "Order":
      return <OrderLink {...subject} />;
    case "Voucher":
      return (
        <>
          Voucher of <OrderLink {...subject.order} />
        </>
      );
    case "Fulfillment":
      return (
        <>
          Part of <OrderLink {...subject.order} />
        </>
      );
    case "Provider":
      return operations ? <Link to="/operations">{subject.displayName}</Link> : subject.displayName;
    case "WalletEntry":
      return <Link to="/operations/wallet">A movement of the wallet</Link>;
    default:
      return <span className={`mono ${styles.id}`}>{id}</span>;
  }
}

function OrderLink({ id, reference }: { id: string; reference: string }) {
  return (
    <Link to={`/orders/${id}`} className={styles.name}>
      {reference}
    </Link>
  );
}
