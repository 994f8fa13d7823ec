import { useQuery } from "urql";

import { graphql } from "../../gql";
import { useSession } from "../../session/session";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { EmptyState } from "../../ui/empty-state";
import { ErrorNotice } from "../../ui/error-notice";
import { Page, Skeleton } from "../../ui/page";
import { Pager, usePage } from "../../ui/pager";
import { AuditTable } from "./audit-table";
import { ChainCard } from "./chain-card";

const auditQuery = graphql(`
  query Audit($first: Int, $after: String, $last: Int, $before: String) {
    auditEvents(first: $first, after: $after, last: $last, before: $before) {
      nodes {
        ...AuditRow
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

/** Who opened or did what in the account, and whether that record can be trusted. */
export function AuditPage() {
  const { viewer } = useSession();
  const { page, go } = usePage(20);
  const [{ data, error, fetching }, again] = useQuery({ query: auditQuery, variables: page });
  const events = data?.auditEvents;
  const refresh = () => again({ requestPolicy: "network-only" });
  return (
    <Page
      title="Audit"
      lead={`Who opened vouchers of ${viewer.accountName}, and what operators did.`}
    >
      <ChainCard />
      {error && <ErrorNotice error={error} what="The record" onRetry={refresh} />}
      {events ? (
        <Card
          title="Events"
          flush
          actions={
            <Button small icon="refresh" busy={fetching} onClick={refresh}>
              Refresh
            </Button>
          }
        >
          {events.nodes.length > 0 ? (
            <AuditTable events={events.nodes} />
          ) : (
            <EmptyState icon="shield" title="Nothing is recorded yet">
              Each time somebody opens a voucher, it is written here first.
            </EmptyState>
          )}
          <Pager pageInfo={events.pageInfo} go={go} what="events" />
        </Card>
      ) : (
        !error && (
          <Card>
            <Skeleton lines={6} label="Reading the record" />
          </Card>
        )
      )}
    </Page>
  );
}
