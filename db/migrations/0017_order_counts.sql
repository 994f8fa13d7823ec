-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- Orders of all accounts by when they were placed: those of one account have orders_newest.
-- Writers wait for this index: CONCURRENTLY allows neither a transaction nor SET ROLE before it.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX orders_placed ON orders (placed_at);

RESET ROLE;

-- migrate:down
