"""Single orders that are asked for at the same moment share a transaction, and nothing else."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import fulfillments
from db.pool import DatabaseUnavailable
from domain.ids import Kind, row_id
from resolvers.together import MOST, Together, Wanted
from simulators.world import State
from tests.operations.service import Service, add_orders
from tests.operations.test_live import import_open, stale

STATUS = "query ($id: ID!) { order(by: {id: $id}) { status live } }"
PARTS = "query ($id: ID!) { order(by: {id: $id}) { id status fulfillments { id status live } } }"


async def account_of(service: Service, client: str) -> UUID:
    async with service.program.database.worker() as conn:
        found: UUID = await conn.fetchval(
            "SELECT account FROM api_clients WHERE key_id = $1",
            service.program.demo_keys()[client]["key"],
        )
    service.statements.sent.clear()
    return found


async def settled(service: Service, number: int = 1) -> list[str]:
    """Delivered orders of the operator's account, by their global ids."""
    added = add_orders(service.simulators["xoxoday"], number, State.DELIVERED, 2)
    found = [await service.imported("xoxoday", order.order_id) for order in added]
    await stale(service)
    return found


def plain(global_id: str) -> UUID:
    found = row_id(global_id, Kind.ORDER)
    assert found is not None
    return found


async def test_who_asks_at_the_same_moment_reads_by_one_statement(service: Service) -> None:
    ids = [plain(id) for id in await settled(service, 3)]
    account, database = await account_of(service, "partner"), service.program.database
    together = Together()
    asked = [*ids, ids[0], uuid4()]
    found = await asyncio.gather(*(together.order(database, account, id, Wanted()) for id in asked))
    assert [order and order.id for order, _ in found] == [*ids, ids[0], None]
    assert len(service.statements.sent) == 1
    again = await together.order(database, account, ids[0], Wanted(parts=True))
    assert again.order == found[0].order
    assert again.parts
    assert len(service.statements.sent) == 3, "read anew, with its parts"
    assert not together._gathering


async def test_accounts_read_apart(service: Service) -> None:
    [id] = [plain(id) for id in await settled(service)]
    ours, theirs = await account_of(service, "partner"), await account_of(service, "other")
    assert ours != theirs
    together, database = Together(), service.program.database
    mine, other = await asyncio.gather(
        together.order(database, ours, id, Wanted(parts=True)),
        together.order(database, theirs, id, Wanted(parts=True)),
    )
    assert mine.order is not None
    assert mine.parts
    assert (other.order, other.parts) == (None, None)


async def test_who_leaves_disturbs_nobody(service: Service) -> None:
    ids = [plain(id) for id in await settled(service, 2)]
    account, database = await account_of(service, "partner"), service.program.database
    together = Together()
    first, second = (together.order(database, account, id, Wanted()) for id in ids)
    first.cancel()
    order, _ = await second
    assert order is not None
    assert order.id == ids[1]


async def test_more_than_one_statement_takes_are_read_by_another(service: Service) -> None:
    account, database = await account_of(service, "partner"), service.program.database
    together = Together()
    found = await asyncio.gather(
        *(together.order(database, account, uuid4(), Wanted()) for _ in range(MOST + 1))
    )
    assert all(order is None for order, _ in found)
    assert service.statements.naming("orders") == 2


async def test_a_database_that_is_gone_is_told_to_all_and_forgotten(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    [id] = [plain(id) for id in await settled(service)]
    account, database = await account_of(service, "partner"), service.program.database
    together = Together()

    async def gone() -> Any:
        raise DatabaseUnavailable("gone")

    with monkeypatch.context() as patched:
        patched.setattr(database, "take", gone)
        found = await asyncio.gather(
            *(together.order(database, account, id, Wanted()) for _ in range(3)),
            return_exceptions=True,
        )
        assert [type(one) for one in found] == [DatabaseUnavailable] * 3
    order, _ = await together.order(database, account, id, Wanted())
    assert order is not None


async def test_parts_that_could_not_be_read_along_are_asked_for_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    [id] = await settled(service)
    original = fulfillments.by_orders
    failures: list[str] = []

    async def once(*args: Any) -> Any:
        if not failures:
            failures.append("failed")
            await args[0].execute("SELECT 1 / 0")
        return await original(*args)

    monkeypatch.setattr(fulfillments, "by_orders", once)
    found = await service.client("partner").data(PARTS, {"id": id})
    assert failures == ["failed"]
    assert found["order"]["fulfillments"]


async def test_one_answer_of_a_provider_is_written_down_once(service: Service) -> None:
    await import_open(service, 1)
    partner = service.client("partner")
    nodes = (await partner.data("{ orders(first: 9) { nodes { id } } }"))["orders"]["nodes"]
    for simulator in service.simulators.values():
        simulator.settings.latency_ms = 150
    try:
        for node in nodes:
            service.statements.sent.clear()
            answers = await asyncio.gather(*(partner.data(STATUS, node) for _ in range(12)))
            assert {answer["order"]["live"] for answer in answers} == {True}
            await service.settle()
            written = [sent for sent in service.statements.sent if "UPDATE fulfillments" in sent]
            assert len(written) == 1
    finally:
        for simulator in service.simulators.values():
            simulator.settings.latency_ms = 0


@pytest.mark.parametrize("query", [STATUS, PARTS])
async def test_alone_or_with_others_the_answer_is_the_same(service: Service, query: str) -> None:
    ids = await settled(service, 3)
    partner = service.client("partner")
    alone = [await partner.data(query, {"id": id}) for id in ids]
    among = await asyncio.gather(*(partner.data(query, {"id": id}) for id in ids * 4))
    assert among == alone * 4
