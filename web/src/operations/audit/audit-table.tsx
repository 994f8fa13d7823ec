import { useMemo } from "react";

import { graphql } from "../../gql";
import type { AuditRowFragment } from "../../gql/graphql";
import { Badge, type Tone } from "../../ui/badge";
import { Instant } from "../../ui/instant";
import { Table, type Column } from "../../ui/table";
import { words } from "../../ui/words";
import { RESOLUTIONS } from "../review/resolutions";
import styles from "./audit.module.css";
import { useSubjects, type Subjects } from "./subjects";
import { SubjectLink } from "./subject-link";

export const AuditRow = graphql(`
  fragment AuditRow on AuditEvent {
    id
    sequence
    at
    actor
    action
    subject
    fields
    purpose
    requestId
  }
`);

const ACTIONS: Record<string, { text: string; tone: Tone }> = {
  VOUCHER_REVEALED: { text: "Voucher opened", tone: "accent" },
  REVEAL_DENIED: { text: "Opening denied", tone: "bad" },
  ORDER_IMPORTED: { text: "Order imported", tone: "neutral" },
  WALLET_TOPPED_UP: { text: "Wallet topped up", tone: "neutral" },
  WALLET_ADJUSTED: { text: "Wallet put right", tone: "warn" },
  PROVIDER_PAUSED: { text: "Provider paused", tone: "warn" },
  PROVIDER_RESUMED: { text: "Provider resumed", tone: "neutral" },
  FULFILLMENT_RESOLVED: { text: "Review resolved", tone: "warn" },
  CLIENT_CHANGED: { text: "Client changed", tone: "warn" },
  KEYS_CHANGED: { text: "Keys changed", tone: "warn" },
  WEBHOOK_CHANGED: { text: "Webhook changed", tone: "neutral" },
};

// The fields of a voucher and the decisions of a review, named as everywhere else.
const FIELDS: Record<string, string> = {
  pin: "PIN",
  claim_url: "link",
  reference_number: "reference number",
  ...Object.fromEntries(RESOLUTIONS.map(({ value, label }) => [value, label])),
};

/** Rows of the chain, newest first, each with what it was done to. */
export function AuditTable({ events }: { events: readonly AuditRowFragment[] }) {
  const subjects = useSubjects(events.map(({ subject }) => subject));
  const columns = useMemo(() => columnsWith(subjects), [subjects]);
  return (
    <Table
      caption="Audit events, newest first"
      columns={columns}
      rows={events}
      rowKey={({ id }) => id}
    />
  );
}

function columnsWith(subjects: Subjects): Column<AuditRowFragment>[] {
  return [
    {
      header: "Action",
      names: true,
      cell: ({ action }) => {
        const { text, tone } = ACTIONS[action] ?? { text: words(action), tone: "neutral" };
        return <Badge tone={tone}>{text}</Badge>;
      },
    },
    {
      header: "Row and time",
      cell: ({ sequence, at }) => (
        <>
          <span className="numeric">#{sequence}</span> <Instant at={at} absolute />
        </>
      ),
    },
    { header: "Who", cell: ({ actor }) => <span className={`mono ${styles.actor}`}>{actor}</span> },
    {
      header: "To what",
      cell: ({ subject }) => <SubjectLink id={subject} subject={subjects.get(subject)} />,
    },
    {
      header: "Fields",
      cell: ({ fields }) =>
        fields.length ? fields.map((field) => FIELDS[field] ?? field).join(", ") : "–",
    },
    {
      header: "Purpose",
      cell: ({ purpose }) => <span className={styles.purpose}>{purpose ?? "–"}</span>,
    },
    {
      header: "Request",
      cell: ({ requestId }) => <span className={`mono ${styles.request}`}>{requestId ?? "–"}</span>,
    },
  ];
}
