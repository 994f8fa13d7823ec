import type { ReactNode } from "react";
import { Link } from "wouter";

import type { ProviderCardFragment } from "../../gql/graphql";
import { ErrorNotice } from "../../ui/error-notice";
import { Card } from "../../ui/card";
import { Page, Skeleton } from "../../ui/page";
import { formatCount } from "../figures";
import { useHealth } from "../health/health";
import { ProviderHealthCard } from "../health/provider-card";
import grid from "../health/provider-card.module.css";
import { OrderCountsCard } from "./order-counts-card";
import styles from "./overview-page.module.css";

/** What wants a person, how orders go, and how each provider does. */
export function OverviewPage() {
  const { providers, error, readAt, history, refresh } = useHealth();
  return (
    <Page title="Operations" lead="Orders and providers of all accounts.">
      {error && <ErrorNotice error={error} what="The health of providers" onRetry={refresh} />}
      <Summary />
      <OrderCountsCard />
      <section className="stack" aria-labelledby="providers">
        <header className="row row-between">
          <h2 id="providers">Providers</h2>
          {readAt && (
            <p className="small faint numeric">
              As of {clock.format(new Date(readAt))}, read every 10 seconds. Figures are of the last
              5 minutes.
            </p>
          )}
        </header>
        {providers ? (
          <div className={grid.grid}>
            {providers.map((provider) => (
              <ProviderHealthCard
                key={provider.id}
                provider={provider}
                history={history.get(provider.name) ?? []}
                onChanged={refresh}
              />
            ))}
          </div>
        ) : (
          !error && (
            <Card>
              <Skeleton lines={6} label="Reading how providers do" />
            </Card>
          )
        )}
      </section>
    </Page>
  );
}

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** The few numbers that say whether anything is to be done. */
function Summary() {
  const { providers } = useHealth();
  if (!providers) return null;
  const sum = (of: "needsReview" | "unknownOutcomes") =>
    providers.reduce((total, { health }) => total + (health?.[of] ?? 0), 0);
  const named = (wanted: (health: ProviderCardFragment["health"]) => boolean) =>
    providers
      .filter(({ health }) => wanted(health))
      .map(({ displayName }) => displayName)
      .join(", ");
  const review = sum("needsReview");
  const unknown = sum("unknownOutcomes");
  const well = providers.filter(({ health }) => health?.state === "HEALTHY").length;
  const paused = providers.filter(({ health }) => health?.paused).length;
  const bad = providers.some(({ health }) => health?.state === "DOWN");
  return (
    <ul className={styles.tiles} aria-label="At a glance">
      <Tile name="Needs review" value={formatCount(review)} tone={review ? "warn" : "good"}>
        {review ? <Link to="/operations/review">Decide about them</Link> : "Nothing waits for you."}
      </Tile>
      <Tile name="Outcome unknown" value={formatCount(unknown)} tone={unknown ? "warn" : "good"}>
        {unknown ? (
          <Link to="/operations/review?show=unknown">Being found out</Link>
        ) : (
          "Every outcome is known."
        )}
      </Tile>
      <Tile
        name="Healthy providers"
        value={`${well} of ${providers.length}`}
        tone={bad ? "bad" : well < providers.length ? "warn" : "good"}
      >
        {well < providers.length
          ? `Look at ${named((health) => health?.state !== "HEALTHY")}`
          : "All of them answer well."}
      </Tile>
      <Tile name="Paused providers" value={formatCount(paused)} tone={paused ? "warn" : "good"}>
        {paused ? named((health) => Boolean(health?.paused)) : "Buying is open everywhere."}
      </Tile>
    </ul>
  );
}

function Tile({
  name,
  value,
  tone,
  children,
}: {
  name: string;
  value: string;
  tone: "good" | "warn" | "bad";
  children: ReactNode;
}) {
  return (
    <li className={`${styles.tile} ${styles[tone]}`}>
      <span className={styles.name}>{name}</span>
      <span className={styles.number}>{value}</span>
      <span className={styles.meaning}>{children}</span>
    </li>
  );
}
