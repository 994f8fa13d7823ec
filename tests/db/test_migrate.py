import asyncio
import subprocess
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from db import migrate as module
from db.migrate import MIGRATIONS, MigrationFailed, migrate, pending, versions
from db.pool import Database, WallBroken, check_wall
from tests.db import samples
from tests.postgres import Server, running_postgres


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[Server]:
    """A cluster of its own without our roles, for tests that are about making them."""
    with running_postgres() as server:
        yield server


def as_login(dsn: str, login: str) -> str:
    return dsn.replace("postgres:@", f"{login}:hunter2%21@", 1)


async def test_migrating_applies_everything_once(postgres_server: Server) -> None:
    async with postgres_server.database("template1") as dsn:
        assert await pending(dsn) == versions()
        assert await migrate(dsn) == versions()
        assert await migrate(dsn) == []
        assert await pending(dsn) == []


async def test_replicas_and_databases_starting_together_do_not_collide(cluster: Server) -> None:
    # The first ones on this cluster: the roles are made by whoever is first, too.
    async with cluster.database("template1") as one, cluster.database("template1") as two:
        applied = await asyncio.gather(*(migrate(dsn) for dsn in (one, two, one, two, one, two)))
        assert sorted(applied) == [[], [], [], [], versions(), versions()]
        for dsn in (one, two):
            database = Database(dsn)
            await database.open()
            await check_wall(database)
            await database.close()


async def test_an_ordinary_login_that_may_create_roles_suffices(cluster: Server) -> None:
    await cluster.execute(
        "CREATE ROLE ordinary LOGIN CREATEROLE",
        # As on a cluster of its own: the login is the one that makes the roles.
        *(f"DROP OWNED BY {role}; DROP ROLE {role}" for role in await our_roles(cluster)),
    )
    async with cluster.database("template1") as dsn:
        name = urlsplit(dsn).path.removeprefix("/")
        await cluster.execute(f"ALTER DATABASE {name} OWNER TO ordinary")
        mine = as_login(dsn, "ordinary")
        assert await migrate(mine) == versions()
        assert await migrate(mine) == []
        database = Database(mine)
        await database.open()
        await check_wall(database)
        account = await samples.account(database, "demo")
        await samples.stored(database, samples.whole(account))
        # Without its SET ROLE the login has no right of any role.
        async with database._acquired() as conn:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.fetchval("SELECT count(*) FROM orders")
        await database.close()


async def test_a_login_without_rights_is_told_what_to_do(cluster: Server) -> None:
    await migrate(cluster.dsn())
    await cluster.execute("CREATE ROLE stranger LOGIN")
    async with cluster.database("template1") as dsn:
        with pytest.raises(MigrationFailed, match=r"stranger.*CREATEROLE.*GRANT") as caught:
            await migrate(as_login(dsn, "stranger"))
        assert "hunter2" not in str(caught.value)
        assert await pending(dsn) == versions()
        await migrate(dsn)
        database = Database(as_login(dsn, "stranger"))
        await database.open()
        with pytest.raises(WallBroken, match="GRANT"):
            await check_wall(database)
        await database.close()


async def our_roles(cluster: Server) -> list[str]:
    conn = await asyncpg.connect(cluster.dsn())
    rows = await conn.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'vg\\_%'")
    await conn.close()
    return [row["rolname"] for row in rows]


async def test_a_broken_migration_leaves_nothing_behind(
    postgres_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0001_half.sql").write_text(
        "-- migrate:up\nCREATE TABLE half (i int);\nSELECT broken;\n-- migrate:down\n"
    )
    monkeypatch.setattr(module, "MIGRATIONS", tmp_path)
    async with postgres_server.database("template1") as dsn:
        with pytest.raises(MigrationFailed, match="broken"):
            await migrate(dsn)
        assert await pending(dsn) == ["0001"]
        conn = await asyncpg.connect(dsn)
        assert await conn.fetchval("SELECT to_regclass('half')") is None
        await conn.close()


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:hunter2%21@127.0.0.1:1/db",
        "postgresql://me@127.0.0.1:1/db?password=hunter2%21",
        "postgresql://me:hunter2%21@127.0.0.1:notaport/db",
        "postgresql://me:hunter2%21@[::1/db",
        "mysql://me:hunter2%21@127.0.0.1/db",
        "hunter2!",
    ],
)
async def test_errors_never_show_the_password(dsn: str) -> None:
    for call in (migrate, pending):
        with pytest.raises(MigrationFailed) as caught:
            await call(dsn)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("dsn", "encrypted", "url"),
    [
        ("postgresql://a:b@h/d", True, "postgresql://a:b@h/d?sslmode=require"),
        ("postgresql://a:b@h/d", False, "postgresql://a:b@h/d?sslmode=disable"),
        ("postgresql://h/d?sslmode=verify-full", True, "postgresql://h/d?sslmode=verify-full"),
        (
            "postgresql://a:@/d?host=/run/x",
            False,
            "postgresql://a:@/d?host=/run/x&sslmode=disable",
        ),
    ],
)
def test_the_tool_encrypts_as_our_own_connection_did(dsn: str, encrypted: bool, url: str) -> None:
    assert module._url(dsn, encrypted=encrypted) == url


def test_migrations_pass_the_linter() -> None:
    linter = Path(sysconfig.get_path("scripts")) / "squawk"
    found = subprocess.run(  # noqa: S603
        [linter, "--assume-in-transaction", "--pg-version=15.0", *sorted(MIGRATIONS.glob("*.sql"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout
