import { graphql } from "../gql";
import type { TimelineFragment } from "../gql/graphql";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { Instant } from "../ui/instant";
import { orderStatus } from "../ui/words";
import styles from "./timeline.module.css";
import { eventWords } from "./words";

export const TimelineParts = graphql(`
  fragment Timeline on Order {
    events(last: $events) {
      nodes {
        id
        sequence
        at
        type
        status
      }
      pageInfo {
        hasPreviousPage
      }
    }
  }
`);

export const FEW_EVENTS = 12;
export const MOST_EVENTS = 100;

type Event = TimelineFragment["events"]["nodes"][number];

/** What happened to the order, newest first. */
export function Timeline({ order, onMore }: { order: TimelineFragment; onMore: () => void }) {
  const { nodes, pageInfo } = order.events;
  return (
    <Card title="What happened">
      <ol className={styles.events} aria-label="What happened, newest first">
        {nodes.toReversed().map((event) => (
          <li key={event.id} className={tone(event)}>
            <p>{words(event)}</p>
            <p className="small faint">
              <Instant at={event.at} />
            </p>
          </li>
        ))}
      </ol>
      {pageInfo.hasPreviousPage && nodes.length < MOST_EVENTS && (
        <Button small look="quiet" onClick={onMore}>
          Show earlier events
        </Button>
      )}
    </Card>
  );
}

function words({ type, status }: Event): string {
  const said = eventWords(type);
  return type === "STATUS_CHANGED" ? `${said}: ${orderStatus(status).text.toLowerCase()}` : said;
}

function tone({ type, status }: Event): string | undefined {
  if (type === "NEEDS_REVIEW" || type === "EXPIRING") return styles.warn;
  if (type === "VOUCHERS_DELIVERED") return styles.good;
  if (type !== "STATUS_CHANGED") return undefined;
  return styles[orderStatus(status).tone];
}
