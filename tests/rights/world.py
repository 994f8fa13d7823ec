"""Two accounts with something of everything, bought through the API, and clients of all rights."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.operations.buying import (
    CREATE,
)
from tests.operations.service import Answer, Client, Service
from tests.rights.asking import Asked
from tests.rights.printed import SECRETS, Expected, differences, errors_of

SCOPES = (
    "catalog:read",
    "carts:write",
    "orders:read",
    "orders:place",
    "orders:import",
    "vouchers:reveal",
    "wallet:read",
    "audit:read",
    "operations:read",
    "operations:write",
)
BUYER = frozenset(SCOPES) - {"orders:import", "operations:read", "operations:write"}
OPERATOR = frozenset(SCOPES) - {"catalog:read", "carts:write", "orders:place", "vouchers:reveal"}
# Who asks: the scopes, of the account whose world it is.
OURS: Mapping[str, frozenset[str] | None] = {
    "anonymous": None,
    "nothing": frozenset(),
    **{f"only {scope}": frozenset({scope}) for scope in SCOPES},
    **{f"all but {scope}": frozenset(SCOPES) - {scope} for scope in SCOPES},
    "owner": BUYER,
    "operator": OPERATOR,
    "everything": frozenset(SCOPES),
}
STRANGERS: Mapping[str, frozenset[str]] = {
    "stranger": frozenset(SCOPES) - {"operations:read", "operations:write"},
    "strange operator": frozenset(SCOPES),
}
SHARED = {"Provider", "Product"}  # the same for all accounts
TABLES = """SELECT string_agg(format(
    'SELECT %L AS name, count(*) || '' '' || coalesce(md5(string_agg(md5(t::text), '''''
    ' ORDER BY md5(t::text))), '''') AS content FROM %I.%I t', tablename, schemaname, tablename),
    ' UNION ALL ') FROM pg_tables WHERE schemaname = 'public'"""


@dataclass
class Account:
    """What one account has: a global id of each type, its secrets, and more that is its own."""

    name: str
    ids: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)


@dataclass
class World:
    """The running service with both accounts in it."""

    service: Service
    clients: dict[str, Client]
    ours: Account
    theirs: Account
    opened: list[object]
    goods: Mapping[str, Any]
    importable: list[dict[str, str]]
    answers: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    async def send(self, who: str, asked: Asked, method: str = "POST") -> Answer:
        return await self.clients[who].send(asked.text, asked.variables, method=method)

    async def full(self, asked: Asked, method: str = "POST") -> Mapping[str, Any]:
        """The answer of somebody who may everything; asked once."""
        key = (method + asked.text, json.dumps(dict(asked.variables)))
        if key not in self.answers:
            body = (await self.send("everything", asked, method)).body
            assert all("path" in error for error in body.get("errors", ())), body
            self.answers[key] = body
        return self.answers[key]

    async def expected(self, who: str, asked: Asked, method: str = "POST") -> Expected:
        """What the schema says that one of OURS must be answered."""
        full = await self.full(asked, method)
        return Expected(asked.document, asked.variables, full, OURS[who], VOLATILE)

    async def state(self) -> "State":
        """Everything that an operation could have moved."""
        await self.service.settle()
        async with self.service.program.database._acquired() as conn:
            tables = await conn.fetch(await conn.fetchval(TABLES))
        return State(
            {row["name"]: row["content"] for row in tables},
            {name: sum(one.requests.values()) for name, one in self.service.simulators.items()},
            {
                name: len(one.world.ledger(one.settings.now()))
                for name, one in self.service.simulators.items()
            },
            len(self.opened),
        )

    async def finish(self) -> None:
        """Let what was ordered come to its end: an open order is asked for whenever it is read."""
        for _ in range(100):
            await self.service.program.services.fulfiller.step()
            async with self.service.program.database.worker() as conn:
                left = await conn.fetchval(
                    "UPDATE fulfillments SET due_at = now() WHERE due_at IS NOT NULL RETURNING true"
                )
            if not left:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("an order stays open")

    def line(self, provider: str) -> dict[str, Any]:
        """One unit of something of that provider."""
        goods = self.goods[provider]
        return {"productId": goods["id"], "faceValue": goods["faceValue"], "quantity": 1}

    async def cart(self, account: str = "owner", provider: str = "enkash") -> str:
        """A cart with something in it."""
        payload = await self.clients[account].data(CREATE, {"lines": [self.line(provider)]})
        assert payload["cartCreate"]["problems"] == []
        return str(payload["cartCreate"]["cart"]["id"])


@dataclass(frozen=True)
class State:
    """Contents of all tables, requests to providers, their orders, and secrets that were opened."""

    tables: Mapping[str, str]
    requests: Mapping[str, int]
    ledgers: Mapping[str, int]
    opened: int

    def moved(self, before: "State") -> set[str]:
        """Names of what is not as it was."""
        found = {name for name in self.tables if self.tables[name] != before.tables.get(name)}
        return found | {
            name
            for name in ("requests", "ledgers", "opened")
            if getattr(self, name) != getattr(before, name)
        }


# What is another value each time, or tells of whom it is asked by.
VOLATILE = frozenset(
    {
        "Viewer.actor",
        "Viewer.scopes",
        "Limit.*",
        "ProviderHealth.*",
        "Provider.balances",
        "AuditEvent.*",
        "AuditChain.*",
        "AuditEventEdge.cursor",
        "PageInfo.startCursor",
        "PageInfo.endCursor",
        "Cart.updatedAt",
        "CartLine.quotedAt",
        "CartLine.live",
    }
)


def compare(expected: Expected, answer: Answer) -> None:
    """The answer is what the schema says: its data, and each error with its code and place."""
    found = differences(expected.data, answer.body["data"])
    assert not found, found[:5]
    extra = errors_of(answer.body) ^ expected.errors
    assert not extra, sorted(map(str, extra))[:5]


def may_move(found: Iterable[Expected]) -> set[str]:
    """What may be written, and who may be asked, when these were answered."""
    moved: set[str] = set()
    for one in found:
        reached = one.reached - one.refused
        if one.reached & SECRETS:
            moved |= {"audit_events", "audit_heads"}
        if reached & SECRETS:
            moved |= {"reveal_counts", "opened"}
        if "Cart.lines" in reached:
            moved |= {"carts", "cart_lines", "requests"}
        if "Provider.balances" in reached:
            moved |= {"requests"}
    return moved
