"""The whole service in this process, as a client meets it: HTTP in front, simulators behind."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg

from app import explorer
from app.composition import core, opened_providers
from app.console import Console
from app.listening import listener
from app.program import Program
from app.server import HEADERS, build
from app.settings import load
from ordering.fulfill import Fulfiller
from providers import REGISTRY
from simulators import Simulator
from simulators.world import Order, Purchase, State, Step

BOOKKEEPING = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SET |DISCARD|SELECT pg_|SHOW |LISTEN|UNLISTEN|NOTIFY)",
    re.IGNORECASE,
)


@dataclass
class Answer:
    """One GraphQL answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def data(self) -> Any:
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]


@dataclass
class Client:
    """Sends operations with one client's credentials; None: the anonymous."""

    url: str
    session: aiohttp.ClientSession
    credentials: Mapping[str, str] | None

    async def send(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        method: str = "POST",
        **headers: str,
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.credentials:
            sent |= {
                "X-API-Key": self.credentials["key"],
                "X-API-Secret": self.credentials["secret"],
            }
        if method == "GET":
            request = self.session.get(self.url, params={"query": query}, headers=sent)
        else:
            body = {"query": query, "variables": dict(variables or {})}
            request = self.session.post(self.url, json=body, headers=sent)
        async with request as response:
            return Answer(response.status, dict(response.headers), await response.json())

    async def data(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        return (await self.send(query, variables)).data


@dataclass
class Statements:
    """The data statements that reached PostgreSQL, in order."""

    sent: list[str] = field(default_factory=list)

    def log(self, record: asyncpg.connection.LoggedQuery) -> None:
        # The client of a key is looked up once in a few seconds, whatever is asked.
        if not BOOKKEEPING.match(record.query) and "api_clients" not in record.query:
            self.sent.append(record.query)

    def naming(self, table: str) -> int:
        return sum(f" {table} " in query for query in self.sent)


@dataclass
class Service:
    """The running service with everything a test may want to look at."""

    url: str
    program: Program
    simulators: Mapping[str, Simulator]
    session: aiohttp.ClientSession
    statements: Statements

    def client(self, name: str | None) -> Client:
        sandbox = self.program.parts.sandbox
        assert sandbox is not None
        return Client(f"{self.url}/graphql", self.session, sandbox.shown()[name] if name else None)

    @property
    def resumer(self) -> Fulfiller:
        """The worker's step; the service under test runs none by itself."""
        return self.program.services.fulfiller

    async def settle(self) -> None:
        """Let what is written after an answer be written."""
        while self.program._deferred:
            await asyncio.wait(set(self.program._deferred))

    async def import_order(self, provider: str, order_id: str, client: str = "operator") -> Any:
        """Import through the API; the payload."""
        answer = await self.client(client).data(
            """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
                 order { id reference status settled }
                 problems { code message retry outcome retryAfterMs path } } }""",
            {"input": {"provider": provider, "orderId": order_id}},
        )
        return answer["orderImport"]

    async def imported(self, provider: str, order_id: str) -> str:
        """Import an order that must succeed; its global id."""
        payload = await self.import_order(provider, order_id)
        assert payload["problems"] == []
        return str(payload["order"]["id"])


@asynccontextmanager
async def running(
    monkeypatch: Any, dsn: str, data_dir: Any, **settings: str
) -> AsyncIterator[Service]:
    """The service on a free port, with settings as environment variables."""
    statements = Statements()
    _count(monkeypatch, statements)
    environment = {
        "DATABASE_URL": dsn,
        "VOUCHERGRAPH_DATA_DIR": str(data_dir),
        "VOUCHERGRAPH_PORT": "0",
        **settings,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    loaded = load(REGISTRY)
    async with (
        core(loaded) as parts,
        opened_providers(loaded, parts, simulate=True) as (providers, simulators),
        aiohttp.ClientSession() as session,
    ):
        program = Program(parts, providers, simulators)
        app = build(program, explorer.Page({}), Console({}), metrics=False)
        async with listener(app, "127.0.0.1", 0, HEADERS) as url:
            service = Service(url, program, simulators, session, statements)
            try:
                yield service
            finally:
                await service.settle()
        await program.services.feed.close()


def _count(monkeypatch: Any, statements: Statements) -> None:
    original = asyncpg.Connection.__init__

    def counted(self: asyncpg.Connection, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.add_query_logger(statements.log)

    monkeypatch.setattr(asyncpg.Connection, "__init__", counted)


def open_orders(simulator: Simulator, count: int) -> list[str]:
    """Orders that the provider works on for ever; their provider order ids."""
    return [order.order_id for order in add_orders(simulator, count, State.PROCESSING, 0)]


def add_orders(simulator: Simulator, count: int, state: State, units: int) -> Sequence[Order]:
    """Further orders like a seeded one that was delivered, in another state."""
    model = next(
        order
        for order in simulator.seeded_orders
        if order.course[-1].state is State.DELIVERED and order.quantity >= max(units, 2)
    )
    known = sum(1 for _ in simulator.world.newest_first())
    added = []
    for number in range(known, known + count):
        purchase = Purchase(
            f"{model.order_id[:-4]}{number:04d}",
            f"PO-2042-{number:04d}",
            model.product,
            model.quantity,
            model.face_value,
            model.price,
            extra=dict(model.extra),
        )
        placed = simulator.settings.now() - 60 + number / 1000
        added.append(simulator.world.accept(purchase, [Step(placed, state, units)]))
    return added
