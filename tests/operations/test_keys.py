"""Master keys, data keys and sealed values are changed while the service runs: nothing is lost."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from db import data_keys, sealed_values
from db.sealed_values import SHELVES
from domain.ids import uuid7
from domain.keys import KeyPurpose
from domain.secret import Secret
from ordering.keys import Keys
from ordering.rekeying import Rekeying
from ordering.resealing import Resealed, Resealing
from tests.operations.buying import Buyer, until
from tests.operations.sealed import codes, everything_opens, quiet, replica
from tests.operations.service import Service
from vault import Binding, KeyRing, MasterRefused, Vault

AT_ONCE = timedelta(0)


def rekeying(service: Service, data_dir: Path) -> Rekeying:
    return Rekeying(service.program.database, *replica(service, data_dir))


def resealing(service: Service, data_dir: Path, grace: timedelta = AT_ONCE) -> Resealing:
    vault, keys = replica(service, data_dir)
    database = service.program.database
    return Resealing(database, vault, keys, Rekeying(database, vault, keys), grace=grace)


@pytest.fixture
async def order(service: Service, buyer: Buyer) -> str:
    """A delivered order of the demo account, with everything of it that is sealed."""
    placed = await buyer.buy("woohoo", 2)
    await until(service, buyer, placed["id"], "FULFILLED")
    return str(placed["id"])


async def account_of(service: Service) -> UUID:
    async with service.program.database.worker() as conn:
        found: UUID = await conn.fetchval("SELECT id FROM accounts WHERE name = 'demo'")
        return found


async def told(service: Service, account: UUID) -> list[str]:
    """What the account's chain says about keys."""
    async with service.program.database.worker() as conn:
        rows = await conn.fetch(
            "SELECT fields FROM audit_events WHERE action = 'KEYS_CHANGED' AND account = $1"
            " ORDER BY sequence",
            account,
        )
    return [row["fields"][0] for row in rows]


async def test_every_column_of_bytes_is_known(service: Service) -> None:
    """A new sealed column must be sealed anew as well: name it in SHELVES, or here as no such."""
    async with service.program.database.worker() as conn:
        rows = await conn.fetch(
            "SELECT c.relname AS table, a.attname AS column FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = a.attrelid WHERE a.atttypid = 'bytea'::regtype"
            " AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        )
    found = {(row["table"], row["column"]) for row in rows}
    sealed = {(shelf.table, column) for shelf in SHELVES for column in shelf.columns}
    plain = {(table, column) for table, column in found if _is_no_secret(column)}
    assert found - plain == sealed | {("provider_tokens", "sealed"), ("data_keys", "sealed")}


def _is_no_secret(column: str) -> bool:
    """Macs, roots and fingerprints are made with keys that are never replaced."""
    return column.endswith(("mac", "fingerprint", "root", "previous", "print"))


async def test_rotate_rewrap_retire(
    service: Service, buyer: Buyer, order: str, tmp_path: Path
) -> None:
    before = await codes(buyer, order)
    work = rekeying(service, tmp_path)
    assert (await work.status()).masters.versions == (1,)
    with pytest.raises(MasterRefused, match="active"):
        await work.retire(1)
    with pytest.raises(MasterRefused, match="no master key version 7"):
        await work.retire(7)

    assert await work.rotate() == 2
    with pytest.raises(MasterRefused, match=r"sealed under master key version 1 \(.*1 audit.*\)"):
        await work.retire(1)
    assert (await work.status()).retirable == ()
    # The running service follows: a data key of a new account is sealed under the new version.
    async with service.program.database.worker() as conn:
        fresh = uuid7()
        await conn.execute("INSERT INTO accounts (id, name) VALUES ($1, 'fresh')", fresh)
    await service.program.services.keys.of_account(fresh)
    async with service.program.database.worker() as conn:
        row = await data_keys.active(conn, fresh, KeyPurpose.DATA)
    assert row is not None
    assert row.master_version == 2

    moved = await work.rewrap(quiet)
    assert moved >= 5
    assert await work.rewrap(quiet) == 0
    status = await work.status()
    assert {count.version for count in status.keys} == {2}
    assert status.retirable == (1,)
    assert await work.retire(1)
    with pytest.raises(MasterRefused, match="no master key version"):
        await work.retire(1)
    assert await codes(buyer, order) == before

    # The old master key is really gone: who starts now opens everything all the same.
    ring = (tmp_path / "keys" / "key-ring").read_text()
    assert KeyRing.parse(ring).versions == (2,)
    vault, keys = replica(service, tmp_path)
    await everything_opens(service, vault, keys)
    account = await account_of(service)
    assert await told(service, account) == [
        "master key version 2 made active",
        "4 keys of the installation moved under master key version 2",
        "1 data keys moved under master key version 2",
        "master key version 1 retired",
    ]


async def test_a_retired_version_seals_nothing_more(service: Service, tmp_path: Path) -> None:
    stale = Vault(KeyRing.parse((tmp_path / "keys" / "key-ring").read_text()))
    work = rekeying(service, tmp_path)
    await service.program.services.keys.audit()
    await work.rotate()
    await work.rewrap(quiet)
    await work.retire(1)
    # A process that was left behind with the old ring: what it makes must not get lost.
    keys = Keys(service.program.database, stale)
    with pytest.raises(Exception, match="version 1 was retired"):
        await keys.of_account(await account_of(service))


async def test_retiring_and_sealing_at_once_never_loses_a_key(
    service: Service, tmp_path: Path
) -> None:
    work = rekeying(service, tmp_path)
    stale = Vault(KeyRing.parse((tmp_path / "keys" / "key-ring").read_text()))
    await work.rotate()
    await work.rewrap(quiet)
    _, fresh = await stale.new_data_key(await account_of(service), KeyPurpose.DATA)
    async with service.program.database.worker() as conn:
        await data_keys.add(conn, fresh)
        retiring = asyncio.ensure_future(work.retire(1))
        await asyncio.sleep(0.1)
        assert not retiring.done()  # it waits for whoever is about to store a key
    with pytest.raises(MasterRefused, match="re-wrap"):
        await retiring
    assert (await work.status()).masters.versions == (1, 2)


async def test_values_are_sealed_anew(
    service: Service, buyer: Buyer, order: str, tmp_path: Path
) -> None:
    before = await codes(buyer, order)
    vault, keys = replica(service, tmp_path)
    number = await everything_opens(service, vault, keys)
    async with service.program.database.worker() as conn:
        old = {row["id"] for row in await conn.fetch("SELECT id FROM data_keys")}
        fixed = {
            row["id"]
            for row in await conn.fetch(
                "SELECT id FROM data_keys WHERE purpose NOT IN ('data', 'token')"
            )
        }
    done = await resealing(service, tmp_path).run(None, quiet)
    assert (done.values, done.kept, done.unreadable, done.resumed) == (number, 0, 0, False)
    async with service.program.database.worker() as conn:
        now = {row["id"] for row in await conn.fetch("SELECT id FROM data_keys")}
        assert await conn.fetchval("SELECT bool_and(active) FROM data_keys")
        assert await sealed_values.count_behind(conn) == 0
    # Signing keys stay: fingerprints and chains hold on.
    assert old & now == fixed
    assert done.deleted == done.replaced == len(old - fixed)
    assert await codes(buyer, order) == before
    vault, keys = replica(service, tmp_path)
    assert await everything_opens(service, vault, keys) == number
    words = [text.rpartition(" ")[2] for text in await told(service, await account_of(service))]
    assert words == ["active", "deleted"]


async def test_one_account_alone(
    service: Service, buyer: Buyer, order: str, tmp_path: Path
) -> None:
    account = await account_of(service)
    done = await resealing(service, tmp_path).run(account, quiet)
    assert (done.replaced, done.deleted) == (1, 1)
    assert done.values > 0
    async with service.program.database.worker() as conn:
        other = await conn.fetchval("SELECT id FROM accounts WHERE name = 'other'")
    nothing = await resealing(service, tmp_path).run(other, quiet)
    assert nothing == Resealed(resumed=False, replaced=0, values=0, deleted=0, kept=0, unreadable=0)


async def test_a_run_that_was_cut_off_is_taken_up(
    service: Service, buyer: Buyer, order: str, tmp_path: Path
) -> None:
    """Cut off at each of its statements, one after the other, until it gets to its end."""
    before = await codes(buyer, order)
    ends = 0
    for limit in range(2, 200, 3):
        seen = 0

        def cut(what: str, done: int, total: int, limit: int = limit) -> None:
            nonlocal seen
            seen += 1
            if seen == limit:
                raise KeyError(f"{what} {done} {total}")

        try:
            done = await resealing(service, tmp_path).run(None, cut)
        except KeyError:
            ends += 1
            assert await codes(buyer, order) == before
        else:
            break
    assert ends > 0
    assert done.resumed
    assert await codes(buyer, order) == before
    async with service.program.database.worker() as conn:
        # One new key each, however often it was begun.
        assert (
            await conn.fetchval(
                "SELECT max(n) FROM (SELECT count(*) n FROM data_keys GROUP BY account, purpose) c"
            )
            == 1
        )
    account = await account_of(service)
    assert len(await told(service, account)) == 2


async def test_a_value_written_under_the_old_key_meanwhile_is_found(
    service: Service, buyer: Buyer, order: str, tmp_path: Path
) -> None:
    """Another process remembers the old key as the active one, and goes on sealing under it."""
    account, database = await account_of(service), service.program.database
    vault, keys = replica(service, tmp_path, active_seconds=3600)
    old = await keys.of_account(account)
    async with database.worker() as conn:
        row = await conn.fetchval("SELECT id FROM orders WHERE account = $1 LIMIT 1", account)
    late = vault.seal(old, Secret("late"), Binding(account, row, "recipient"))

    written = False

    def write_late(what: str, done: int, total: int) -> None:
        """Right after the first look, while it waits."""
        nonlocal written
        if what.startswith("seconds") and not written:
            written = True
            tasks.append(asyncio.ensure_future(store()))

    async def store() -> None:
        async with database.worker() as conn:
            await conn.execute("UPDATE orders SET recipient = $2 WHERE id = $1", row, late)

    tasks: list[asyncio.Future[None]] = []
    run = resealing(service, tmp_path, timedelta(seconds=0.5))
    done = await run.run(account, write_late)
    await asyncio.gather(*tasks)
    assert written
    assert (done.kept, done.unreadable) == (0, 0)
    fresh_vault, fresh_keys = replica(service, tmp_path)
    async with database.worker() as conn:
        value = await conn.fetchval("SELECT recipient FROM orders WHERE id = $1", row)
    opened = await fresh_keys.of_values([value])
    key = opened[Vault.key_id_of(value)]
    assert key.id != old.id
    assert fresh_vault.open(key, value, Binding(account, row, "recipient")) == Secret("late")

    # Later still its key is gone, and the database takes nothing under it.
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await store()


async def test_who_is_about_to_write_under_the_old_key_is_waited_for(
    service: Service, buyer: Buyer, order: str, tmp_path: Path
) -> None:
    account, database = await account_of(service), service.program.database
    vault, keys = replica(service, tmp_path, active_seconds=3600)
    old = await keys.of_account(account)
    async with database.worker() as conn:
        row = await conn.fetchval("SELECT id FROM orders WHERE account = $1 LIMIT 1", account)
    late = vault.seal(old, Secret("late"), Binding(account, row, "recipient"))
    async with database.worker() as conn:
        await conn.execute("UPDATE orders SET recipient = $2 WHERE id = $1", row, late)
        running_ = asyncio.ensure_future(resealing(service, tmp_path).run(account, quiet))
        await asyncio.sleep(0.5)
        assert not running_.done()
    done = await running_
    assert done.kept == 0
    vault, keys = replica(service, tmp_path)
    await everything_opens(service, vault, keys)


async def test_what_does_not_open_is_told_and_left(
    service: Service, buyer: Buyer, order: str, tmp_path: Path
) -> None:
    async with service.program.database.worker() as conn:
        await conn.execute(
            "UPDATE vouchers SET claim_url = set_byte(claim_url, 40, get_byte(claim_url, 40) # 1)"
            " WHERE id = (SELECT id FROM vouchers WHERE claim_url IS NOT NULL LIMIT 1)"
        )
    done = await resealing(service, tmp_path).run(None, quiet)
    assert (done.unreadable, done.kept) == (1, 1)
    async with service.program.database.worker() as conn:
        assert await sealed_values.count_behind(conn) == 1
