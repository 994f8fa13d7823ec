-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- moved_at orders the movements of one wallet, also when the clock is set back.
CREATE TABLE wallets (
    account uuid NOT NULL REFERENCES accounts (id),
    currency text NOT NULL,
    available numeric NOT NULL DEFAULT 0 CONSTRAINT wallets_available CHECK (available >= 0),
    held numeric NOT NULL DEFAULT 0 CONSTRAINT wallets_held CHECK (held >= 0),
    moved_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (account, currency)
);

-- One row for each movement, from the bucket `debit` to the bucket `credit`: their sum over all
-- buckets is zero by construction. Rows are only ever added: no role may change or delete one.
CREATE TABLE transfers (
    id uuid PRIMARY KEY,
    account uuid NOT NULL,
    currency text NOT NULL,
    debit text NOT NULL,
    credit text NOT NULL,
    amount numeric NOT NULL CHECK (amount > 0),
    kind text NOT NULL,
    order_id uuid,
    fulfillment_id uuid,
    units_from bigint,
    units_to bigint,
    at timestamptz NOT NULL,
    available_after numeric NOT NULL CHECK (available_after >= 0),
    held_after numeric NOT NULL CHECK (held_after >= 0),
    reason text,
    actor text,
    CONSTRAINT transfers_buckets CHECK ((kind, debit, credit) IN (
        ('TOP_UP', 'external', 'available'), ('HOLD', 'available', 'held'),
        ('CAPTURE', 'held', 'spent'), ('CAPTURE', 'available', 'spent'),
        ('RELEASE', 'held', 'available'), ('REFUND', 'spent', 'available'),
        ('ADJUSTMENT', 'external', 'available'), ('ADJUSTMENT', 'available', 'external'))),
    CONSTRAINT transfers_units CHECK (
        CASE WHEN kind IN ('TOP_UP', 'ADJUSTMENT') THEN units_from IS NULL AND units_to IS NULL
             ELSE fulfillment_id IS NOT NULL AND units_from IS NOT NULL AND units_to IS NOT NULL
                  AND 0 <= units_from AND units_from < units_to END),
    CONSTRAINT transfers_reason CHECK (
        kind <> 'ADJUSTMENT' OR (reason IS NOT NULL AND actor IS NOT NULL)),
    CHECK (fulfillment_id IS NULL OR order_id IS NOT NULL),
    CONSTRAINT transfers_once UNIQUE (fulfillment_id, kind, units_from),
    UNIQUE (account, id),
    UNIQUE (account, currency, at),
    FOREIGN KEY (account, currency) REFERENCES wallets (account, currency),
    FOREIGN KEY (order_id, account) REFERENCES orders (id, account),
    FOREIGN KEY (fulfillment_id, account) REFERENCES fulfillments (id, account)
);
CREATE INDEX transfers_newest ON transfers (account, at DESC, id DESC);
CREATE INDEX transfers_order ON transfers (order_id);

-- account is the caller's, whose key it is: an operator fills other accounts' wallets too.
CREATE TABLE topups (
    account uuid NOT NULL REFERENCES accounts (id),
    idempotency_key text NOT NULL,
    fingerprint bytea NOT NULL,
    transfer_id uuid NOT NULL REFERENCES transfers (id),
    PRIMARY KEY (account, idempotency_key)
);

-- What a client may spend. client_spend is what its accepted orders of a UTC day came to.
CREATE TABLE client_limits (
    client_id uuid NOT NULL REFERENCES api_clients (id),
    account uuid NOT NULL REFERENCES accounts (id),
    currency text NOT NULL,
    per_day numeric CHECK (per_day >= 0),
    largest_order numeric CHECK (largest_order >= 0),
    PRIMARY KEY (client_id, currency)
);
CREATE TABLE client_spend (
    client_id uuid NOT NULL REFERENCES api_clients (id),
    account uuid NOT NULL REFERENCES accounts (id),
    currency text NOT NULL,
    day date NOT NULL,
    amount numeric NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (client_id, currency, day)
);
CREATE INDEX client_limits_account ON client_limits (account);
CREATE INDEX client_spend_account ON client_spend (account);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['wallets', 'transfers', 'topups', 'client_limits',
                                'client_spend'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY viewer ON %I TO vg_viewer '
            'USING (account = (SELECT nullif(current_setting(''vg.account'', true), '''')::uuid))',
            name);
        EXECUTE format(
            'CREATE POLICY worker ON %I TO vg_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;

-- Money is moved by the worker alone; a viewer looks.
GRANT SELECT ON wallets, transfers, topups, client_limits, client_spend TO vg_viewer;
GRANT SELECT, INSERT, UPDATE (available, held, moved_at) ON wallets TO vg_worker;
GRANT SELECT, INSERT ON transfers, topups TO vg_worker;
GRANT SELECT, INSERT, UPDATE (per_day, largest_order) ON client_limits TO vg_worker;
GRANT SELECT, INSERT, UPDATE (amount) ON client_spend TO vg_worker;

RESET ROLE;

-- migrate:down
