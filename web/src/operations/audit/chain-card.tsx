import { useQuery } from "urql";

import { graphql } from "../../gql";
import type { AuditChainQuery } from "../../gql/graphql";
import { Button } from "../../ui/button";
import { Card, Facts } from "../../ui/card";
import { ErrorNotice } from "../../ui/error-notice";
import { Instant } from "../../ui/instant";
import { Notice } from "../../ui/notice";
import { Skeleton } from "../../ui/page";
import { formatCount } from "../figures";

const chainQuery = graphql(`
  query AuditChain {
    auditChain {
      length
      head
      checked
      intact
      firstBroken
      checkpointAt
    }
  }
`);

type Chain = NonNullable<AuditChainQuery["auditChain"]>;

/** Whether the account's chain holds, as it was just checked. */
export function ChainCard() {
  const [{ data, error, fetching }, again] = useQuery({
    query: chainQuery,
    requestPolicy: "network-only",
  });
  const chain = data?.auditChain;
  const check = () => again({ requestPolicy: "network-only" });
  return (
    <Card
      title="The chain"
      actions={
        <Button small icon="shield" busy={fetching} onClick={check}>
          Check again
        </Button>
      }
    >
      {error && <ErrorNotice error={error} what="The chain" onRetry={check} />}
      {chain ? (
        <div className="stack">
          {chain.intact ? <Intact chain={chain} /> : <Broken chain={chain} />}
          <Facts
            facts={[
              ["Rows", formatCount(chain.length)],
              ["Newest rows checked", formatCount(chain.checked)],
              [
                "Newest checkpoint",
                chain.checkpointAt ? <Instant at={chain.checkpointAt} /> : "None yet",
              ],
              ["Head", chain.head && <Digest key="head" value={chain.head} />],
            ]}
          />
        </div>
      ) : (
        !error && <Skeleton lines={3} label="Checking the chain" />
      )}
    </Card>
  );
}

function Intact({ chain }: { chain: Chain }) {
  const all = chain.length === String(chain.checked);
  return (
    <Notice tone="good" title="The chain is intact" announce>
      {all ? "Every row was checked" : `The newest ${formatCount(chain.checked)} rows were checked`}
      : none is missing, altered, moved or cut off.
    </Notice>
  );
}

function Broken({ chain }: { chain: Chain }) {
  const row = chain.firstBroken && formatCount(chain.firstBroken);
  return (
    <Notice
      tone="bad"
      title={row ? `The chain is broken at row ${row}` : "The chain is broken"}
      announce
    >
      <p>
        Rows of this record were altered, moved or removed. Do not trust{" "}
        {row ? `row ${row} and what follows it` : "it"}.
      </p>
      <p>
        Tell whoever answers for security now. Keep the database as it is, and have{" "}
        <code>vouchergraph audit verify</code> run against a checkpoint that lies elsewhere.
      </p>
    </Notice>
  );
}

/** The ends of a long digest; whole for whoever points at it or copies it. */
function Digest({ value }: { value: string }) {
  return (
    <span className="mono" title={value}>
      {value.slice(0, 8)}…{value.slice(-8)}
    </span>
  );
}
