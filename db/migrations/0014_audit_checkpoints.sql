-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- What the chains' ends were at an instant: the Merkle root over the heads that had changed, and a
-- MAC over it and the checkpoint before it. Rows are only ever added, like those of the chains.
CREATE TABLE audit_checkpoints (
    number bigint PRIMARY KEY CHECK (number > 0),
    at timestamptz NOT NULL,
    heads bigint NOT NULL CHECK (heads > 0),
    root bytea NOT NULL,
    previous bytea NOT NULL,
    mac bytea NOT NULL
);
GRANT SELECT, INSERT ON audit_checkpoints TO vg_worker;

-- The leaves. Not bound to accounts: a head that was seen outlives the account that it was of.
CREATE TABLE audit_checkpoint_heads (
    number bigint NOT NULL REFERENCES audit_checkpoints (number),
    account uuid NOT NULL,
    sequence bigint NOT NULL,
    mac bytea NOT NULL,
    PRIMARY KEY (number, account)
);
CREATE UNIQUE INDEX audit_checkpoint_heads_account ON audit_checkpoint_heads (account, number);
ALTER TABLE audit_checkpoint_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_checkpoint_heads FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON audit_checkpoint_heads TO vg_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_checkpoint_heads TO vg_worker;

RESET ROLE;

-- migrate:down
