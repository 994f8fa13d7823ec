import { useLocation } from "wouter";

import { graphql } from "../gql";
import type { FulfillmentsFragment } from "../gql/graphql";
import { Card, Facts } from "../ui/card";
import { Instant } from "../ui/instant";
import { ProblemList } from "../ui/problem-list";
import { FulfillmentStatusBadge } from "../ui/status";
import styles from "./fulfillments.module.css";
import { partMeaning, reasonWords } from "./words";

export const FulfillmentsParts = graphql(`
  fragment Fulfillments on Order {
    origin
    settled
    fulfillments {
      id
      status
      providerStatus
      providerOrderId
      reference
      live
      asOf
      delivered
      total
      line {
        id
        productName
        product @include(if: $catalog) {
          id
        }
      }
      provider {
        id
        displayName
      }
      problem {
        ...ProblemParts
      }
    }
  }
`);

type Part = FulfillmentsFragment["fulfillments"][number];

/** Each provider's part: how it stands, what is wrong with it, what comes next. */
export function Fulfillments({ order }: { order: FulfillmentsFragment }) {
  return (
    <Card title="At the providers">
      <ul className={styles.parts}>
        {order.fulfillments.map((part) => (
          <li key={part.id}>
            <FulfillmentPart part={part} order={order} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function FulfillmentPart({ part, order }: { part: Part; order: FulfillmentsFragment }) {
  const [, go] = useLocation();
  const { problem, provider, line } = part;
  const product = line.product;
  const meaning = partMeaning(part.status, {
    provider: provider.displayName,
    settled: order.settled,
    imported: order.origin === "IMPORTED",
  });
  return (
    <article className={styles.part} aria-label={`${provider.displayName}: ${line.productName}`}>
      <header className={styles.header}>
        <div>
          <h3>{provider.displayName}</h3>
          <p className="small soft">
            {line.productName} · {part.delivered} of {part.total} delivered
          </p>
        </div>
        <FulfillmentStatusBadge status={part.status} />
      </header>
      {meaning && <p className="soft">{meaning}</p>}
      {problem && (
        <ProblemList
          problems={[{ ...problem, message: reasonWords(problem) }]}
          changeLabel="Order it anew"
          {...(product && { onChange: () => go(`/products/${product.id}`) })}
        />
      )}
      <details className={styles.details}>
        <summary>Details for support</summary>
        <Facts
          facts={[
            ["Reference there", <span className="mono">{part.reference}</span>],
            [
              "Order there",
              part.providerOrderId && <span className="mono">{part.providerOrderId}</span>,
            ],
            [
              "Its own word",
              part.providerStatus && <span className="mono">{part.providerStatus}</span>,
            ],
            [part.live ? "Confirmed" : "Recorded", <Instant at={part.asOf} />],
          ]}
        />
      </details>
    </article>
  );
}
