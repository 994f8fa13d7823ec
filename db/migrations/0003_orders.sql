-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- Foreign keys carry the account along: row-level security does not bind them, and a line must
-- never hang on another account's order.

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    account uuid NOT NULL REFERENCES accounts (id),
    reference text NOT NULL,
    origin text NOT NULL CHECK (origin IN ('PLACED', 'IMPORTED')),
    status text NOT NULL CHECK (status IN (
        'PENDING', 'PROCESSING', 'DELIVERED', 'PARTIALLY_DELIVERED', 'FAILED', 'CANCELLED')),
    settled boolean NOT NULL,
    idempotency_key text,
    placed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    last_sequence bigint NOT NULL DEFAULT 0,
    UNIQUE (id, account),
    UNIQUE (account, reference),
    UNIQUE (account, idempotency_key)
);
CREATE INDEX orders_newest ON orders (account, placed_at DESC, id DESC);

CREATE TABLE order_lines (
    id uuid PRIMARY KEY,
    account uuid NOT NULL,
    order_id uuid NOT NULL,
    position bigint NOT NULL,
    provider text NOT NULL,
    sku text,
    product_id uuid REFERENCES products (id),
    product_name text NOT NULL,
    face_value numeric NOT NULL,
    face_currency text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    fee numeric NOT NULL,
    total numeric NOT NULL,
    currency text NOT NULL,
    UNIQUE (id, order_id, account),
    UNIQUE (order_id, position),
    FOREIGN KEY (order_id, account) REFERENCES orders (id, account)
);
CREATE INDEX order_lines_product ON order_lines (product_id);

-- due_at is the queue: new work, back-off and lease at once; NULL: nothing more to do. `observed` is
-- what a read saw of the provider since the row was last settled: a hint that moves no state.
CREATE TABLE fulfillments (
    id uuid PRIMARY KEY,
    account uuid NOT NULL,
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    provider text NOT NULL,
    credential text NOT NULL,
    reference text NOT NULL,
    ours boolean NOT NULL,
    provider_order_id text,
    state text NOT NULL CHECK (state IN (
        'ready', 'sending', 'accepted', 'fulfilled', 'partially_fulfilled', 'rejected', 'failed',
        'unknown', 'needs_review', 'cancelled')),
    word text NOT NULL,
    raw_status text,
    final boolean NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    delivered bigint NOT NULL DEFAULT 0 CHECK (delivered >= 0),
    failed bigint NOT NULL DEFAULT 0 CHECK (failed >= 0),
    charged numeric,
    charged_currency text,
    problem jsonb,
    placed_at timestamptz NOT NULL,
    observed_at timestamptz NOT NULL,
    observed jsonb,
    version bigint NOT NULL DEFAULT 1,
    attempt bigint NOT NULL DEFAULT 0,
    first_sent_at timestamptz,
    due_at timestamptz,
    UNIQUE (id, line_id, order_id, account),
    UNIQUE (provider, credential, provider_order_id),
    CONSTRAINT fulfillments_units CHECK (delivered + failed <= quantity),
    CHECK ((charged IS NULL) = (charged_currency IS NULL)),
    FOREIGN KEY (line_id, order_id, account) REFERENCES order_lines (id, order_id, account)
);
CREATE INDEX fulfillments_order ON fulfillments (order_id);
CREATE INDEX fulfillments_line ON fulfillments (line_id);
-- A reference of ours names one fulfillment; those of imported orders are somebody else's choice.
CREATE UNIQUE INDEX fulfillments_own_reference ON fulfillments (reference) WHERE ours;
CREATE INDEX fulfillments_reference ON fulfillments (reference);
CREATE INDEX fulfillments_provider_order ON fulfillments (provider, provider_order_id);
CREATE INDEX fulfillments_due ON fulfillments (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX fulfillments_attention ON fulfillments (provider, state)
    WHERE state IN ('unknown', 'needs_review');

-- Other ids under which a provider knows the same order: the one an import asked by.
CREATE TABLE fulfillment_aliases (
    provider text NOT NULL,
    credential text NOT NULL,
    alias text NOT NULL,
    account uuid NOT NULL REFERENCES accounts (id),
    fulfillment_id uuid NOT NULL REFERENCES fulfillments (id),
    PRIMARY KEY (provider, credential, alias)
);
CREATE INDEX fulfillment_aliases_fulfillment ON fulfillment_aliases (fulfillment_id);
CREATE INDEX fulfillment_aliases_account ON fulfillment_aliases (account);

-- The account's order log. The number comes from the head, whose row is the last lock of a
-- transaction: numbers become visible in order and without gaps.
CREATE TABLE event_heads (
    account uuid PRIMARY KEY REFERENCES accounts (id),
    last bigint NOT NULL
);
CREATE TABLE order_events (
    account uuid NOT NULL,
    sequence bigint NOT NULL,
    id uuid NOT NULL UNIQUE,
    order_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    type text NOT NULL,
    status text NOT NULL,
    PRIMARY KEY (account, sequence),
    FOREIGN KEY (order_id, account) REFERENCES orders (id, account)
);
CREATE INDEX order_events_order ON order_events (order_id, sequence);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['orders', 'order_lines', 'fulfillments', 'fulfillment_aliases',
                                'event_heads', 'order_events'] LOOP
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

GRANT SELECT, INSERT, UPDATE (status, settled, updated_at, last_sequence)
    ON orders TO vg_viewer, vg_worker;
GRANT SELECT, INSERT ON order_lines TO vg_viewer, vg_worker;
GRANT UPDATE (quantity) ON order_lines TO vg_worker;
GRANT SELECT, INSERT, UPDATE (observed, observed_at, version, due_at)
    ON fulfillments TO vg_viewer;
GRANT SELECT, INSERT, UPDATE (provider_order_id, state, word, raw_status, final, quantity, delivered,
    failed, charged, charged_currency, problem, observed, observed_at, version, attempt,
    first_sent_at, due_at) ON fulfillments TO vg_worker;
GRANT SELECT, INSERT ON fulfillment_aliases TO vg_viewer, vg_worker;
GRANT SELECT, INSERT, UPDATE (last) ON event_heads TO vg_viewer, vg_worker;
GRANT SELECT, INSERT ON order_events TO vg_viewer, vg_worker;

RESET ROLE;

-- migrate:down
