import { Link } from "wouter";

import { useRights } from "../../session/session";
import type { Subject } from "./subjects";
import styles from "./audit.module.css";

/** What an act was done to, leading there where it has a page; else its id. */
export function SubjectLink({ id, subject }: { id: string; subject: Subject | undefined }) {
  const { operations } = useRights();
  switch (subject?.__typename) {
    case "Order":
      return <Link to={`/orders/${subject.id}`}>{subject.reference}</Link>;
    case "Voucher":
      return (
        <>
          Voucher of <Link to={`/orders/${subject.order.id}`}>{subject.order.reference}</Link>
        </>
      );
    case "Fulfillment":
      return (
        <>
          Part of <Link to={`/orders/${subject.order.id}`}>{subject.order.reference}</Link>
        </>
      );
    case "Provider":
      return operations ? <Link to="/operations">{subject.displayName}</Link> : subject.displayName;
    default:
      return <span className={`mono ${styles.id}`}>{id}</span>;
  }
}
