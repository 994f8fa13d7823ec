"""What is read along with orders: the same answers, fewer transactions, nothing left behind."""

import asyncio
import gc
from typing import Any

import pytest

from db import vouchers
from db.pool import Database
from domain.orders import Order
from domain.vouchers import Voucher
from ordering.catalog import refresh
from resolvers import ahead
from simulators.world import State
from tests.operations.service import Service, add_orders
from tests.operations.test_live import FULL_PAGE, import_open, stale

DOCUMENTS = (
    "{ orders(first: 20) { nodes { id status lines { productName product { id name } } } } }",
    "{ orders(first: 20) { edges { node { reference fulfillments { status delivered } } } } }",
    "{ orders(first: 20) { nodes { ...parts } edges { node { ...parts } } } }"
    " fragment parts on Order { ...more vouchers { nodes { id } } }"
    " fragment more on Node { id ... on Order { events(last: 2) { nodes { type } } } }",
    "query ($no: Boolean = false, $size: Int = 3) { orders(first: 20) { nodes {"
    " lines @include(if: $no) { quantity }"
    " totals @skip(if: $no) { price { amount } held { amount } }"
    " some: vouchers(first: $size) { nodes { maskedCode } }"
    " others: vouchers(last: 1) { nodes { maskedCode }"
    " pageInfo { hasPreviousPage endCursor } } } } }",
    "{ orders(first: 20) { nodes {"
    " lines { fulfillments { id status } } totals { price { amount } } } }"
    " again: orders(last: 3) { nodes { status fulfillments { status } } } }",
)
ONE = """
query ($id: ID!) {
  order(by: {id: $id}) { status lines { productName } vouchers(first: 2) { nodes { id } } }
  other: order(by: {id: $id}) { fulfillments { status } events { nodes { type } } } }"""


@pytest.fixture
async def stocked(service: Service) -> Service:
    """Open and delivered orders of every provider, and their catalogs."""
    await refresh(service.program.database, service.program.providers)
    await import_open(service, 1)
    for name, simulator in service.simulators.items():
        [order] = add_orders(simulator, 1, State.DELIVERED, 2)
        await service.imported(name, order.order_id)
    await stale(service)
    return service


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One item for each transaction that a viewer opens."""
    opened: list[str] = []
    original = Database.viewer

    def counted(self: Database, *args: Any, **kwargs: Any) -> Any:
        opened.append("viewer")
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Database, "viewer", counted)
    return opened


async def test_a_page_and_all_that_is_asked_of_it_is_read_in_one_transaction(
    stocked: Service, transactions: list[str]
) -> None:
    await stocked.client("partner").data(FULL_PAGE, {"first": 50})
    assert len(stocked.statements.sent) == 6, stocked.statements.sent
    assert transactions == ["viewer"]


async def test_an_order_asked_for_by_id_brings_its_parts_along(
    stocked: Service, transactions: list[str]
) -> None:
    partner = stocked.client("partner")
    found = await partner.data("{ orders(first: 1) { nodes { id } } }")
    transactions.clear()
    answer = await partner.data(ONE, {"id": found["orders"]["nodes"][0]["id"]})
    assert answer["order"]["lines"]
    assert answer["other"]["events"]["nodes"]
    assert 1 <= len(transactions) <= 3


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_what_is_foreseen_changes_no_answer(
    stocked: Service, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    partner = stocked.client("partner")
    foreseen = await partner.data(document)
    with monkeypatch.context() as patched:
        patched.setattr(ahead, "of_page", lambda info: None)
        assert await partner.data(document) == foreseen


async def test_what_could_not_be_read_along_is_asked_for_again(
    stocked: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = vouchers.first_of_orders
    failures: list[str] = []

    async def once(*args: Any) -> Any:
        if not failures:
            failures.append("failed")
            await args[0].execute("SELECT 1 / 0")
        return await original(*args)

    monkeypatch.setattr(vouchers, "first_of_orders", once)
    found = await stocked.client("partner").data(
        "{ orders(first: 20) { nodes { lines { quantity } vouchers { nodes { id } } } } }"
    )
    assert failures == ["failed"]
    assert any(node["vouchers"]["nodes"] for node in found["orders"]["nodes"])


def records() -> dict[int, object]:
    """All orders and vouchers in memory."""
    return {id(kept): kept for kept in gc.get_objects() if type(kept) in (Order, Voucher)}


async def test_a_request_leaves_no_record_for_a_collection_to_find(stocked: Service) -> None:
    partner = stocked.client("partner")
    for _ in range(3):  # the document is remembered and compiled
        await partner.data(FULL_PAGE, {"first": 50})
    await stocked.settle()
    gc.collect()
    others = records()  # whoever keeps them, it was not this request
    gc.disable()
    try:
        await partner.data(FULL_PAGE, {"first": 50})
        await stocked.settle()
        await asyncio.sleep(0.05)
        assert records().keys() - others.keys() == set()
    finally:
        gc.enable()
