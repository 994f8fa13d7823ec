"""Everything a run needs, started and ended: database, simulators, two services and the floor."""

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
from uuid import UUID

import aiohttp
import asyncpg

from app import sandbox
from app.postgres import Embedded
from app.tokens import SealedTokenStore
from db.migrate import migrate
from db.pool import Database
from domain.secret import Secret
from ordering.keys import Keys
from providers import REGISTRY
from providers.port import Configuration
from tests.bench import buying
from tests.bench.buying import Buyer
from tests.bench.children import child, serving
from tests.bench.seeding import COUNTS, add_delivered, imported
from tests.bench.workloads import Workload
from vault import RingFile, Vault

PLENTY = "1000000000"
PROVIDER_RATE = "1000000"
# The account at the provider that the imported orders belong to: the service's own.
CREDENTIAL = "SELECT credential FROM fulfillments WHERE provider = $1 LIMIT 1"
MOST_ORDERS = 500  # in a second: no side places more


@dataclass(frozen=True, slots=True)
class Side:
    """One of those that are compared: where each workload is sent, and its process."""

    name: str
    pid: int
    url: str

    def address(self, workload: str) -> str:
        return self.url.format(workload=workload)


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs. `orders` are the global ids of orders that are asked for alone, by name.

    `settings` are those of the service, which another one beside it may be started with.
    """

    service: Side
    off: Side | None
    floor: Side
    clients: Mapping[str, Mapping[str, str]]
    orders: dict[str, str]
    simulators: Mapping[str, str]
    session: aiohttp.ClientSession
    postgres: str
    dsn: str
    settings: Mapping[str, str]
    buyer: Buyer
    logs: Path

    @property
    def sides(self) -> list[Side]:
        """Everyone who answers, the service first and the floor last."""
        return [side for side in (self.service, self.off, self.floor) if side is not None]

    @property
    def database(self) -> int:
        """The process id of PostgreSQL."""
        return int((self.logs / "postgres" / "postmaster.pid").read_text().split()[0])

    @property
    def postgres_log(self) -> Path:
        """Where the database writes down what it is told to."""
        return self.logs / "postgres" / "log"

    def headers(self, client: str) -> dict[str, str]:
        return credentials(self.clients[client])

    async def bodies(self, workload: Workload, seconds: float = 0) -> list[dict[str, Any]]:
        """The one request of a workload, or as many as it may need for so many seconds."""
        if not workload.places:
            return [workload.body(self.orders)]
        return await self.buyer.bodies(workload.query, max(1, round(seconds * MOST_ORDERS)))

    async def set_latency(self, milliseconds: int) -> None:
        for url in self.simulators.values():
            wanted = {"latency_ms": milliseconds}
            async with self.session.put(f"{url}/_sim/settings", json=wanted) as response:
                response.raise_for_status()

    async def upstream_calls(self) -> int:
        """Requests that the simulators have answered so far."""
        return sum((await self.calls_by_provider()).values())

    async def calls_by_provider(self) -> dict[str, int]:
        """The same, of each."""
        calls = {}
        for name, url in self.simulators.items():
            async with self.session.get(f"{url}/_sim/requests") as response:
                calls[name] = sum((await response.json()).values())
        return calls


def credentials(client: Mapping[str, str]) -> dict[str, str]:
    return {"X-API-Key": client["key"], "X-API-Secret": client["secret"]}


@asynccontextmanager
async def stage(sampled: Path | None = None, *, off: bool = False) -> AsyncIterator[Stage]:
    """Set the scene in a directory that everyone may enter, and take it down again.

    `sampled` is where a sampler in the service is to write; without it there is none. `off`: with
    a second service beside the first, whose compiled execution is switched off.
    """
    base = await asyncio.to_thread(_directory)
    try:
        async with AsyncExitStack() as stack:
            yield await _set(stack, base, sampled, off=off)
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


async def _set(stack: AsyncExitStack, base: Path, sampled: Path | None, *, off: bool) -> Stage:
    embedded = Embedded(base / "postgres")
    dsn = await asyncio.to_thread(embedded.start)
    stack.push_async_callback(asyncio.to_thread, embedded.stop)
    await migrate(dsn)
    _, upstream = await stack.enter_async_context(
        child("tests.bench.upstream", COUNTS, base / "upstream.log")
    )
    data = base / "data"
    settings = _settings(dsn, data, upstream)

    async def served(name: str, sampled: Path | None = None, **more: str) -> tuple[Side, Any]:
        process, found = await stack.enter_async_context(
            serving(settings | more, base / f"{name}.json", base / f"{name}.log", sampled)
        )
        return Side(name, process.pid, found["graphql"]), found

    service, found = await served("service", sampled)
    session = await stack.enter_async_context(aiohttp.ClientSession())
    operator = credentials(found["clients"]["operator"])
    orders = await imported(session, found["graphql"], operator, upstream)
    clients = dict(found["clients"])
    spec, postgres, buyer = await _shared(dsn, data, upstream, clients)
    # After the imports, with the tokens that the first one got.
    without = (await served("off", VOUCHERGRAPH_COMPILED_EXECUTION="off"))[0] if off else None
    floor, answer = await stack.enter_async_context(
        child("tests.bench.floor", spec, base / "floor.log")
    )
    return Stage(
        service,
        without,
        Side("floor", floor.pid, answer["url"] + "/{workload}"),
        clients,
        orders,
        {name: spec["url"] for name, spec in upstream.items()},
        session,
        postgres,
        dsn,
        settings,
        buyer,
        base,
    )


def _settings(dsn: str, data: Path, upstream: Any) -> dict[str, str]:
    settings = {
        "DATABASE_URL": dsn,
        "VOUCHERGRAPH_DATA_DIR": str(data),
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


async def _shared(
    dsn: str, data: Path, upstream: Any, clients: dict[str, Any]
) -> tuple[dict[str, Any], str, Buyer]:
    """Fill the second account, add one that buys; what the floor must know, PostgreSQL's version.

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
        connection = await asyncpg.connect(dsn)
        try:
            postgres: str = await connection.fetchval("SHOW server_version")
            credential: str = await connection.fetchval(CREDENTIAL, buying.PROVIDER)
            owner, clients["buyer"] = await buying.added(connection, "buyer", clients["other"])
        finally:
            await connection.close()
        buyer = await buying.opened(database, dsn, owner, upstream[buying.PROVIDER]["goods"])
        return (
            {
                "dsn": dsn,
                "pepper": sandbox.opened(data).pepper.reveal(),
                "providers": upstream,
                "data_keys": {str(data_key.id): data_key.raw().hex()},
                "audit_key": (await keys.audit()).hex(),
                "buyer": {**await _buyers_keys(keys, owner), "credential": credential},
            },
            postgres,
            buyer,
        )
    finally:
        await database.close()


async def _buyers_keys(keys: Keys, account: UUID) -> dict[str, str]:
    key = await keys.of_account(account)
    return {
        "key_id": str(key.id),
        "key": key.raw().hex(),
        "fingerprint_key": (await keys.fingerprint()).raw().hex(),
        "reference_key": (await keys.reference()).hex(),
    }


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
