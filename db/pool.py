"""The pool, and the two ways into the database: as a viewer of one account, or as the worker.

Every access is a short transaction opened by one message that also sets role and account, so that
nothing of one request can reach the next, through PgBouncer in transaction mode as well. Inside
one, `Connection.transaction()` is refused by the driver (use SAVEPOINT by SQL).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from db.connections import Connection, Connections, Driver
from db.roles import OWNER, ROLES, VIEWER, WORKER
from domain.problems import invalid

__all__ = [
    "UNREACHABLE",
    "Connection",
    "Database",
    "DatabaseUnavailable",
    "Record",
    "Transaction",
    "TransactionLost",
    "WallBroken",
    "check_wall",
    "mention_events",
]

log = structlog.get_logger()

Record: TypeAlias = asyncpg.Record

# A connection that does not come back from ROLLBACK in this time is thrown away.
ROLLBACK_SECONDS = 5.0
UNREACHABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
# The server or the network ended the connection: whether a COMMIT under way succeeded is not known.
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
)
# Also raised for our own mistakes; on a connection that is gone they mean that.
MAYBE_LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError)


class News:
    """Whether a transaction wrote into an order log, for those who wait for it."""

    events = False


_news: ContextVar[News | None] = ContextVar("news", default=None)


def mention_events() -> None:
    """Have those who wait for order events woken after the COMMIT of the open transaction."""
    if (news := _news.get()) is not None:
        news.events = True


def array_text(items: Iterable[object]) -> str:
    """An array as one text, for `$1::text::uuid[]`: the driver looks at every element of others.

    For ids, numbers and names, whose texts need no quoting. In a condition let `(SELECT ...)` read
    it, or it is read for every row that is looked at.
    """
    return "{" + ",".join(map(str, items)) + "}"


class DatabaseUnavailable(Exception):
    """No connection could be made, none became free in time, or it was lost on the way."""


class TransactionLost(Exception):
    """The transaction ended in ROLLBACK although the caller meant to commit.

    Somebody caught a database error inside it and went on.
    """


class WallBroken(Exception):
    """The database does not keep accounts apart; the text says what to repair."""


class Database:
    """A pool of connections to one database.

    `statement_cache_size` 0 suits poolers that do not know prepared statements (PgBouncer before
    1.21, or with max_prepared_statements 0).
    """

    def __init__(
        self,
        dsn: str,
        *,
        min_size: int = 1,
        max_size: int = 10,
        statement_cache_size: int = 256,
        acquire_seconds: float = 10.0,
    ) -> None:
        self._dsn = dsn
        self._sizes = (min_size, max_size)
        self._statement_cache_size = statement_cache_size
        self._acquire_seconds = acquire_seconds
        self._pool: Connections | None = None
        self._tell: Callable[[], None] | None = None

    async def open(self) -> None:
        """Connect; DatabaseUnavailable when that fails."""
        fewest, most = self._sizes
        pool = Connections(self._connect, fewest=fewest, most=most, patience=self._acquire_seconds)
        try:
            await pool.open()
        except (*UNREACHABLE, ValueError) as error:
            raise DatabaseUnavailable(
                f"no connection to the database ({type(error).__name__})"
            ) from None
        self._pool = pool

    async def _connect(self) -> Driver:
        return await asyncpg.connect(
            self._dsn,
            statement_cache_size=self._statement_cache_size,
            server_settings={"application_name": "vouchergraph"},
            timeout=self._acquire_seconds,
        )

    async def close(self) -> None:
        """Wait for running transactions, then close; safe to call twice."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), ROLLBACK_SECONDS)
            except TimeoutError:
                pool.terminate()

    def when_events(self, tell: Callable[[], None]) -> None:
        """Call this after every transaction that wrote into an order log (see `events.append`)."""
        self._tell = tell

    def viewer(self, account: UUID, *, read_only: bool = False) -> "Transaction":
        """A transaction that sees and writes the rows of one account only."""
        begin = "BEGIN READ ONLY" if read_only else "BEGIN"
        # The UUID's own text, since a message of several statements takes no parameters.
        return self._transaction(
            f"{begin}; SET LOCAL ROLE {VIEWER}; SET LOCAL vg.account = '{UUID(int=account.int)}'"
        )

    def worker(self, *, read_only: bool = False) -> "Transaction":
        """A transaction of the background worker or an operator: all accounts, limited rights."""
        begin = "BEGIN READ ONLY" if read_only else "BEGIN"
        return self._transaction(f"{begin}; SET LOCAL ROLE {WORKER}")

    def _transaction(self, opening: str) -> "Transaction":
        return Transaction(self, opening)

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        conn, pool = await self.take()
        handle = Connection(conn)
        try:
            yield handle
        finally:
            handle.over()
            pool.give_back(conn)

    async def take(self) -> tuple[Driver, Connections]:
        """A connection, and whom to give it back to. DatabaseUnavailable."""
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailable("the database is not open")
        try:
            return await pool.take(), pool
        except UNREACHABLE as error:
            raise DatabaseUnavailable(
                f"no connection to the database ({type(error).__name__})"
            ) from None

    def told(self) -> None:
        """Wake those who wait for order events."""
        if self._tell is not None:
            self._tell()


class Transaction:
    """One transaction on a connection of its own; a request opens several, so it is lean."""

    __slots__ = ("_around", "_conn", "_database", "_handle", "_news", "_opening", "_pool")

    def __init__(self, database: Database, opening: str) -> None:
        self._database = database
        self._opening = opening

    async def __aenter__(self) -> Connection:
        self._conn, self._pool = await self._database.take()
        self._handle = Connection(self._conn)
        self._around, self._news = _news.get(), News()
        _news.set(self._news)
        try:
            await self._conn.execute(self._opening)
        except BaseException as error:
            try:
                await self._failed(error)
            finally:
                self._over()
            raise
        return self._handle

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._commit()
            else:
                await self._failed(error)
        finally:
            self._over()

    async def _commit(self) -> None:
        try:
            await _commit(self._conn)
        except BaseException as error:
            await self._failed(error)
            raise

    async def _failed(self, error: BaseException) -> None:
        """Roll back; raise what is to be said in the error's stead, if anything is."""
        lost = await _roll_back(self._conn)
        if isinstance(error, LOST) or (lost and isinstance(error, MAYBE_LOST)):
            raise DatabaseUnavailable("the connection to the database was lost") from None
        if isinstance(error, asyncpg.CharacterNotInRepertoireError):
            # A NUL, the one character that is text everywhere but in PostgreSQL.
            raise invalid("a text may not hold a NUL character") from None

    def _over(self) -> None:
        _news.set(self._around)
        self._handle.over()
        self._pool.give_back(self._conn)
        # Also where the end is not known: a needless wake-up finds nothing.
        if self._news.events:
            self._database.told()


async def _commit(conn: Driver) -> None:
    if await conn.execute("COMMIT") != "COMMIT":
        raise TransactionLost("the transaction was rolled back by an earlier error in it")


async def _roll_back(conn: Driver) -> bool:
    """End the transaction, or the connection: never back to the pool with either open.

    Whether the connection is gone.
    """
    if conn.is_closed():
        return True
    task = asyncio.ensure_future(conn.execute("ROLLBACK", timeout=ROLLBACK_SECONDS))
    try:
        await asyncio.shield(task)
    except BaseException as error:
        task.cancel()
        conn.terminate()
        if not isinstance(error, Exception):
            raise
        log.warning("database.connection_dropped", reason=type(error).__name__)
        return True
    return False


WALL = """
SELECT
  (SELECT coalesce(array_agg(rolname::text ORDER BY rolname), '{}') FROM pg_roles
    WHERE rolname = ANY($1::text[]) AND (rolsuper OR rolbypassrls)) AS too_strong,
  (SELECT coalesce(array_agg(wanted), '{}') FROM unnest($1::text[]) wanted
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted)) AS missing,
  (SELECT coalesce(array_agg(c.relname::text ORDER BY c.relname), '{}')
     FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
      AND (c.relname = 'accounts' OR EXISTS (
            SELECT FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attname = 'account' AND NOT a.attisdropped))
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)) AS unguarded,
  (SELECT coalesce(array_agg(c.relname::text ORDER BY c.relname), '{}')
     FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
      AND c.relrowsecurity AND has_table_privilege($2, c.oid, 'SELECT')) AS guarded"""


async def check_wall(database: Database) -> None:
    """Raise WallBroken unless the roles and policies keep accounts apart.

    The roles exist, none is a superuser or passes row-level security, the login may switch to
    them, every table with an account is guarded, and a viewer without an account sees nothing.
    """
    async with database._acquired() as conn:  # noqa: SLF001
        found = await conn.fetchrow(WALL, list(ROLES), VIEWER)
    if found is None or found["missing"]:
        raise WallBroken(
            f"missing roles: {_list(found['missing'] if found else None)}; run the migrations"
        )
    if found["too_strong"]:
        raise WallBroken(f"superuser or BYPASSRLS must be taken from: {_list(found['too_strong'])}")
    if found["unguarded"]:
        raise WallBroken(f"row-level security is not forced on: {_list(found['unguarded'])}")
    for role in (VIEWER, WORKER):
        try:
            async with database._transaction(f"BEGIN; SET LOCAL ROLE {role}") as conn:  # noqa: SLF001
                if role == VIEWER:
                    await _sees_nothing(conn, found["guarded"])
        except asyncpg.InsufficientPrivilegeError:
            raise WallBroken(
                f"the login may not switch to {role}: GRANT {', '.join(ROLES)} to it"
            ) from None


async def _sees_nothing(conn: Connection, tables: list[str]) -> None:
    questions = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM public.{table})"  # noqa: S608
        for table in tables
    )
    if not tables:
        raise WallBroken(f"no table is guarded; is {OWNER}'s schema migrated?")
    visible = [row[0] for row in await conn.fetch(questions)]
    if visible:
        raise WallBroken(f"{VIEWER} without an account sees rows of: {_list(visible)}")


def _list(names: list[str] | None) -> str:
    return ", ".join(names or [])
