"""The second wall: PostgreSQL itself keeps accounts apart."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from db import (
    accounts,
    attempts,
    audit,
    carts,
    checkpoints,
    clients,
    data_keys,
    deliveries,
    endpoints,
    events,
    exceptions,
    fulfillments,
    installation,
    key_runs,
    limits,
    products,
    quotas,
    wallets,
)
from db.exceptions import Difference
from db.pool import (
    Connection,
    Database,
    DatabaseUnavailable,
    TransactionLost,
    WallBroken,
    check_wall,
)
from domain.audit import Act, AuditAction
from domain.carts import Cart, CartLine
from domain.ids import uuid7
from domain.keys import KeyPurpose, SealedKey
from domain.money import zero
from domain.orders import OrderEventType, OrderStatus
from tests.db import samples
from tests.db.test_carts import LISTING

TABLES = (
    "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relrowsecurity"
    " AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
)
WHO = "SELECT current_user, current_setting('vg.account', true), pg_backend_pid()"


async def filled(database: Database, name: str) -> UUID:
    """An account with a row in every table that has an account."""
    account = await samples.account(database, name)
    order = samples.whole(account, n=len(name))
    await samples.stored(database, order)
    await samples.issued(database, order, ["CODE-1"])
    await filled_for_buying(database, account, order)
    async with database.worker() as conn:
        await data_keys.add(conn, SealedKey(uuid7(), account, KeyPurpose.DATA, b"sealed", 1))
        await key_runs.begin(conn, account)
        await fulfillments.add_alias(conn, order.fulfillment, f"alias-{name}")
        _, head = await quotas.spend(
            conn, account, {order.order.id: 1}, per_order_hour=60, vouchers_per_hour=10
        )
        await audit.append(conn, account, [Act("a", AuditAction.VOUCHER_REVEALED, "s")], b"k", head)
        await checkpoints.take(conn, b"k")
        await events.append(
            conn, account, [(order.order.id, OrderEventType.IMPORTED, OrderStatus.PENDING)]
        )
    await filled_for_telling(database, account)
    return account


async def filled_for_telling(database: Database, account: UUID) -> None:
    """The same for outgoing webhooks."""
    async with database.worker() as conn:
        endpoint = await endpoints.add(conn, uuid7(), account, "https://partner.example/", ())
        secret = endpoints.SealedSecret(uuid7(), account, endpoint.id, b"sealed")
        await endpoints.add_secret(conn, secret, timedelta(0))
        await endpoints.rewind(conn, endpoint.id, 0)
        assert await deliveries.feed(conn) == 1


async def filled_for_buying(database: Database, account: UUID, order: samples.Whole) -> None:
    """The same for the tables that only buying fills."""
    client = clients.NewClient(
        uuid7(), account, f"vgtest_{account}", "c", b"mac", 1, ("orders:read",)
    )
    async with database.worker() as conn:
        await products.record(conn, "acme", [(uuid7(), LISTING)], samples.NOON)
        product = (await products.by_keys(conn, [("acme", LISTING.sku)]))["acme", LISTING.sku]
        await clients.add(conn, client)
        await limits.set_limit(conn, client.id, "INR", Decimal(100), None)
        await limits.spend(conn, client.id, {"INR": Decimal(1)}, samples.NOON.date())
        made = await wallets.top_up(conn, account, samples.HUNDRED, "tester")
        await wallets.remember_topup(conn, account, "key-12345", b"print", made)
        await attempts.begin(conn, order.fulfillment.id, 1)
        await exceptions.record(
            conn, "acme", "credential-1", Difference.EXPECTED,
            reference=order.fulfillment.reference, fulfillment_id=order.fulfillment.id, evidence={},
        )  # fmt: skip
    line = CartLine(
        uuid7(), product, samples.HUNDRED, 1, zero("INR"), samples.HUNDRED, samples.NOON
    )
    async with database.viewer(account) as conn:
        await carts.add(conn, Cart(uuid7(), account, (line,), samples.NOON))


async def visible(conn: Connection) -> dict[str, int]:
    """How many rows of each guarded table the role sees, of those that it may read at all."""
    found = {}
    for (table,) in await conn.fetch(TABLES):
        if await conn.fetchval("SELECT has_table_privilege($1, 'SELECT')", table):
            found[table] = await conn.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
    return found


async def test_a_viewer_sees_the_own_account_only_in_every_table(database: Database) -> None:
    mine, theirs = await filled(database, "mine"), await filled(database, "theirs's")
    async with database.worker() as conn:
        everything = await visible(conn)
    assert min(everything.values()) == 2
    assert len(everything) == 27
    for account in (mine, theirs):
        async with database.viewer(account) as conn:
            seen = await visible(conn)
        assert {table: 2 * n for table, n in seen.items()}.items() <= everything.items()
        assert everything.keys() - seen.keys() == {
            *("api_clients", "audit_checkpoint_heads", "exceptions"),
            *("key_runs", "webhook_secrets"),
        }
    async with database.viewer(uuid7()) as conn:
        assert set((await visible(conn)).values()) == {0}
    await check_wall(database)


async def test_keys_of_the_installation_are_the_workers_alone(database: Database) -> None:
    account = await samples.account(database, "a")
    async with database.worker() as conn:
        await data_keys.add(conn, SealedKey(uuid7(), None, KeyPurpose.FINGERPRINT, b"sealed", 1))
        assert await data_keys.active(conn, None, KeyPurpose.FINGERPRINT)
    async with database.viewer(account) as conn:
        assert await data_keys.active(conn, None, KeyPurpose.FINGERPRINT) is None


async def test_a_viewer_writes_nothing_into_another_account(database: Database) -> None:
    mine, theirs = await filled(database, "mine"), await filled(database, "theirs")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with database.viewer(mine) as conn:
            await samples.add(conn, samples.whole(theirs, n=50))
    async with database.viewer(mine) as conn:
        moved = await conn.execute("UPDATE orders SET settled = true")
        assert moved == "UPDATE 1"
    # Row-level security does not bind foreign keys: the key itself carries the account.
    async with database.worker() as conn:
        foreign = await conn.fetchval("SELECT id FROM orders WHERE account = $1", theirs)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with database.viewer(mine) as conn:
            await conn.execute(
                "INSERT INTO order_events (account, sequence, id, order_id, type, status)"
                " VALUES ($1, 99, $2, $3, 'PLACED', 'PENDING')",
                *(mine, uuid7(), foreign),
            )


@pytest.mark.parametrize("table", ["audit_events", "order_events", "transfers"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
async def test_nobody_changes_or_removes_a_log_row(
    database: Database, table: str, change: str
) -> None:
    account = await filled(database, "mine")
    for transaction in (database.viewer(account), database.worker()):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction as conn:
                await conn.execute(change.format(table))


async def test_neither_role_may_create_or_drop(database: Database) -> None:
    for statement in ("CREATE TABLE t (i int)", "DROP TABLE orders", "SET ROLE vg_owner"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.worker() as conn:
                await conn.execute("SET LOCAL SESSION AUTHORIZATION vg_worker; " + statement)


# ------------------------------------------------------------------ nothing leaks through the pool
@pytest.fixture
async def single(postgres_dsn: str) -> AsyncIterator[Database]:
    """A pool of one connection, so that whatever leaks is met by the next one."""
    opened = Database(postgres_dsn, max_size=1, acquire_seconds=5)
    await opened.open()
    yield opened
    await opened.close()


async def leftovers(database: Database) -> tuple[str, str | None, bool]:
    """Role, account and open transaction of the connection as the pool hands it out."""
    async with database._acquired() as conn:
        user, account, _ = await conn.fetchrow(WHO) or ("", "", 0)
        return user, account or None, conn.is_in_transaction()


CLEAN = ("postgres", None, False)


async def test_a_transaction_has_its_role_and_account_and_leaves_neither(single: Database) -> None:
    account = uuid7()
    async with single.viewer(account) as conn:
        assert (await conn.fetchrow(WHO) or [])[:2] == ("vg_viewer", str(account))
    assert await leftovers(single) == CLEAN
    async with single.worker() as conn:
        assert (await conn.fetchrow(WHO) or [])[:2] == ("vg_worker", "")
        assert await visible(conn)
    assert await leftovers(single) == CLEAN


async def test_an_error_rolls_back_and_leaves_the_connection_clean(single: Database) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with single.worker() as conn:
            await accounts.add(conn, uuid7(), "lost")
            raise ZeroDivisionError
    assert await leftovers(single) == CLEAN
    with pytest.raises(asyncpg.UndefinedTableError):
        async with single.worker() as conn:
            await conn.execute("SELECT * FROM nowhere")
    assert await leftovers(single) == CLEAN
    async with single.worker() as conn:
        assert await accounts.listed(conn) == []


async def test_a_failed_opening_is_rolled_back_too(single: Database) -> None:
    with pytest.raises(asyncpg.PostgresError):
        async with single._transaction("BEGIN; SET LOCAL ROLE nobody_of_that_name"):
            pass
    assert await leftovers(single) == CLEAN


@pytest.mark.parametrize("statement", ["SELECT pg_sleep(20)", None])
async def test_cancellation_leaves_the_connection_clean(
    single: Database, statement: str | None
) -> None:
    started = asyncio.Event()

    async def work() -> None:
        async with single.worker() as conn:
            await accounts.add(conn, uuid7(), "lost")
            started.set()
            await (conn.execute(statement) if statement else asyncio.sleep(20))

    task = asyncio.create_task(work())
    await started.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await leftovers(single) == CLEAN
    async with single.worker() as conn:
        assert await accounts.listed(conn) == []


async def test_cancelling_at_any_step_leaves_the_connection_clean(single: Database) -> None:
    async def work() -> None:
        async with single.viewer(uuid7()) as conn:
            await conn.fetchval("SELECT 1")
            await conn.fetchval("SELECT 2")

    for steps in range(40):
        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        if steps % 3 == 0:
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await leftovers(single) == CLEAN


async def test_a_swallowed_error_is_not_taken_for_a_commit(single: Database) -> None:
    with pytest.raises(TransactionLost):  # noqa: PT012
        async with single.worker() as conn:
            await accounts.add(conn, uuid7(), "lost")
            with pytest.raises(asyncpg.PostgresError):
                await conn.execute("SELECT 1/0")
    assert await leftovers(single) == CLEAN


@pytest.mark.parametrize("pause", [0.0, 0.1])
async def test_a_lost_connection_is_said_so_and_replaced(
    single: Database, postgres_dsn: str, pause: float
) -> None:
    with pytest.raises(DatabaseUnavailable):  # noqa: PT012
        async with single.worker() as conn:
            other = await asyncpg.connect(postgres_dsn)
            await other.execute("SELECT pg_terminate_backend($1)", conn.get_server_pid())
            await other.close()
            await asyncio.sleep(pause)
            await conn.execute("SELECT 1")
    assert await leftovers(single) == CLEAN


async def test_read_only_transactions_write_nothing(single: Database) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with single.worker(read_only=True) as conn:
            await accounts.add(conn, uuid7(), "never")


async def test_without_a_free_connection_it_says_so(postgres_dsn: str) -> None:
    database = Database(postgres_dsn, max_size=1, acquire_seconds=0.1)
    with pytest.raises(DatabaseUnavailable):
        async with database.worker():
            pass
    await database.open()
    async with database.worker():
        with pytest.raises(DatabaseUnavailable):
            async with database.worker():
                pass
    await database.close()
    await database.close()


async def test_it_works_without_prepared_statements(postgres_dsn: str) -> None:
    database = Database(postgres_dsn, statement_cache_size=0)
    await database.open()
    assert await samples.account(database, "a")
    await database.close()


# ------------------------------------------------------------------------- the check at start-up
@pytest.mark.parametrize(
    ("damage", "repair", "complaint"),
    [
        ("ALTER ROLE vg_viewer BYPASSRLS", "ALTER ROLE vg_viewer NOBYPASSRLS", "vg_viewer"),
        ("ALTER ROLE vg_worker SUPERUSER", "ALTER ROLE vg_worker NOSUPERUSER", "vg_worker"),
        ("ALTER TABLE vouchers NO FORCE ROW LEVEL SECURITY", None, "vouchers"),
        ("ALTER TABLE orders DISABLE ROW LEVEL SECURITY", None, "orders"),
        ("CREATE TABLE extra (account uuid)", None, "extra"),
        ("CREATE POLICY hole ON orders TO vg_viewer USING (true)", None, "orders"),
    ],
)
async def test_a_hole_in_the_wall_stops_the_start(
    database: Database, postgres_dsn: str, damage: str, repair: str | None, complaint: str
) -> None:
    await filled(database, "mine")
    await check_wall(database)
    owner = await asyncpg.connect(postgres_dsn)
    await owner.execute(damage)
    try:
        with pytest.raises(WallBroken, match=complaint):
            await check_wall(database)
    finally:
        await owner.execute(repair or "SELECT 1")
        await owner.close()


async def test_an_installation_is_stamped_once(database: Database) -> None:
    async with database.worker() as conn:
        assert await installation.find(conn) is None
        first = await installation.stamp(conn, "sandbox")
        assert first.cluster == await installation.cluster(conn)
        assert await installation.stamp(conn, "live") == first
        await conn.execute("UPDATE installation SET timeline_id = 99")
        assert await installation.find(conn) != first
        await installation.adopt_cluster(conn)
        assert await installation.find(conn) == first
