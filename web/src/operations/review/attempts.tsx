import type { ReviewItemFragment } from "../../gql/graphql";
import { Badge, type Tone } from "../../ui/badge";
import { Instant } from "../../ui/instant";
import { Table, type Column } from "../../ui/table";
import { words } from "../../ui/words";
import { formatMilliseconds } from "../figures";
import styles from "./review.module.css";

type Attempt = NonNullable<ReviewItemFragment["attempts"]>[number];

const OUTCOMES: Record<string, { text: string; tone: Tone }> = {
  RUNNING: { text: "Under way", tone: "accent" },
  ACCEPTED: { text: "Taken", tone: "good" },
  REFUSED: { text: "Refused", tone: "bad" },
  NOT_SENT: { text: "Not sent", tone: "neutral" },
  UNKNOWN: { text: "Outcome unknown", tone: "warn" },
  FOUND: { text: "Found there", tone: "good" },
  NOT_FOUND: { text: "Not found there", tone: "neutral" },
};

const COLUMNS: Column<Attempt>[] = [
  { header: "Try", names: true, cell: ({ number }) => `Try ${number}` },
  { header: "Began", cell: ({ startedAt }) => <Instant at={startedAt} absolute /> },
  {
    header: "Took",
    end: true,
    cell: ({ startedAt, finishedAt }) =>
      finishedAt ? formatMilliseconds(Date.parse(finishedAt) - Date.parse(startedAt)) : "–",
  },
  {
    header: "Outcome",
    cell: ({ outcome }) => {
      const { text, tone } = OUTCOMES[outcome] ?? { text: words(outcome), tone: "neutral" };
      return <Badge tone={tone}>{text}</Badge>;
    },
  },
  {
    header: "Provider's code",
    cell: ({ providerCode }) => (providerCode ? <code>{providerCode}</code> : "–"),
  },
];

/** Every try at the provider, newest first, behind a line that can be opened. */
export function Attempts({
  attempts,
  reference,
}: {
  attempts: readonly Attempt[];
  reference: string;
}) {
  if (attempts.length === 0)
    return <p className="small faint">No try at the provider is recorded.</p>;
  return (
    <details className={styles.attempts}>
      <summary>
        Tries at the provider ({attempts.length})<span className="sr-only"> for {reference}</span>
      </summary>
      <Table
        caption={`Tries at the provider for ${reference}, newest first`}
        columns={COLUMNS}
        rows={[...attempts].reverse()}
        rowKey={({ number }) => String(number)}
      />
    </details>
  );
}
