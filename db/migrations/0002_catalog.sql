-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- name_key, brand_key and category_keys are case-folded copies for sorting and matching: the order
-- must not depend on the database's locale, since page cursors hold these values.
CREATE TABLE products (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    brand text NOT NULL,
    brand_key text COLLATE "C" NOT NULL,
    description text,
    categories text[] NOT NULL,
    category_keys text[] NOT NULL,
    image_url text,
    country text,
    currency text NOT NULL,
    denominations jsonb NOT NULL,
    face_values numeric[],
    min_face numeric NOT NULL,
    max_face numeric NOT NULL,
    step numeric,
    discount numeric NOT NULL,
    voucher_type text NOT NULL,
    delivery_speed text NOT NULL,
    validity text,
    terms text,
    how_to_redeem text,
    available boolean NOT NULL,
    listed boolean NOT NULL DEFAULT true,
    search tsvector NOT NULL,
    as_of timestamptz NOT NULL,
    UNIQUE (provider, sku)
);
CREATE INDEX products_by_name ON products (name_key, id) WHERE listed;
CREATE INDEX products_by_brand ON products (brand_key, name_key, id) WHERE listed;
CREATE INDEX products_by_discount ON products (discount DESC, id DESC) WHERE listed;
CREATE INDEX products_search ON products USING gin (search);
GRANT SELECT ON products TO vg_viewer;
GRANT SELECT, INSERT, UPDATE ON products TO vg_worker;

CREATE TABLE catalog_sources (
    provider text PRIMARY KEY,
    outcome text NOT NULL,
    as_of timestamptz,
    problem_code text,
    problem_message text
);
GRANT SELECT ON catalog_sources TO vg_viewer;
GRANT SELECT, INSERT, UPDATE ON catalog_sources TO vg_worker;

RESET ROLE;

-- migrate:down
