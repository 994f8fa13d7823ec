import { Redirect, Route, Switch } from "wouter";

import { useRights } from "../session/session";
import { Card } from "../ui/card";
import { EmptyState } from "../ui/empty-state";
import { Page } from "../ui/page";
import { AuditPage } from "./audit/audit-page";
import { HealthProvider } from "./health/health";
import { OverviewPage } from "./overview/overview-page";
import { partsFor } from "./parts";
import { ReviewPage } from "./review/review-page";
import { Tabs } from "./tabs";
import { WalletPage } from "./wallet/wallet-page";

/** How providers, orders and money are doing, in parts behind a right each. */
export default function Operations() {
  const rights = useRights();
  const parts = partsFor(rights);
  if (parts.length === 0) return <Closed />;
  return (
    <HealthProvider>
      <Tabs parts={parts} />
      <Switch>
        {rights.operations && <Route path="/operations" component={OverviewPage} />}
        {rights.operations && <Route path="/operations/review" component={ReviewPage} />}
        {rights.wallet && <Route path="/operations/wallet" component={WalletPage} />}
        {rights.audit && <Route path="/operations/audit" component={AuditPage} />}
        <Route>
          <Redirect to={parts[0]!.to} replace />
        </Route>
      </Switch>
    </HealthProvider>
  );
}

function Closed() {
  return (
    <Page title="Operations">
      <Card>
        <EmptyState icon="key" title="Your key does not open this part">
          It needs one of the rights operations:read, wallet:read and audit:read. Ask whoever runs
          Vouchergraph to grant it.
        </EmptyState>
      </Card>
    </Page>
  );
}
