import { lazy, Suspense, useState } from "react";

import type { ProviderCardFragment } from "../../gql/graphql";
import { useRights } from "../../session/session";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { Notice } from "../../ui/notice";
import type { Sample } from "./health";
import { PauseDialog, ResumeDialog } from "./pausing";
import { ProviderBalances } from "./provider-balances";
import styles from "./provider-card.module.css";
import { ProviderFacts } from "./provider-facts";
import { providerState } from "./words";

const ProviderHistory = lazy(() => import("./provider-history"));

/** How one provider does, and the lever to stop buying there. */
export function ProviderHealthCard({
  provider,
  history,
  onChanged,
}: {
  provider: ProviderCardFragment;
  history: readonly Sample[];
  onChanged: () => void;
}) {
  const { operate } = useRights();
  const [open, setOpen] = useState(false);
  const { health, displayName } = provider;
  const state = health && providerState(health.state);
  const Lever = health?.paused ? ResumeDialog : PauseDialog;
  return (
    <Card
      title={
        <span className={styles.title}>
          {displayName}
          {state && <Badge tone={state.tone}>{state.text}</Badge>}
          {health?.paused && <Badge tone="warn">Paused</Badge>}
        </span>
      }
      actions={
        operate &&
        health && (
          <Button
            small
            aria-label={`${health.paused ? "Resume" : "Pause"} ${displayName}`}
            onClick={() => setOpen(true)}
          >
            {health.paused ? "Resume" : "Pause"}
          </Button>
        )
      }
    >
      <div className="stack">
        {health?.paused && (
          <Notice tone="warn" title="Nothing is bought here">
            What is ordered waits, with its money held. Prices and orders are still read.
          </Notice>
        )}
        {state?.meaning && <p className="small soft">{state.meaning}</p>}
        {health ? (
          <ProviderFacts name={provider.name} health={health} />
        ) : (
          <p>Its health is not known.</p>
        )}
        <Suspense fallback={<div className={styles.room} />}>
          <ProviderHistory samples={history} />
        </Suspense>
        <ProviderBalances provider={provider} />
      </div>
      {open && <Lever provider={provider} onClose={() => setOpen(false)} onChanged={onChanged} />}
    </Card>
  );
}
