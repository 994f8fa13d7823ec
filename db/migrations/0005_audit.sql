-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- One chain for each account. Rows are only ever added: no role may change or delete one.
CREATE TABLE audit_heads (
    account uuid PRIMARY KEY REFERENCES accounts (id),
    sequence bigint NOT NULL,
    mac bytea NOT NULL
);
CREATE TABLE audit_events (
    account uuid NOT NULL REFERENCES accounts (id),
    sequence bigint NOT NULL,
    id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    fields text[] NOT NULL,
    purpose text,
    request_id text,
    mac bytea NOT NULL,
    PRIMARY KEY (account, sequence)
);
CREATE INDEX audit_events_subject ON audit_events (account, subject, sequence);

-- How often each order (scope: its id) and account (scope: the account) was revealed, by minute.
CREATE TABLE reveal_counts (
    account uuid NOT NULL REFERENCES accounts (id),
    scope uuid NOT NULL,
    minute timestamptz NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (account, scope, minute)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['audit_heads', 'audit_events', 'reveal_counts'] LOOP
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

GRANT SELECT, INSERT, UPDATE (sequence, mac) ON audit_heads TO vg_viewer, vg_worker;
GRANT SELECT, INSERT ON audit_events TO vg_viewer, vg_worker;
GRANT SELECT, INSERT, UPDATE (n), DELETE ON reveal_counts TO vg_viewer, vg_worker;

RESET ROLE;

-- migrate:down
