import { useState } from "react";
import { Link } from "wouter";

import { graphql } from "../../gql";
import type { ReviewItemFragment } from "../../gql/graphql";
import { useRights } from "../../session/session";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card, Facts } from "../../ui/card";
import { Instant } from "../../ui/instant";
import { Money } from "../../ui/money";
import { Notice } from "../../ui/notice";
import { sentence } from "../../ui/problem-list";
import { FulfillmentStatusBadge } from "../../ui/status";
import { counted } from "../figures";
import { Attempts } from "./attempts";
import { ResolveDialog } from "./resolve-dialog";
import { undecided } from "./resolutions";
import styles from "./review.module.css";

export const ReviewParts = graphql(`
  fragment ReviewItem on Fulfillment {
    id
    status
    providerStatus
    reference
    providerOrderId
    delivered
    total
    provider {
      id
      displayName
    }
    order {
      id
      reference
      placedAt
    }
    line {
      id
      productName
      failed
      faceValue {
        amount
        currency
      }
      total {
        amount
        currency
      }
      fulfillments {
        id
      }
    }
    problem {
      code
      message
      outcome
      providerCode
    }
    charged {
      amount
      currency
    }
    attempts {
      number
      startedAt
      finishedAt
      outcome
      providerCode
    }
  }
`);

/** One fulfillment that waits: what it is, what happened, and the way to decide. */
export function ReviewItem({
  item,
  mine,
  onResolved,
}: {
  item: ReviewItemFragment;
  /** Whether its order belongs to the account that is signed in; null before that is known. */
  mine: boolean | null;
  onResolved: () => void;
}) {
  const { operate } = useRights();
  const [deciding, setDeciding] = useState(false);
  return (
    <Card
      title={
        <span className={styles.title}>
          {counted(item.total, "unit")} of {item.line.productName}
          <FulfillmentStatusBadge status={item.status} />
        </span>
      }
      actions={
        operate && (
          <Button look="primary" small onClick={() => setDeciding(true)}>
            Resolve<span className="sr-only"> {item.reference}</span>
          </Button>
        )
      }
    >
      <div className="stack">
        <Notice tone="warn" title={whatHappened(item)}>
          {item.problem && (
            <>
              {item.status === "NEEDS_REVIEW" ? "Recorded: " : "At the last try: "}
              <q>{sentence(item.problem.message)}</q>
              {item.problem.providerCode && (
                <>
                  {" "}
                  The provider's code is <code>{item.problem.providerCode}</code>.
                </>
              )}
            </>
          )}
        </Notice>
        <ItemFacts item={item} mine={mine} />
        <Attempts attempts={item.attempts ?? []} reference={item.reference} />
      </div>
      {deciding && (
        <ResolveDialog item={item} onClose={() => setDeciding(false)} onResolved={onResolved} />
      )}
    </Card>
  );
}

function ItemFacts({ item, mine }: { item: ReviewItemFragment; mine: boolean | null }) {
  const { order, line } = item;
  return (
    <Facts
      facts={[
        [
          "Order",
          mine ? <Link to={`/orders/${order.id}`}>{order.reference}</Link> : order.reference,
        ],
        ["Account", mine === null ? "–" : mine ? "Yours" : <Badge plain>Another account</Badge>],
        ["Ordered", <Instant key="at" at={order.placedAt} />],
        ["Provider", item.provider.displayName],
        [
          "Our reference there",
          <span key="ours" className="mono">
            {item.reference}
          </span>,
        ],
        [
          "Provider's order",
          item.providerOrderId ? <span className="mono">{item.providerOrderId}</span> : "Not known",
        ],
        ["Provider's word", item.providerStatus],
        ["Units", unitsOf(item)],
        ["Face value", <Money key="face" value={line.faceValue} />],
        ["Price of the line", <Money key="price" value={line.total} />],
        ["Charged by the provider", item.charged && <Money value={item.charged} />],
      ]}
    />
  );
}

function unitsOf(item: ReviewItemFragment): string {
  const left = undecided(item);
  const came = `${item.delivered} of ${item.total} delivered`;
  if (left === null) return came;
  return left > 0 ? `${came}, ${left} open` : `${came}, the rest given up`;
}

/** The one sentence that an operator needs first. */
function whatHappened(item: ReviewItemFragment): string {
  const { status, provider, attempts } = item;
  const tries = counted(attempts?.length ?? 0, "try", "tries");
  if (status === "UNKNOWN") {
    return `After ${tries} it is not known whether ${provider.displayName} has it. It is being found out.`;
  }
  if (undecided(item) === 0) {
    return `${provider.displayName} delivered after its units had been given up.`;
  }
  if (item.providerOrderId) return `${provider.displayName} has an order that does not fit ours.`;
  return `After ${tries} it cannot be found out whether ${provider.displayName} has it.`;
}
