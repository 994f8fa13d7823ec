"""Provider tokens at rest: sealed, shared, and replaced by one at a time."""

from datetime import UTC, datetime, timedelta

import pytest

from app.tokens import SealedTokenStore
from db.pool import Database
from domain.secret import Secret
from ordering.keys import Keys
from providers.port import Token
from vault import KeyRing, Vault

LEASE = timedelta(seconds=30)
TOKEN = Token(
    Secret("access-canary"),
    datetime(2030, 1, 1, tzinfo=UTC),
    Secret("refresh-canary"),
    datetime(2030, 2, 1, tzinfo=UTC),
)


def store(database: Database, ring: str, login: str = "login-1") -> SealedTokenStore:
    """A replica of its own, with nothing remembered."""
    vault = Vault(KeyRing.parse(ring))
    return SealedTokenStore(database, vault, Keys(database, vault), "enkash", login)


@pytest.fixture
def ring() -> str:
    return KeyRing.generate()


async def test_a_token_saved_by_one_replica_is_read_by_another(
    database: Database, ring: str
) -> None:
    first = store(database, ring)
    assert (await first.load()).token is None
    fence = await first.claim(0, LEASE)
    assert fence is not None
    assert await first.save(fence, TOKEN)
    found = await store(database, ring).load()
    assert (found.version, found.token, found.refused) == (1, TOKEN, False)
    assert (await store(database, ring, "login-2").load()).token is None


async def test_it_is_sealed_in_the_database(database: Database, ring: str) -> None:
    one = store(database, ring)
    fence = await one.claim(0, LEASE)
    assert fence is not None
    await one.save(fence, TOKEN)
    async with database.worker() as conn:
        row = await conn.fetchrow("SELECT * FROM provider_tokens")
    assert row is not None
    assert b"canary" not in bytes(row["sealed"])
    # Moved to another login it does not open, and logging in again is the way out.
    async with database.worker() as conn:
        await conn.execute(
            "INSERT INTO provider_tokens (provider, login, version, sealed) VALUES ($1, $2, 1, $3)",
            *("enkash", "login-2", row["sealed"]),
        )
    moved = await store(database, ring, "login-2").load()
    assert (moved.version, moved.token) == (1, None)


async def test_one_renews_at_a_time_and_a_lost_fence_saves_nothing(
    database: Database, ring: str
) -> None:
    first, second = store(database, ring), store(database, ring)
    stale = await first.claim(0, timedelta(0))
    fence = await second.claim(0, LEASE)
    assert stale is not None
    assert fence is not None
    assert await first.claim(0, LEASE) is None
    assert not await first.save(stale, TOKEN)
    assert await second.save(fence, TOKEN)
    assert await first.claim(0, LEASE) is None  # an older version than the stored one


async def test_a_refused_login_is_remembered(database: Database, ring: str) -> None:
    one = store(database, ring)
    fence = await one.claim(0, LEASE)
    assert fence is not None
    await one.release(fence, refused=True)
    assert (await store(database, ring).load()).refused
    assert await one.claim(0, LEASE) is None
