-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- cancel_asked_at: the provider was asked to cancel and has not confirmed; only then does its word
-- "cancelled" take back units that were delivered. resent_at: the last time it was asked to send an
-- order's vouchers again.
ALTER TABLE fulfillments ADD COLUMN cancel_asked_at timestamptz;
ALTER TABLE orders ADD COLUMN resent_at timestamptz;
GRANT UPDATE (cancel_asked_at) ON fulfillments TO vg_worker;
GRANT UPDATE (resent_at) ON orders TO vg_worker;

RESET ROLE;

-- migrate:down
