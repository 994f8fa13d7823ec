"""The audit as clients meet it: denials, and a chain that cannot be written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from app import operations
from app.verifying import verify
from db import audit, quotas
from domain.ids import Kind, row_id
from simulators.world import State
from tests.operations.service import Answer, Service, add_orders
from vault import Vault

TWO = """query ($a: ID!, $b: ID!) {
    a: order(by: {id: $a}) { ...S } b: order(by: {id: $b}) { ...S } }
    fragment S on Order { vouchers { nodes { id code claimUrl } } }"""


@pytest.fixture
async def orders(service: Service) -> list[str]:
    """Two delivered orders of two vouchers each; their global ids."""
    made = add_orders(service.simulators["starship"], 2, State.DELIVERED, 2)
    return [await service.imported("starship", order.order_id) for order in made]


async def vouchers(service: Service, order: str) -> list[str]:
    query = "query ($id: ID!) { order(by: {id: $id}) { vouchers { nodes { id } } } }"
    found = await service.client("readonly").data(query, {"id": order})
    return [node["id"] for node in found["order"]["vouchers"]["nodes"]]


async def reveal(service: Service, order: str, client: str = "partner", **more: str) -> Answer:
    query = """query ($id: ID!) { order(by: {id: $id}) {
        vouchers { nodes { id code claimUrl } } } }"""
    return await service.client(client).send(query, {"id": order}, **more)


def secrets_in(answer: Answer) -> list[str]:
    nodes = answer.body["data"]["order"]["vouchers"]["nodes"]
    return [node[name] for node in nodes for name in ("code", "claimUrl") if node[name]]


async def rows(service: Service, action: str = "%REVEAL%") -> list[dict[str, Any]]:
    async with service.program.database.worker() as conn:
        found = await conn.fetch(
            "SELECT e.*, a.name FROM audit_events e JOIN accounts a ON a.id = e.account"
            " WHERE action LIKE $1 ORDER BY e.account, e.sequence",
            action,
        )
    return [dict(row) for row in found]


@asynccontextmanager
async def owner(service: Service) -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own, with all rights."""
    conn = await asyncpg.connect(service.program.database._dsn)
    try:
        yield conn
    finally:
        await conn.close()


@asynccontextmanager
async def chain_held(service: Service, account: str = "demo") -> AsyncIterator[None]:
    """Somebody else has locked the head of that account's chain."""
    async with owner(service) as conn, conn.transaction():
        held = await conn.fetch(
            "SELECT 1 FROM audit_heads WHERE account = (SELECT id FROM accounts WHERE name = $1)"
            " FOR UPDATE",
            account,
        )
        assert held
        yield


# -------------------------------------------------------------------------------------- denials
async def test_a_denial_is_one_row_whatever_was_asked_for(
    service: Service, orders: list[str]
) -> None:
    query = TWO.replace("code", "code x: code")
    answer = await service.client("readonly").send(
        query, dict(zip("ab", orders, strict=True)), X_Purpose="curious", X_Request_Id="denied-1234"
    )
    assert set(answer.codes) == {"FORBIDDEN"}
    [row] = await rows(service)
    assert (row["action"], row["fields"]) == ("REVEAL_DENIED", ["claim_url", "code"])
    assert (row["purpose"], row["request_id"]) == ("curious", "denied-1234")
    assert row["subject"] in await vouchers(service, orders[0])


async def test_a_used_up_quota_is_a_denial(
    service: Service, orders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also beside what is revealed, and beside other errors, in the same operation."""
    first = row_id(orders[0], Kind.ORDER)
    spend = quotas.spend

    async def used_up(*args: Any, **more: Any) -> Any:
        _, head = await spend(*args, **more)
        return {first}, head

    monkeypatch.setattr(quotas, "spend", used_up)
    query = TWO.replace("} }", "} fulfillments { nodes { id } } }", 1)
    answer = await service.client("partner").send(query, dict(zip("ab", orders, strict=True)))
    assert sorted(answer.codes) == ["FORBIDDEN", "RATE_LIMITED"]
    found = await rows(service)
    revealed = [row["subject"] for row in found if row["action"] == "VOUCHER_REVEALED"]
    assert sorted(revealed) == sorted(await vouchers(service, orders[1]))
    [denied] = [row for row in found if row["action"] == "REVEAL_DENIED"]
    assert denied["subject"] in await vouchers(service, orders[0])
    assert denied is found[-1], "written at the end"


async def test_an_order_that_is_not_delivered_is_a_denial(
    service: Service, orders: list[str]
) -> None:
    async with owner(service) as conn:
        await conn.execute("UPDATE orders SET status = 'CANCELLED'")
    answer = await reveal(service, orders[0])
    assert set(answer.codes) == {"UNSUPPORTED"}
    assert secrets_in(answer) == []
    assert [row["action"] for row in await rows(service)] == ["REVEAL_DENIED"]


async def test_what_an_operator_is_denied_stands_where_the_vouchers_are(
    service: Service, orders: list[str]
) -> None:
    async with owner(service) as conn:
        await conn.execute("SET session_replication_role = replica")
        for table in ("orders", "order_lines", "fulfillments", "vouchers"):
            await conn.execute(
                f"UPDATE {table} SET account = (SELECT id FROM accounts WHERE name = 'other')"  # noqa: S608
            )
    answer = await service.client("operator").send(
        "{ fulfillments { nodes { order { vouchers { nodes { code } } } } } }"
    )
    assert set(answer.codes) == {"FORBIDDEN"}
    [row] = await rows(service)
    assert (row["action"], row["name"]) == ("REVEAL_DENIED", "other")
    own = await service.client("operator").data("{ auditEvents { nodes { action } } }")
    assert {node["action"] for node in own["auditEvents"]["nodes"]} == {"ORDER_IMPORTED"}


async def test_what_is_not_there_or_not_asked_for_is_no_denial(
    service: Service, orders: list[str]
) -> None:
    [voucher, *_] = await vouchers(service, orders[0])
    partner, other = service.client("partner"), service.client("other")
    assert (await other.send(f'{{ voucher(id: "{voucher}") {{ code }} }}')).codes == []
    skipped = f'{{ voucher(id: "{voucher}") {{ code @skip(if: true) maskedCode }} }}'
    assert (await service.client("readonly").send(skipped)).codes == []
    assert (await partner.send(f'{{ voucher(id: "{voucher}") {{ code wrong }} }}')).codes
    assert (await service.client(None).send(f'{{ voucher(id: "{voucher}") {{ code }} }}')).codes
    assert await rows(service) == []


async def test_a_denial_is_written_when_the_operation_takes_too_long(
    service: Service, orders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "EXECUTION_SECONDS", 0.7)
    [voucher, *_] = await vouchers(service, orders[0])
    async with owner(service) as conn, conn.transaction():
        await conn.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
        answer = await service.client("readonly").send(
            f'{{ voucher(id: "{voucher}") {{ code }} products {{ nodes {{ name }} }} }}'
        )
    assert (answer.status, answer.codes) == (504, ["TIMEOUT"])
    assert [row["action"] for row in await rows(service)] == ["REVEAL_DENIED"]


# ------------------------------------------------------------- a chain that cannot be written
async def test_nothing_is_revealed_while_the_chain_is_locked(
    service: Service, orders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(audit, "LOCK_SECONDS", 0.2)
    with monkeypatch.context() as watched:
        watched.setattr(Vault, "open", lambda *args: opened.append(args))
        async with chain_held(service):
            answer = await reveal(service, orders[0])
    assert set(answer.codes) == {"UNAVAILABLE"}
    assert (secrets_in(answer), opened, await rows(service)) == ([], [], [])
    assert len(secrets_in(await reveal(service, orders[0]))) >= 2


@pytest.mark.parametrize(
    "damage",
    [
        "REVOKE INSERT ON audit_events FROM vg_viewer",
        "REVOKE UPDATE (sequence, mac) ON audit_heads FROM vg_viewer",
        "ALTER TABLE audit_events ADD CHECK (action = 'NOTHING') NOT VALID",
        "UPDATE audit_heads SET sequence = 0",
        "ALTER TABLE audit_events RENAME TO gone",
    ],
)
async def test_nothing_is_revealed_when_the_row_cannot_be_written(
    service: Service, orders: list[str], damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(Vault, "open", lambda *args: opened.append(args))
    async with owner(service) as conn:
        await conn.execute(damage)
    answer = await reveal(service, orders[0])
    assert set(answer.codes) == {"INTERNAL"}
    assert (secrets_in(answer), opened) == ([], [])


async def test_a_denial_that_cannot_be_written_leaves_no_answer(
    service: Service, orders: list[str]
) -> None:
    async with owner(service) as conn:
        await conn.execute("REVOKE INSERT ON audit_events FROM vg_viewer")
    answer = await reveal(service, orders[0], "readonly")
    assert (answer.status, answer.codes) == (200, ["INTERNAL"])
    assert answer.body["data"] is None


async def test_a_reveal_that_took_too_long_holds_nothing_back(
    service: Service, orders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hasty:
        hasty.setattr(operations, "EXECUTION_SECONDS", 0.3)
        async with chain_held(service):
            answer = await reveal(service, orders[0])
    assert (answer.status, answer.codes) == (504, ["TIMEOUT"])
    assert len(secrets_in(await reveal(service, orders[0]))) >= 2
    assert await verify(service.program.parts) == []


async def test_accounts_do_not_wait_for_each_other(service: Service, orders: list[str]) -> None:
    """Not for a lock, and not for a connection either, however many wait for the lock."""
    async with owner(service) as conn:
        await conn.execute("SET session_replication_role = replica")
        for table in ("orders", "order_lines", "fulfillments", "vouchers"):
            column = "id" if table == "orders" else "order_id"
            await conn.execute(
                f"UPDATE {table} SET account = (SELECT id FROM accounts WHERE name = 'other')"  # noqa: S608
                f" WHERE {column} = $1",
                row_id(orders[1], Kind.ORDER),
            )
    async with chain_held(service):
        waiting = [asyncio.create_task(reveal(service, orders[0])) for _ in range(30)]
        while not await stopped(service):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        # Sealed under the key of the account that it was delivered to: audited, then not opened.
        for _ in range(3):
            answer = await reveal(service, orders[1], "other")
            assert set(answer.codes) == {"INTERNAL"}
        assert not any(task.done() for task in waiting)
        assert {row["name"] for row in await rows(service)} == {"other"}
    answers = await asyncio.gather(*waiting)
    assert all(len(secrets_in(answer)) >= 2 for answer in answers)
    assert len([row for row in await rows(service) if row["name"] == "demo"]) == 60


async def stopped(service: Service) -> bool:
    """Whether a statement waits for the chain's lock."""
    async with owner(service) as conn:
        return bool(
            await conn.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND query LIKE '%audit_heads%' AND datname = current_database()"
            )
        )
