-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- The secret before a rotation, which goes on working until then.
ALTER TABLE api_clients
    ADD COLUMN previous_secret_mac bytea,
    ADD COLUMN previous_pepper_version bigint,
    ADD COLUMN previous_until timestamptz;
GRANT UPDATE (previous_secret_mac, previous_pepper_version, previous_until)
    ON api_clients TO vg_worker;

RESET ROLE;

-- migrate:down
