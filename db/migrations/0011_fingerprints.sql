-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- The same card in two orders of one provider is news for operators.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX vouchers_fingerprint ON vouchers (fingerprint);

RESET ROLE;

-- migrate:down
