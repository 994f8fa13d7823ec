-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- Where an account wants to be told. cursor: the last number of the order log that was turned into
-- deliveries. No event types: all of them.
CREATE TABLE webhook_endpoints (
    id uuid PRIMARY KEY,
    account uuid NOT NULL REFERENCES accounts (id),
    url text NOT NULL CHECK (url <> ''),
    events text[] NOT NULL DEFAULT '{}',
    enabled boolean NOT NULL DEFAULT true,
    disabled_reason text,
    cursor bigint NOT NULL CHECK (cursor >= 0),
    failing_since timestamptz,
    replayed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, account)
);
CREATE INDEX webhook_endpoints_account ON webhook_endpoints (account);

-- Signing secrets, sealed with the account's data key, each for its own row. Of several the newest
-- stays; the others end.
CREATE TABLE webhook_secrets (
    id uuid PRIMARY KEY,
    account uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz,
    FOREIGN KEY (endpoint_id, account) REFERENCES webhook_endpoints (id, account)
);
CREATE INDEX webhook_secrets_endpoint ON webhook_secrets (endpoint_id);
CREATE INDEX webhook_secrets_account ON webhook_secrets (account);
CREATE TRIGGER sealed_changed BEFORE INSERT OR UPDATE OF sealed ON webhook_secrets
    FOR EACH ROW EXECUTE FUNCTION sealed_written();

-- One event for one endpoint. due_at is new work, back-off and lease at once, and empty at the end;
-- attempts counts every try and fences who has it; step is the place in the schedule, and begins
-- anew with a replay.
CREATE TABLE endpoint_deliveries (
    id uuid PRIMARY KEY,
    account uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    sequence bigint NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    due_at timestamptz DEFAULT now(),
    sending boolean NOT NULL DEFAULT false,
    attempts bigint NOT NULL DEFAULT 0,
    step bigint NOT NULL DEFAULT 0,
    response_status bigint,
    duration_ms bigint,
    problem text,
    last_attempt_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (endpoint_id, sequence),
    CHECK ((state = 'pending') = (due_at IS NOT NULL)),
    FOREIGN KEY (endpoint_id, account) REFERENCES webhook_endpoints (id, account),
    FOREIGN KEY (account, sequence) REFERENCES order_events (account, sequence)
);
CREATE INDEX endpoint_deliveries_due ON endpoint_deliveries (endpoint_id, due_at)
    WHERE due_at IS NOT NULL;
CREATE INDEX endpoint_deliveries_sending ON endpoint_deliveries (endpoint_id) WHERE sending;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['webhook_endpoints', 'webhook_secrets', 'endpoint_deliveries'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY viewer ON %I TO vg_viewer '
            'USING (account = (SELECT nullif(current_setting(''vg.account'', true), '''')::uuid)) '
            'WITH CHECK (account = (SELECT nullif(current_setting(''vg.account'', true), '''')::uuid))',
            name);
        EXECUTE format(
            'CREATE POLICY worker ON %I TO vg_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;

-- Viewers read, and ask for a replay. Secrets are the worker's alone.
GRANT SELECT, UPDATE (cursor, replayed_at) ON webhook_endpoints TO vg_viewer;
GRANT SELECT, INSERT, UPDATE (enabled, disabled_reason, cursor, failing_since, replayed_at)
    ON webhook_endpoints TO vg_worker;
GRANT SELECT, INSERT, UPDATE (sealed, ends_at), DELETE ON webhook_secrets TO vg_worker;
GRANT SELECT ON endpoint_deliveries TO vg_viewer;
GRANT SELECT, INSERT, UPDATE (state, due_at, sending, attempts, step, response_status, duration_ms,
    problem, last_attempt_at), DELETE ON endpoint_deliveries TO vg_worker;

RESET ROLE;

-- migrate:down
