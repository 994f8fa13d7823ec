-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- order_id once it was ordered: a cart is ordered once (orders.cart_id is unique).
CREATE TABLE carts (
    id uuid PRIMARY KEY,
    account uuid NOT NULL REFERENCES accounts (id),
    order_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL,
    UNIQUE (id, account),
    FOREIGN KEY (order_id, account) REFERENCES orders (id, account)
);
CREATE INDEX carts_account ON carts (account);
CREATE INDEX carts_order ON carts (order_id);

-- fee, total and currency are the price as last shown, at quoted_at.
CREATE TABLE cart_lines (
    id uuid PRIMARY KEY,
    account uuid NOT NULL,
    cart_id uuid NOT NULL,
    position bigint NOT NULL,
    product_id uuid NOT NULL REFERENCES products (id),
    provider text NOT NULL,
    sku text NOT NULL,
    face_value numeric NOT NULL CHECK (face_value > 0),
    face_currency text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    fee numeric NOT NULL,
    total numeric NOT NULL CHECK (total >= 0),
    currency text NOT NULL,
    quoted_at timestamptz NOT NULL,
    UNIQUE (cart_id, position),
    FOREIGN KEY (cart_id, account) REFERENCES carts (id, account)
);
CREATE INDEX cart_lines_product ON cart_lines (product_id);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['carts', 'cart_lines'] LOOP
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

GRANT SELECT, INSERT, UPDATE (order_id, updated_at) ON carts TO vg_viewer;
GRANT SELECT, UPDATE (order_id, updated_at) ON carts TO vg_worker;
GRANT SELECT, INSERT, UPDATE (fee, total, currency, quoted_at), DELETE ON cart_lines TO vg_viewer;
GRANT SELECT ON cart_lines TO vg_worker;

RESET ROLE;

-- migrate:down
