import { useState } from "react";
import { useQuery } from "urql";

import { graphql } from "../../gql";
import { useRefreshOnEvents } from "../../session/live";
import { useSession } from "../../session/session";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { EmptyState } from "../../ui/empty-state";
import { ErrorNotice } from "../../ui/error-notice";
import { Page, Skeleton } from "../../ui/page";
import { Pager, usePage } from "../../ui/pager";
import { usePolling } from "../polling";
import { Balances } from "./balances";
import { Movements } from "./movements";
import { TopUpDialog } from "./top-up-dialog";
import { keptTopUp } from "./top-up";
import { UnansweredTopUp } from "./unanswered-top-up";

const walletQuery = graphql(`
  query Wallet($first: Int, $after: String, $last: Int, $before: String) {
    wallet {
      balances {
        ...WalletBalanceParts
      }
      entries(first: $first, after: $after, last: $last, before: $before) {
        nodes {
          ...WalletMovement
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

const POLL_MS = 30_000;

/** The account's money: what is there by currency, and every movement. */
export function WalletPage() {
  const { rights, viewer } = useSession();
  const { page, go } = usePage(20);
  const [adding, setAdding] = useState(false);
  const [kept, setKept] = useState(keptTopUp);
  const [{ data, error }, again] = useQuery({ query: walletQuery, variables: page });
  const wallet = data?.wallet;
  const refresh = () => again({ requestPolicy: "network-only" });
  usePolling(refresh, POLL_MS);
  useRefreshOnEvents(refresh);

  return (
    <Page
      title="Wallet"
      lead={`The money of ${viewer.accountName}, exact and by currency.`}
      actions={
        rights.operate && (
          <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
            Top up
          </Button>
        )
      }
    >
      {rights.operate && kept && !adding && (
        <UnansweredTopUp topUp={kept} onContinue={() => setAdding(true)} />
      )}
      {error && <ErrorNotice error={error} what="The wallet" onRetry={refresh} />}
      {wallet ? (
        <>
          <Balances balances={wallet.balances} />
          <Card title="Movements" flush>
            {wallet.entries.nodes.length > 0 ? (
              <Movements entries={wallet.entries.nodes} />
            ) : (
              <EmptyState icon="wallet" title="No money has moved yet" />
            )}
            <Pager pageInfo={wallet.entries.pageInfo} go={go} what="movements" />
          </Card>
        </>
      ) : (
        !error && (
          <Card>
            <Skeleton lines={6} label="Reading the wallet" />
          </Card>
        )
      )}
      {adding && (
        <TopUpDialog
          currencies={wallet?.balances.map(({ available }) => available.currency) ?? []}
          onClose={() => {
            setAdding(false);
            setKept(keptTopUp());
          }}
          onDone={refresh}
        />
      )}
    </Page>
  );
}
