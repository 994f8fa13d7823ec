"""Starting, stopping, starting again; and the commands beside a running service."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import aiohttp
import pytest

from app.composition import StartRefused, core
from app.pepper import Pepper
from app.settings import load
from providers import REGISTRY
from tests.app.process import Running, command, serving, workplace
from vault import KeyRing

STOP_SECONDS = 5.0


async def hang(http: aiohttp.ClientSession, running: Running) -> asyncio.Task[None]:
    """A request that waits for a provider which never answers."""
    for url in running.ready["simulators"].values():
        faults = {
            "seed": 1,
            "faults": [
                {"operation": operation, "fault": "slow", "probability": 1, "delay_ms": 60_000}
                for operation in ("token", "order", "status", "vouchers", "find", "balance")
            ],
        }
        async with http.put(f"{url}/_sim/faults", json=faults) as response:
            assert response.status == 200

    async def ask() -> None:
        async with http.post(
            running.url,
            json={
                "query": "mutation ($i: OrderImportInput!) {"
                " orderImport(input: $i) { problems { code } } }",
                "variables": {"i": {"provider": "enkash", "orderId": "1234567890"}},
            },
            headers=running.headers("operator"),
        ) as response:
            await response.read()

    task = asyncio.create_task(ask())
    await asyncio.sleep(0.5)
    assert not task.done()
    return task


async def test_a_start_a_drain_and_a_second_start(http: aiohttp.ClientSession) -> None:
    with workplace() as directory:
        with serving(directory) as first:
            hanging = await hang(http, first)
            code, seconds = await asyncio.to_thread(first.stop)
            assert (code, seconds < STOP_SECONDS) == (0, True), f"{seconds} s: {first.log()}"
            assert not first.ready_file.exists()
            await asyncio.wait([hanging], timeout=1)
            assert "Traceback" not in first.log()
            secrets = first.ready["clients"]
        assert not (directory / "data" / "postgres" / "postmaster.pid").exists()
        started = time.monotonic()
        with serving(directory) as second:
            assert time.monotonic() - started < 10
            assert second.ready["clients"] == secrets
            code, _ = await asyncio.to_thread(second.stop, signal.SIGINT)
            assert code == 0
            assert hanging.done()


async def test_the_commands_beside_a_running_service(
    http: aiohttp.ClientSession, service: Running
) -> None:
    async def run(*words: str) -> str:
        done = await asyncio.to_thread(command, service.directory, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    account = await run("accounts", "create", "acme")
    assert f"{account}  acme" in await run("accounts", "list")
    made = await run("clients", "create", "--account", account, "--scope", "catalog:read")
    words = made.split()
    headers = {"X-API-Key": words[1], "X-API-Secret": words[3]}
    query = {"query": "{ viewer { accountName } }"}
    async with http.post(service.url, json=query, headers=headers) as response:
        assert (await response.json())["data"]["viewer"]["accountName"] == "acme"
    listed = await run("clients", "list", "--account", account)
    assert listed.split() == [words[1], "acme", "client", "active", "catalog:read"]
    rotated = (await run("clients", "rotate", words[1], "--overlap", "2")).split()
    assert rotated[1] == words[1]
    for secret in (words[3], rotated[3]):
        sent = {"X-API-Key": words[1], "X-API-Secret": secret}
        async with http.post(service.url, json=query, headers=sent) as response:
            assert response.status == 200
    listed = await run("clients", "list", "--account", account)
    assert "  rotating until 2" in listed
    assert rotated[3] not in listed
    await run("clients", "revoke", words[1])
    assert "  revoked  " in await run("clients", "list", "--account", account)
    assert "every chain holds" in await run("audit", "verify")
    assert service.process.poll() is None
    async with http.get(f"{service.base}/readyz") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("clients", "create", "--account", "x", "--scope", "catalog:read"), "x"),
        (
            (
                *("clients", "create", "--account", "00000000-0000-0000-0000-000000000000"),
                *("--scope", "orders:import", "--scope", "vouchers:reveal"),
            ),
            "may not be on one client",
        ),
        (("clients", "rotate", "vgtest_" + "a" * 26), "no such client"),
        (("clients", "rotate", "vgtest_" + "a" * 26, "--overlap", "-1"), "--overlap"),
        (
            (
                *("clients", "create", "--account", "00000000-0000-0000-0000-000000000000"),
                *("--scope", "catalog:read", "--expires", "2020-01-01"),
            ),
            "in the past",
        ),
        (("migrate",), "DATABASE_URL is not set"),
    ],
)
def test_a_refused_command_says_why_in_a_line(
    service: Running, words: tuple[str, ...], said: str
) -> None:
    done = command(service.directory, *words)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_schema_is_printed_without_any_settings(tmp_path: Path) -> None:
    done = command(tmp_path, "sdl")
    assert done.returncode == 0, done.stderr
    assert "type Query" in done.stdout
    assert "_service" not in done.stdout
    assert "_service" in command(tmp_path, "sdl", "--federation").stdout


def test_a_taken_port_is_told(service: Running, tmp_path: Path) -> None:
    port = service.base.rpartition(":")[2]
    done = command(service.directory, "serve", VOUCHERGRAPH_PORT=port)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"error: cannot listen on 127.0.0.1:{port}")
    assert service.process.poll() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as another user")
def test_a_directory_that_others_cannot_enter_is_not_opened(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    done = command(closed, "serve")
    assert done.returncode == 1
    assert "VOUCHERGRAPH_DATA_DIR" in done.stderr
    assert closed.stat().st_mode & 0o777 == 0o700


LIVE = {
    "VOUCHERGRAPH_MODE": "live",
    "VOUCHERGRAPH_KEY_RING": KeyRing.generate(),
    "VOUCHERGRAPH_SECRET_PEPPER": Pepper.generate(),
    "ENKASH_BASE_URL": "http://127.0.0.1:9",
    "ENKASH_CLIENT_ID": "id",
    "ENKASH_CLIENT_SECRET": "secret",
    "ENKASH_USERNAME": "user",
    "ENKASH_PASSWORD": "password",
}


@pytest.mark.parametrize(("first", "then"), [("sandbox", "live"), ("live", "sandbox")])
async def test_a_database_stays_in_its_mode(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, postgres_dsn: str, first: str, then: str
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {**LIVE, "DATABASE_URL": postgres_dsn, "VOUCHERGRAPH_DATA_DIR": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VOUCHERGRAPH_MODE", first)
    async with core(load(REGISTRY)) as parts:
        assert (parts.sandbox is not None) == (first == "sandbox")
    monkeypatch.setenv("VOUCHERGRAPH_MODE", then)
    with pytest.raises(StartRefused, match=f"belongs to {first} mode"):
        async with core(load(REGISTRY)):
            pytest.fail("it started")


async def test_live_does_not_start_while_a_demo_client_exists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, postgres_dsn: str
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {**LIVE, "DATABASE_URL": postgres_dsn, "VOUCHERGRAPH_DATA_DIR": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    async with core(load(REGISTRY)) as parts, parts.database.worker() as conn:
        await conn.execute("INSERT INTO accounts (id, name) VALUES (gen_random_uuid(), 'demo')")
        await conn.execute(
            "INSERT INTO api_clients (id, account, key_id, name, secret_mac, pepper_version,"
            " scopes, demo) SELECT gen_random_uuid(), id, 'vgtest_x', 'x', '', 1, '{}', true"
            " FROM accounts"
        )
    with pytest.raises(StartRefused, match="demo client"):
        async with core(load(REGISTRY)):
            pytest.fail("it started")


async def test_a_database_without_its_migrations_is_not_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, postgres_server: object
) -> None:
    monkeypatch.chdir(tmp_path)
    async with postgres_server.database("template1") as dsn:  # type: ignore[attr-defined]
        monkeypatch.setenv("DATABASE_URL", dsn)
        monkeypatch.setenv("VOUCHERGRAPH_DATA_DIR", str(tmp_path))
        with pytest.raises(StartRefused, match="vouchergraph migrate"):
            async with core(load(REGISTRY)):
                pytest.fail("it started")
        done = await asyncio.to_thread(command, tmp_path, "migrate", DATABASE_URL=dsn)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("applied: 0001")
        async with core(load(REGISTRY)):
            pass


def test_a_broken_sandbox_file_is_not_overwritten(service: Running) -> None:
    with workplace() as directory:
        (directory / "data").mkdir()
        (directory / "data" / "sandbox.json").write_text(json.dumps({"pepper": "x"}))
        done = command(directory, "accounts", "list")
        assert done.returncode == 1
        assert "sandbox.json cannot be read" in done.stderr
