-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- code, pin, claim_url and reference_number are sealed, each on its own; NULL: the voucher has none.
CREATE TABLE vouchers (
    id uuid PRIMARY KEY,
    account uuid NOT NULL,
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    fulfillment_id uuid NOT NULL,
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    occurrence bigint NOT NULL CHECK (occurrence >= 0),
    type text NOT NULL,
    state text NOT NULL CHECK (state IN ('ACTIVE', 'VOIDED', 'QUARANTINED')),
    face_value numeric NOT NULL,
    currency text NOT NULL,
    expires_at timestamptz,
    expires_on date,
    masked_code text NOT NULL,
    code bytea,
    pin bytea,
    claim_url bytea,
    reference_number bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (fulfillment_id, fingerprint, occurrence),
    FOREIGN KEY (fulfillment_id, line_id, order_id, account)
        REFERENCES fulfillments (id, line_id, order_id, account)
);
CREATE INDEX vouchers_order ON vouchers (order_id, id);
ALTER TABLE vouchers ENABLE ROW LEVEL SECURITY;
ALTER TABLE vouchers FORCE ROW LEVEL SECURITY;
CREATE POLICY viewer ON vouchers TO vg_viewer
    USING (account = (SELECT nullif(current_setting('vg.account', true), '')::uuid))
    WITH CHECK (account = (SELECT nullif(current_setting('vg.account', true), '')::uuid));
CREATE POLICY worker ON vouchers TO vg_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON vouchers TO vg_viewer;
GRANT SELECT, INSERT, UPDATE (state, code, pin, claim_url, reference_number) ON vouchers TO vg_worker;

RESET ROLE;

-- migrate:down
