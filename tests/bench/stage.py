"""Everything a run needs, started and ended: database, simulators, the service and the floor."""

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from app import sandbox
from app.postgres import Embedded
from app.tokens import SealedTokenStore
from db.migrate import migrate
from db.pool import Database
from domain.secret import Secret
from ordering.keys import Keys
from providers import REGISTRY
from providers.port import Configuration
from tests.bench.children import child, serving
from tests.bench.seeding import COUNTS, add_delivered, imported
from vault import RingFile, Vault

PLENTY = "1000000000"
PROVIDER_RATE = "1000000"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared: where each workload is sent, and its process."""

    name: str
    pid: int
    url: str

    def address(self, workload: str) -> str:
        return self.url.format(workload=workload)


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs. `orders` are the global ids of orders that are asked for alone, by name."""

    service: Side
    floor: Side
    clients: Mapping[str, Mapping[str, str]]
    orders: dict[str, str]
    simulators: Mapping[str, str]
    session: aiohttp.ClientSession
    postgres: str
    logs: Path

    def headers(self, client: str) -> dict[str, str]:
        return credentials(self.clients[client])

    async def set_latency(self, milliseconds: int) -> None:
        for url in self.simulators.values():
            wanted = {"latency_ms": milliseconds}
            async with self.session.put(f"{url}/_sim/settings", json=wanted) as response:
                response.raise_for_status()

    async def upstream_calls(self) -> int:
        """Requests that the simulators have answered so far."""
        total = 0
        for url in self.simulators.values():
            async with self.session.get(f"{url}/_sim/requests") as response:
                total += sum((await response.json()).values())
        return total


def credentials(client: Mapping[str, str]) -> dict[str, str]:
    return {"X-API-Key": client["key"], "X-API-Secret": client["secret"]}


@asynccontextmanager
async def stage(sampled: Path | None = None) -> AsyncIterator[Stage]:
    """Set the scene in a directory that everyone may enter, and take it down again.

    `sampled` is where a sampler in the service is to write; without it there is none.
    """
    base = await asyncio.to_thread(_directory)
    try:
        async with AsyncExitStack() as stack:
            yield await _set(stack, base, sampled)
    finally:
        await asyncio.to_thread(shutil.rmtree, base, ignore_errors=True)


def _directory() -> Path:
    base = Path(tempfile.mkdtemp(prefix="vg-bench-"))
    # The embedded server makes its lock file once more when we exit; what is registered first,
    # before the server is made, is called last.
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    # PostgreSQL does not run as root: its own user must be able to reach the data.
    base.chmod(0o755)
    return base


async def _set(stack: AsyncExitStack, base: Path, sampled: Path | None) -> Stage:
    embedded = Embedded(base / "postgres")
    dsn = await asyncio.to_thread(embedded.start)
    stack.push_async_callback(asyncio.to_thread, embedded.stop)
    await migrate(dsn)
    _, upstream = await stack.enter_async_context(
        child("tests.bench.upstream", COUNTS, base / "upstream.log")
    )
    data, ready = base / "data", base / "ready.json"
    process, found = await stack.enter_async_context(
        serving(_settings(dsn, data, ready, upstream), ready, base / "service.log", sampled)
    )
    session = await stack.enter_async_context(aiohttp.ClientSession())
    operator = credentials(found["clients"]["operator"])
    orders = await imported(session, found["graphql"], operator, upstream)
    spec, postgres = await _shared(dsn, data, upstream)
    floor, answer = await stack.enter_async_context(
        child("tests.bench.floor", spec, base / "floor.log")
    )
    return Stage(
        Side("service", process.pid, found["graphql"]),
        Side("floor", floor.pid, answer["url"] + "/{workload}"),
        found["clients"],
        orders,
        {name: spec["url"] for name, spec in upstream.items()},
        session,
        postgres,
        base,
    )


def _settings(dsn: str, data: Path, ready: Path, upstream: Any) -> dict[str, str]:
    settings = {
        "DATABASE_URL": dsn,
        "VOUCHERGRAPH_DATA_DIR": str(data),
        "VOUCHERGRAPH_READY_FILE": str(ready),
        "VOUCHERGRAPH_PORT": "0",
        # No background work: only requests are to be measured.
        "VOUCHERGRAPH_WORKERS": "0",
        # An open order is asked for at each request.
        "VOUCHERGRAPH_LIVE_STATUS_SECONDS": "0",
        "VOUCHERGRAPH_RATE_PER_MINUTE": PLENTY,
        "VOUCHERGRAPH_RATE_PER_10_SECONDS": PLENTY,
        "VOUCHERGRAPH_COST_BUDGET": PLENTY,
        "VOUCHERGRAPH_REVEALS_PER_ORDER_HOUR": PLENTY,
        "VOUCHERGRAPH_REVEALED_VOUCHERS_PER_HOUR": PLENTY,
    }
    for name, spec in upstream.items():
        prefix = name.upper()
        settings[f"{prefix}_BASE_URL"] = spec["url"]
        settings[f"{prefix}_RATE_PER_MINUTE"] = PROVIDER_RATE
        for field, value in spec["credentials"].items():
            settings[f"{prefix}_{field.upper()}"] = value
    return settings


async def _shared(dsn: str, data: Path, upstream: Any) -> tuple[dict[str, Any], str]:
    """Fill the second account; what the floor must know of the service, and PostgreSQL's version.

    The floor uses the tokens that the service has got: a second login may end the first one's.
    """
    database = Database(dsn, max_size=2)
    await database.open()
    try:
        vault = Vault(RingFile(sandbox.key_ring_file(data)))
        keys = Keys(database, vault)
        account = await add_delivered(database, vault, keys, sandbox.DEMO["other"][0])
        data_key = await keys.of_account(account)
        for name, spec in upstream.items():
            login = REGISTRY[name].login_digest(_configuration(name, spec))
            stored = await SealedTokenStore(database, vault, keys, name, login).load()
            spec["token"] = stored.token.access.reveal() if stored.token else ""
        async with database.worker() as conn:
            postgres: str = await conn.fetchval("SHOW server_version")
        return {
            "dsn": dsn,
            "pepper": sandbox.opened(data).pepper.reveal(),
            "providers": upstream,
            "data_keys": {str(data_key.id): data_key.raw().hex()},
            "audit_key": (await keys.audit()).hex(),
        }, postgres
    finally:
        await database.close()


def _configuration(name: str, spec: Any) -> Configuration:
    provider = REGISTRY[name]
    values = {field.name: field.default for field in provider.fields} | spec["credentials"]
    return Configuration(
        base_url=spec["url"],
        values={key: Secret(value) for key, value in values.items() if value is not None},
        timeout=provider.timeout,
        rate_per_minute=provider.rate_per_minute,
        settling=provider.settling or timedelta(0),
        sandbox=True,
    )
