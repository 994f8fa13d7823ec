import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { useQuery, type CombinedError } from "urql";

import { graphql } from "../../gql";
import type { ProviderCardFragment } from "../../gql/graphql";
import { useRights } from "../../session/session";
import { usePolling } from "../polling";

export const ProviderCard = graphql(`
  fragment ProviderCard on Provider {
    id
    name
    displayName
    capabilities
    health {
      state
      circuit
      paused
      requests
      errorRate
      latencyP50Ms
      latencyP95Ms
      unknownOutcomes
      needsReview
      quotaRemaining
      lastSuccessAt
      lastReconciledAt
    }
  }
`);

const healthQuery = graphql(`
  query ProvidersHealth {
    providers {
      ...ProviderCard
    }
  }
`);

export const POLL_MS = 10_000;
const KEPT = 360;

/** What a provider's figures were at one moment. */
export interface Sample {
  at: number;
  p50: number | null;
  p95: number | null;
  errorRate: number;
}

interface Health {
  providers: readonly ProviderCardFragment[] | null;
  error: CombinedError | null;
  /** When the providers were read last. */
  readAt: string | null;
  /** What was read while this part of the console is open, oldest first, by provider. */
  history: ReadonlyMap<string, readonly Sample[]>;
  refresh: () => void;
}

const NOTHING: ReadonlyMap<string, readonly Sample[]> = new Map();
const Context = createContext<Health>({
  providers: null,
  error: null,
  readAt: null,
  history: NOTHING,
  refresh: () => undefined,
});

/** How every provider does, asked every ten seconds; nothing for whoever may not see it. */
export function HealthProvider({ children }: { children: ReactNode }) {
  const { operations } = useRights();
  const [{ data, error }, again] = useQuery({ query: healthQuery, pause: !operations });
  const [read, setRead] = useState<{ at: string | null; history: Health["history"] }>({
    at: null,
    history: NOTHING,
  });
  const providers = data?.providers ?? null;
  const refresh = () => {
    if (operations) again({ requestPolicy: "network-only" });
  };
  usePolling(refresh, POLL_MS);

  useEffect(() => {
    if (!providers) return;
    const at = Date.now();
    setRead(({ history }) => ({
      at: new Date(at).toISOString(),
      history: extended(history, providers, at),
    }));
  }, [providers]);

  const value = useMemo(
    () => ({ providers, error: error ?? null, readAt: read.at, history: read.history, refresh }),
    // `refresh` does the same at every rendering.
    [providers, error, read],
  );
  return <Context value={value}>{children}</Context>;
}

export function useHealth(): Health {
  return useContext(Context);
}

function extended(
  history: Health["history"],
  providers: readonly ProviderCardFragment[],
  at: number,
): Health["history"] {
  return new Map(
    providers.map(({ name, health }) => {
      const before = history.get(name) ?? [];
      if (!health) return [name, before];
      const sample = {
        at,
        p50: health.latencyP50Ms ?? null,
        p95: health.latencyP95Ms ?? null,
        errorRate: health.errorRate,
      };
      return [name, [...before.slice(1 - KEPT), sample]];
    }),
  );
}
