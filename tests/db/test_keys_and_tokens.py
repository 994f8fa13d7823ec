import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from db import accounts, clients, data_keys, provider_tokens
from db.clients import Digest, Limits, NewClient
from db.data_keys import KeyCount
from db.pool import Database
from domain.ids import uuid7
from domain.keys import KeyPurpose, SealedKey
from tests.db import samples

LEASE = timedelta(seconds=60)


# ------------------------------------------------------------------------------------ data keys
def key(purpose: KeyPurpose = KeyPurpose.DATA) -> SealedKey:
    return SealedKey(uuid7(), None, purpose, b"sealed", 1)


async def test_of_two_new_keys_the_first_is_used_by_both(database: Database) -> None:
    account = await samples.account(database, "demo")

    async def make() -> SealedKey:
        async with database.viewer(account) as conn:
            return await data_keys.add(conn, replace(key(), account=account))

    made = await asyncio.gather(*(make() for _ in range(4)))
    assert len({key.id for key in made}) == 1
    async with database.viewer(account) as conn:
        assert await data_keys.active(conn, account, KeyPurpose.DATA) == made[0]
        assert await data_keys.by_ids(conn, [made[0].id]) == {made[0].id: made[0]}


async def test_the_installation_has_one_active_key_of_each_purpose(database: Database) -> None:
    async with database.worker() as conn:
        first = await data_keys.add(conn, key(KeyPurpose.REFERENCE))
        assert await data_keys.add(conn, key(KeyPurpose.REFERENCE)) == first
        assert await data_keys.add(conn, key(KeyPurpose.TOKEN)) != first


async def test_rewrapping_is_compare_and_set(database: Database) -> None:
    async with database.worker() as conn:
        first = await data_keys.add(conn, key())
        assert await data_keys.owners_under_other_masters(conn, 2, 9) == [None]
        assert await data_keys.under_other_masters(conn, None, 2) == [first]
        moved = replace(first, sealed=b"under two", master_version=2)
        assert await data_keys.rewrapped(conn, moved, first)
        assert not await data_keys.rewrapped(conn, moved, first)
        assert await data_keys.under_other_masters(conn, None, 2) == []
        assert await data_keys.counts(conn) == [KeyCount(2, first.purpose, 1, 0)]
        assert (await data_keys.by_ids(conn, [first.id]))[first.id] == moved


# -------------------------------------------------------------------------------------- clients
def client(account_name: str = "demo") -> NewClient:
    return NewClient(
        uuid7(), uuid7(), "vgtest_1", account_name, b"mac", 1, ("orders:read",),
        Limits(rate_per_minute=7, addresses=("10.0.0.0/8",)),
    )  # fmt: skip


async def test_clients_are_found_rotated_and_revoked(database: Database) -> None:
    account = await samples.account(database, "demo")
    new = replace(client(), account=account)
    async with database.worker() as conn:
        assert await clients.find(conn, "vgtest_1") is None
        assert not await clients.exists_demo(conn)
        await clients.add(conn, new)
        found = await clients.find(conn, "vgtest_1")
        assert found is not None
        assert (found.account_name, found.scopes, found.limits) == ("demo", new.scopes, new.limits)
        assert found.is_valid(samples.NOON)
        assert await clients.rotate(conn, "vgtest_1", Digest(b"other mac", 2), timedelta(0))
        assert await clients.revoke(conn, "vgtest_1")
        assert not await clients.revoke(conn, "vgtest_1")
        assert not await clients.rotate(conn, "vgtest_1", Digest(b"third", 3), timedelta(0))
        (listed,) = await clients.listed(conn)
        assert (listed.secret_mac, listed.pepper_version) == (b"other mac", 2)
        assert not listed.is_valid(samples.NOON)
        assert await clients.listed(conn, uuid7()) == []


async def test_a_rotated_clients_old_secret_is_good_for_a_while(database: Database) -> None:
    account = await samples.account(database, "demo")
    async with database.worker() as conn:
        await clients.add(conn, replace(client(), account=account))
        first = await clients.rotate(conn, "vgtest_1", Digest(b"two", 2), timedelta(hours=1))
        found = await clients.find(conn, "vgtest_1")
        assert found is not None
        assert first is not None
        assert found.digests(first - timedelta(seconds=1)) == (Digest(b"two", 2), Digest(b"mac", 1))
        assert found.digests(first) == (Digest(b"two", 2),)
        # Another one during the overlap: of three secrets the oldest ends.
        second = await clients.rotate(conn, "vgtest_1", Digest(b"three", 2), timedelta(hours=1))
        found = await clients.find(conn, "vgtest_1")
        assert found is not None
        assert second is not None
        assert found.digests(second - timedelta(seconds=1)) == (
            Digest(b"three", 2),
            Digest(b"two", 2),
        )
        await clients.rotate(conn, "vgtest_1", Digest(b"four", 2), timedelta(0))
        found = await clients.find(conn, "vgtest_1")
        assert found is not None
        assert (found.current, found.previous, found.previous_until) == (
            Digest(b"four", 2),
            None,
            None,
        )


async def test_an_expired_client_is_not_rotated(database: Database) -> None:
    account = await samples.account(database, "demo")
    async with database.worker() as conn:
        await clients.add(conn, replace(client(), account=account, expires_at=samples.NOON))
        assert await clients.rotate(conn, "vgtest_1", Digest(b"two", 2), timedelta(0)) is None


async def test_demo_clients_count_until_they_are_revoked(database: Database) -> None:
    account = await samples.account(database, "demo")
    async with database.worker() as conn:
        await clients.add(conn, replace(client(), account=account, demo=True))
        assert await clients.exists_demo(conn)
        await clients.revoke(conn, "vgtest_1")
        assert not await clients.exists_demo(conn)


async def test_account_names_are_unique(database: Database) -> None:
    async with database.worker() as conn:
        first = await accounts.add(conn, uuid7(), "demo")
        with pytest.raises(accounts.NameTaken):
            await accounts.add(conn, uuid7(), "demo")
        assert await accounts.by_name(conn, "demo") == first
        assert await accounts.find(conn, first.id) == first
        assert await accounts.listed(conn) == [first]


# ------------------------------------------------------------------------------- provider tokens
async def claim(database: Database, version: int = 0, lease: timedelta = LEASE) -> int | None:
    async with database.worker() as conn:
        return await provider_tokens.claim(conn, "acme", "login", version, lease)


async def save(database: Database, fence: int, sealed: bytes = b"token") -> int | None:
    async with database.worker() as conn:
        return await provider_tokens.save(conn, "acme", "login", fence, sealed)


async def load(database: Database) -> provider_tokens.SealedToken:
    async with database.worker() as conn:
        return await provider_tokens.load(conn, "acme", "login")


async def test_one_of_many_renews(database: Database) -> None:
    assert await load(database) == provider_tokens.SealedToken(0)
    fences = [
        fence for fence in await asyncio.gather(*(claim(database) for _ in range(6))) if fence
    ]
    assert len(fences) == 1
    assert await save(database, fences[0]) == 1
    assert await load(database) == provider_tokens.SealedToken(1, b"token")
    assert "token'" not in repr(await load(database)).replace("SealedToken", "")


async def test_an_old_version_is_not_renewed_again(database: Database) -> None:
    assert await save(database, await claim(database) or 0) == 1
    assert await claim(database, 0) is None
    assert await claim(database, 1) is not None


async def test_the_fence_keeps_out_whoever_lost_the_lease(database: Database) -> None:
    slow = await claim(database, lease=timedelta(seconds=-1))
    quick = await claim(database)
    assert slow is not None
    assert quick is not None
    assert await save(database, slow, b"stale") is None
    assert await save(database, quick, b"fresh") == 1
    assert await save(database, quick, b"twice") is None
    assert (await load(database)).sealed == b"fresh"


async def test_a_late_saver_is_heard_while_nobody_else_came(database: Database) -> None:
    late = await claim(database, lease=timedelta(seconds=-1))
    assert await save(database, late or 0) == 1


async def test_a_released_lease_is_free_and_a_refused_login_is_left_alone(
    database: Database,
) -> None:
    first = await claim(database)
    async with database.worker() as conn:
        assert await provider_tokens.release(conn, "acme", "login", first or 0, refused=False)
        assert not await provider_tokens.release(conn, "acme", "login", first or 0, refused=True)
    second = await claim(database)
    assert second is not None
    async with database.worker() as conn:
        assert await provider_tokens.release(conn, "acme", "login", second, refused=True)
    assert (await load(database)).refused
    assert await claim(database) is None
