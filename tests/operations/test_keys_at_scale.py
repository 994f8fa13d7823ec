"""Rotation with every value sealed anew while reveals run; `REKEY_VALUES` says how many values."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db import sealed_values, vouchers
from domain.ids import Kind, global_id
from domain.orders import OrderStatus
from domain.secret import Secret
from domain.vouchers import SecretField
from ordering.keys import Keys
from ordering.rekeying import Rekeying
from ordering.resealing import Resealing
from tests.app.process import ROOT, environment
from tests.db import samples
from tests.operations.service import Service, running
from vault import Binding, KeyRing, MasterRefused, RingFile, Vault

VALUES = int(os.environ.get("REKEY_VALUES", "20000"))
ACCOUNTS = ("demo", "other")
PER_ORDER = 100  # vouchers, each with a code and a PIN
READERS, AT_ONCE = 3, 20
PLENTY = {
    f"VOUCHERGRAPH_{name}": "100000000"
    for name in (
        "RATE_PER_MINUTE",
        "RATE_PER_10_SECONDS",
        "REVEALS_PER_ORDER_HOUR",
        "REVEALED_VOUCHERS_PER_HOUR",
        "COST_BUDGET",
    )
}
REVEAL = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Voucher { id code pin } } }"


@dataclass
class Crowd:
    """Clients that reveal without a pause, and compare what they get with what was sealed."""

    service: Service
    sealed: dict[str, dict[str, str]] = field(default_factory=dict)
    reveals: int = 0
    failures: list[Any] = field(default_factory=list)

    async def add(self, account: str) -> None:
        """Vouchers of delivered orders, really sealed."""
        database, services = self.service.program.database, self.service.program.services
        async with database.worker() as conn:
            owner = await conn.fetchval("SELECT id FROM accounts WHERE name = $1", account)
        key = await services.keys.of_account(owner)
        for n in range(VALUES // 2 // PER_ORDER // len(ACCOUNTS)):
            of = samples.whole(owner, n, quantity=PER_ORDER, provider=f"acme-{account}")
            await samples.stored(database, of, due_at=None)
            units = [samples.voucher(of, f"{account}-{n}-{number}") for number in range(PER_ORDER)]
            for unit in units:
                place = hashlib.sha256(unit.fingerprint).hexdigest()
                shown = {"code": f"CODE-{place}", "pin": f"PIN-{place[:9]}"}
                self.sealed[global_id(Kind.VOUCHER, unit.voucher.id)] = shown
                for name in (SecretField.CODE, SecretField.PIN):
                    binding = Binding(owner, unit.voucher.id, name)
                    sealed = services.vault.seal(key, Secret(shown[name.value]), binding)
                    unit.sealed[name] = sealed  # type: ignore[index]
            async with database.worker() as conn:
                await vouchers.add(conn, units)
                await conn.execute(
                    "UPDATE orders SET status = $2 WHERE id = $1",
                    *(of.order.id, OrderStatus.DELIVERED.value),
                )

    @asynccontextmanager
    async def revealing(self) -> AsyncIterator[None]:
        """All the while, by the client of each account."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._reveal(number)) for number in range(READERS)]
            yield
            for task in tasks:
                task.cancel()

    async def goes_on(self) -> None:
        """Wait for some more reveals."""
        end = self.reveals + 200
        for _ in range(600):
            if self.reveals >= end:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"no more reveals: {self.failures[:3]}")

    async def _reveal(self, number: int) -> None:
        client = self.service.client("other" if number % len(ACCOUNTS) else "partner")
        first = 0 if number % len(ACCOUNTS) == 0 else len(self.sealed) // 2
        ids = list(self.sealed)[first : first + len(self.sealed) // 2]
        at = number * 997
        while True:
            wanted = [ids[(at + step * 131) % len(ids)] for step in range(AT_ONCE)]
            at += AT_ONCE * 131
            answer = await client.send(REVEAL, {"ids": list(dict.fromkeys(wanted))})
            if answer.body.get("errors") or answer.body["data"] is None:
                self.failures.append(answer.body["errors"])
                continue
            for node in answer.body["data"]["nodes"]:
                if {"code": node["code"], "pin": node["pin"]} != self.sealed[node["id"]]:
                    self.failures.append(node["id"])
            self.reveals += len(answer.body["data"]["nodes"])


@pytest.fixture
async def crowd(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path
) -> AsyncIterator[Crowd]:
    async with running(monkeypatch, postgres_dsn, tmp_path, **PLENTY) as service:
        crowd = Crowd(service)
        for account in ACCOUNTS:
            await crowd.add(account)
        yield crowd


def command(dsn: str, data_dir: Path, *words: str) -> subprocess.Popen[str]:
    """A command of the program, in a process of its own beside the service."""
    settings = environment(DATABASE_URL=dsn, VOUCHERGRAPH_DATA_DIR=str(data_dir))
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "app", "keys", *words],
        cwd=data_dir,
        env={**settings, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = await asyncio.to_thread(process.communicate)
    return process.returncode, out, err


async def test_everything_is_sealed_anew_under_a_new_master_while_reveals_run(
    crowd: Crowd, postgres_dsn: str, tmp_path: Path
) -> None:
    database = crowd.service.program.database
    async with crowd.revealing():
        code, out, err = await ended(command(postgres_dsn, tmp_path, "rotate"))
        assert (code, "version 2 is active" in out) == (0, True), err
        code, _, err = await ended(command(postgres_dsn, tmp_path, "retire", "1"))
        assert code == 1
        assert "data keys are sealed under master key version 1" in err
        code, out, err = await ended(command(postgres_dsn, tmp_path, "rewrap"))
        assert (code, "data keys moved" in out) == (0, True), err

        await killed_in_the_middle(crowd, postgres_dsn, tmp_path)
        vault = Vault(RingFile(tmp_path / "keys" / "key-ring"))
        keys = Keys(database, vault)
        work = Rekeying(database, vault, keys)
        # The grace of the command is longer than a test should take; the service only reveals.
        run = Resealing(database, vault, keys, work, grace=timedelta(seconds=2))
        done = await run.run(None, lambda *_: None)
        assert (done.resumed, done.unreadable, done.kept) == (True, 0, 0)
        assert done.replaced == 0
        assert 0 < done.values < VALUES + 10
        code, out, err = await ended(command(postgres_dsn, tmp_path, "retire", "1"))
        assert (code, out) == (0, "master key version 1 is retired\n"), err
        await crowd.goes_on()
    assert crowd.failures == []
    assert crowd.reveals > 500

    # The ring has the new version only, and everything opens with it.
    ring = KeyRing.parse((tmp_path / "keys" / "key-ring").read_text())
    assert ring.versions == (2,)
    await all_open(crowd, Vault(ring))
    code, out, err = await ended(command(postgres_dsn, tmp_path, "status"))
    assert "values under old data keys: 0" in out, err
    with pytest.raises(MasterRefused):
        await work.retire(2)


async def killed_in_the_middle(crowd: Crowd, dsn: str, tmp_path: Path) -> None:
    """`keys rewrap --values`, killed when it has done a part of its work."""
    process = command(dsn, tmp_path, "rewrap", "--values")
    left = VALUES
    while not 0 < left < VALUES * 0.9:
        assert process.poll() is None, process.communicate()
        await asyncio.sleep(0.05)
        async with crowd.service.program.database.worker() as conn:
            left = await sealed_values.count_behind(conn) or VALUES
    process.send_signal(signal.SIGKILL)
    await ended(process)
    async with crowd.service.program.database.worker() as conn:
        assert await sealed_values.count_behind(conn) > 0


async def all_open(crowd: Crowd, vault: Vault) -> None:
    database = crowd.service.program.database
    keys = Keys(database, vault)
    async with database.worker() as conn:
        rows = await conn.fetch("SELECT id, account, code, pin FROM vouchers")
    assert len(rows) == len(crowd.sealed)
    opened = await keys.of_values([row["code"] for row in rows] + [row["pin"] for row in rows])
    for row in rows:
        for name in ("code", "pin"):
            key = opened[vault.key_id_of(row[name])]
            value = vault.open(key, row[name], Binding(row["account"], row["id"], name))
            id: UUID = row["id"]
            assert value.reveal() == crowd.sealed[global_id(Kind.VOUCHER, id)][name]
