-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- fingerprint is that of the request that came with the idempotency key; recipient is sealed.
ALTER TABLE orders
    ADD COLUMN cart_id uuid,
    ADD COLUMN client_id uuid,
    ADD COLUMN fingerprint bytea,
    ADD COLUMN recipient bytea;
-- Writers wait for these indexes: CONCURRENTLY allows neither a transaction nor SET ROLE before it.
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX orders_cart ON orders (cart_id);
ALTER TABLE orders ADD CONSTRAINT orders_cart_fkey
    FOREIGN KEY (cart_id, account) REFERENCES carts (id, account) NOT VALID;
GRANT UPDATE (recipient) ON orders TO vg_worker;

-- total, currency: the frozen price, NULL for imported orders, which post nothing. body: the request,
-- sealed. sends: places that really went out; call_ended_at: the end of the last one, NULL while that
-- is not known; not_found_at: the first "not found" that counted since; uncertain: a place of unknown
-- outcome went out. ended_at: when it was given up; it is read on for a while.
ALTER TABLE fulfillments
    ADD COLUMN total numeric,
    ADD COLUMN currency text,
    ADD COLUMN body bytea,
    ADD COLUMN generation bigint NOT NULL DEFAULT 0,
    ADD COLUMN sends bigint NOT NULL DEFAULT 0,
    ADD COLUMN call_ended_at timestamptz,
    ADD COLUMN not_found_at timestamptz,
    ADD COLUMN uncertain boolean NOT NULL DEFAULT false,
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN evidence jsonb;
ALTER TABLE fulfillments ADD CONSTRAINT fulfillments_price
    CHECK ((total IS NULL) = (currency IS NULL) AND total >= 0) NOT VALID;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX fulfillments_id_account ON fulfillments (id, account);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX fulfillments_newest ON fulfillments (placed_at DESC, id DESC);
GRANT UPDATE (reference, body, generation, sends, call_ended_at, not_found_at, uncertain, ended_at,
    evidence) ON fulfillments TO vg_worker;

-- One row for each try at a provider. `claim` is the fulfillment's attempt counter at the time.
CREATE TABLE fulfillment_attempts (
    fulfillment_id uuid NOT NULL,
    number bigint NOT NULL,
    account uuid NOT NULL,
    claim bigint NOT NULL,
    reference text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    outcome text NOT NULL CHECK (outcome IN (
        'RUNNING', 'ACCEPTED', 'REFUSED', 'NOT_SENT', 'UNKNOWN', 'FOUND', 'NOT_FOUND')),
    provider_code text,
    PRIMARY KEY (fulfillment_id, number),
    FOREIGN KEY (fulfillment_id, account) REFERENCES fulfillments (id, account)
);
CREATE INDEX fulfillment_attempts_reference ON fulfillment_attempts (reference);
CREATE INDEX fulfillment_attempts_account ON fulfillment_attempts (account);
ALTER TABLE fulfillment_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE fulfillment_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer ON fulfillment_attempts TO vg_viewer
    USING (account = (SELECT nullif(current_setting('vg.account', true), '')::uuid));
CREATE POLICY worker ON fulfillment_attempts TO vg_worker USING (true) WITH CHECK (true);
GRANT SELECT ON fulfillment_attempts TO vg_viewer;
GRANT SELECT, INSERT, UPDATE (finished_at, outcome, provider_code)
    ON fulfillment_attempts TO vg_worker;

CREATE TABLE provider_pauses (
    provider text PRIMARY KEY,
    reason text NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, DELETE ON provider_pauses TO vg_worker;

CREATE TABLE webhook_deliveries (
    provider text NOT NULL,
    delivery text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, delivery)
);
CREATE INDEX webhook_deliveries_at ON webhook_deliveries (at);
GRANT SELECT, INSERT, DELETE ON webhook_deliveries TO vg_worker;

-- Periodic work: one row for each kind, taken by one process at a time.
CREATE TABLE jobs (
    name text PRIMARY KEY,
    due_at timestamptz NOT NULL,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    every interval NOT NULL,
    done_at timestamptz
);
GRANT SELECT, INSERT, UPDATE (due_at, lease_until, fence, every, done_at) ON jobs TO vg_worker;

-- What reconcile found and nobody has explained yet; operators alone see it.
CREATE TABLE exceptions (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    credential text NOT NULL,
    class text NOT NULL CHECK (class IN ('EXPECTED', 'MISMATCHED', 'ORPHANED', 'DUPLICATED')),
    provider_order_id text,
    reference text,
    fulfillment_id uuid,
    account uuid,
    evidence jsonb NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    closed_by text,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    CHECK (provider_order_id IS NOT NULL OR reference IS NOT NULL),
    CHECK ((fulfillment_id IS NULL) = (account IS NULL)),
    FOREIGN KEY (fulfillment_id, account) REFERENCES fulfillments (id, account)
);
CREATE UNIQUE INDEX exceptions_open ON exceptions
    (provider, credential, class, provider_order_id, reference) NULLS NOT DISTINCT
    WHERE closed_at IS NULL;
CREATE INDEX exceptions_fulfillment ON exceptions (fulfillment_id);
ALTER TABLE exceptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE exceptions FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON exceptions TO vg_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (evidence, last_seen, closed_at, closed_by) ON exceptions TO vg_worker;

RESET ROLE;

-- migrate:down
