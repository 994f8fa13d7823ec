-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- The policies of vg_viewer compare with the account of the running transaction (db/pool.py). After
-- SET LOCAL the setting stays behind as an empty string, hence the nullif.

CREATE TABLE installation (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    mode text NOT NULL CHECK (mode IN ('sandbox', 'live')),
    system_identifier bigint NOT NULL,
    timeline_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE (system_identifier, timeline_id) ON installation TO vg_worker;

CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer ON accounts TO vg_viewer
    USING (id = (SELECT nullif(current_setting('vg.account', true), '')::uuid));
CREATE POLICY worker ON accounts TO vg_worker USING (true) WITH CHECK (true);
GRANT SELECT ON accounts TO vg_viewer;
GRANT SELECT, INSERT ON accounts TO vg_worker;

-- Viewers have no right here at all: a client is looked up before its account is known.
CREATE TABLE api_clients (
    id uuid PRIMARY KEY,
    account uuid NOT NULL REFERENCES accounts (id),
    key_id text NOT NULL UNIQUE,
    name text NOT NULL CHECK (name <> ''),
    secret_mac bytea NOT NULL,
    pepper_version bigint NOT NULL,
    scopes text[] NOT NULL,
    rate_per_minute bigint CHECK (rate_per_minute > 0),
    rate_per_10_seconds bigint CHECK (rate_per_10_seconds > 0),
    cost_budget bigint CHECK (cost_budget > 0),
    reveals_per_order_hour bigint CHECK (reveals_per_order_hour > 0),
    vouchers_per_hour bigint CHECK (vouchers_per_hour > 0),
    addresses text[] NOT NULL DEFAULT '{}',
    demo boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_clients_account ON api_clients (account);
ALTER TABLE api_clients ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_clients FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON api_clients TO vg_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (secret_mac, pepper_version, revoked_at) ON api_clients TO vg_worker;

-- An account of NULL is the installation itself.
CREATE TABLE data_keys (
    id uuid PRIMARY KEY,
    account uuid REFERENCES accounts (id),
    purpose text NOT NULL CHECK (purpose IN ('data', 'audit', 'fingerprint', 'reference', 'token')),
    sealed bytea NOT NULL,
    master_version bigint NOT NULL,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX data_keys_active ON data_keys (account, purpose) NULLS NOT DISTINCT
    WHERE active;
ALTER TABLE data_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer ON data_keys TO vg_viewer
    USING (account = (SELECT nullif(current_setting('vg.account', true), '')::uuid))
    WITH CHECK (account = (SELECT nullif(current_setting('vg.account', true), '')::uuid));
CREATE POLICY worker ON data_keys TO vg_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON data_keys TO vg_viewer;
GRANT SELECT, INSERT, UPDATE (sealed, master_version, active) ON data_keys TO vg_worker;

-- One row for each login at a provider: its sealed token, and the lease of whoever renews it.
CREATE TABLE provider_tokens (
    provider text NOT NULL,
    login text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    sealed bytea,
    refused boolean NOT NULL DEFAULT false,
    fence bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, login)
);
GRANT SELECT, INSERT, UPDATE ON provider_tokens TO vg_worker;

RESET ROLE;

-- migrate:down
