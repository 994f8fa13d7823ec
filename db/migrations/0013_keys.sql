-- migrate:up
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
SET LOCAL ROLE vg_owner;

-- The versions of the master key. One that was retired seals nothing more, whoever still has it, and
-- none is retired while a data key is sealed under it: the foreign key below decides both.
CREATE TABLE master_versions (
    version bigint PRIMARY KEY,
    usable boolean NOT NULL DEFAULT true,
    UNIQUE (version, usable)
);
GRANT SELECT, INSERT (version) ON master_versions TO vg_viewer;
GRANT SELECT, INSERT (version), UPDATE (usable) ON master_versions TO vg_worker;

-- The tables' owner is bound by row-level security as well, and sees no key.
SET LOCAL ROLE vg_worker;
INSERT INTO master_versions (version) SELECT DISTINCT master_version FROM data_keys;
SET LOCAL ROLE vg_owner;

-- retired_at: since when a data key seals nothing more; it opens what it has sealed.
ALTER TABLE data_keys
    ADD COLUMN retired_at timestamptz,
    ADD COLUMN master_usable boolean NOT NULL DEFAULT true;
ALTER TABLE data_keys ADD CONSTRAINT data_keys_master_usable CHECK (master_usable) NOT VALID;
ALTER TABLE data_keys ADD CONSTRAINT data_keys_master_version_fkey
    FOREIGN KEY (master_version, master_usable) REFERENCES master_versions (version, usable)
    NOT VALID;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX data_keys_master_version ON data_keys (master_version);
GRANT UPDATE (retired_at), DELETE ON data_keys TO vg_worker;

-- One row for each run that gives accounts (NULL: all, and the installation) new data keys: a run
-- that was cut off is taken up where it was.
CREATE TABLE key_runs (
    id uuid PRIMARY KEY,
    account uuid REFERENCES accounts (id),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
CREATE UNIQUE INDEX key_runs_open ON key_runs (account) NULLS NOT DISTINCT
    WHERE finished_at IS NULL;
ALTER TABLE key_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON key_runs TO vg_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (finished_at) ON key_runs TO vg_worker;

-- A value is never stored under a data key that is gone, however long its writer was held up: the
-- key's row is locked until the writer has committed. For the function the owner sees the keys.
CREATE POLICY keeper ON data_keys TO vg_owner USING (true);
CREATE FUNCTION require_data_keys(sealed bytea []) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    wanted uuid[];
    found bigint;
BEGIN
    SELECT array_agg(DISTINCT encode(substring(value FROM 2 FOR 16), 'hex')::uuid) INTO wanted
      FROM unnest(sealed) AS value
     WHERE substring(value FROM 1 FOR 1) = '\x01' AND octet_length(value) >= 45;
    IF wanted IS NULL THEN
        RETURN;
    END IF;
    PERFORM FROM data_keys WHERE id = ANY(wanted) FOR KEY SHARE;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < cardinality(wanted) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a value is sealed under a data key that is gone';
    END IF;
END;
$$;

CREATE FUNCTION vouchers_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.require_data_keys(ARRAY(
        SELECT value FROM added, unnest(ARRAY[code, pin, claim_url, reference_number]) AS value));
    RETURN NULL;
END;
$$;
CREATE TRIGGER sealed_added AFTER INSERT ON vouchers REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION vouchers_added();

CREATE FUNCTION vouchers_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.require_data_keys(
        ARRAY[NEW.code, NEW.pin, NEW.claim_url, NEW.reference_number]);
    RETURN NEW;
END;
$$;
CREATE TRIGGER sealed_changed
    BEFORE UPDATE OF code, pin, claim_url, reference_number ON vouchers
    FOR EACH ROW EXECUTE FUNCTION vouchers_changed();

CREATE FUNCTION fulfillments_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.require_data_keys(ARRAY[NEW.body]);
    RETURN NEW;
END;
$$;
CREATE TRIGGER sealed_changed BEFORE INSERT OR UPDATE OF body ON fulfillments
    FOR EACH ROW WHEN (NEW.body IS NOT NULL) EXECUTE FUNCTION fulfillments_sealed();

CREATE FUNCTION orders_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.require_data_keys(ARRAY[NEW.recipient]);
    RETURN NEW;
END;
$$;
CREATE TRIGGER sealed_changed BEFORE INSERT OR UPDATE OF recipient ON orders
    FOR EACH ROW WHEN (NEW.recipient IS NOT NULL) EXECUTE FUNCTION orders_sealed();

CREATE FUNCTION sealed_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.require_data_keys(ARRAY[NEW.sealed]);
    RETURN NEW;
END;
$$;
CREATE TRIGGER sealed_changed BEFORE INSERT OR UPDATE OF sealed ON provider_tokens
    FOR EACH ROW WHEN (NEW.sealed IS NOT NULL) EXECUTE FUNCTION sealed_written();

RESET ROLE;

-- migrate:down
