"""What buying from any provider must come to, in its own books and in our words."""

import asyncio
import traceback
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import structlog

from domain.carts import Item, Recipient
from domain.money import Money
from domain.providers import Capability
from domain.secret import Secret
from providers.errors import (
    Duplicate,
    OutcomeUnknown,
    ProviderError,
    Reason,
    Rejected,
    Rejection,
    Unavailable,
    Unsupported,
)
from providers.port import ProviderOrder
from simulators.catalog import Product
from simulators.world import Order
from tests.contract.conftest import MOVING, House, lacks, needs
from tests.contract.test_reads import check_money, issued, secrets

REFERENCE = "VG_K7QJ2M4XW5PZ3TND6RBA"
SOMEBODY = Recipient(Secret("Asha Rao"), Secret("asha@example.com"), Secret("+919812345678"))
# fault of a place -> what we are told, and how many orders there are then
UNKNOWN = {
    "refused": 0,  # closed before it was read: from outside that looks like a lost answer
    "timeout_before": 0,
    "timeout_after": 1,
    "reset_after": 1,
    "error_before": 0,
    "error_after": 1,
    "garbage": 1,
}
AT_THE_DOOR = {"rate_limited": Reason.RATE_LIMITED, "unauthorized": Reason.CREDENTIALS}
REFUSED = {
    "out_of_stock": Rejection.OUT_OF_STOCK,
    "low_balance": Rejection.PROVIDER_BALANCE_LOW,
}


@pytest.fixture(autouse=True)
def one_fault_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The circuit would hide what a fault becomes."""
    monkeypatch.setattr("providers.health.FAULTS_TO_OPEN", 1_000)


def on_sale(house: House, *, fixed: bool = True) -> list[Product]:
    """Products that are delivered at once, of the currencies that we have money in."""
    world = house.simulator.world
    found = [
        item
        for item in world.products.values()
        if item.available and not item.delayed and not item.habit and item.currency in world.funds
    ]
    return [item for item in found if bool(item.values) is fixed]


def some_of(product: Product, quantity: int = 2, face: Decimal | None = None) -> Item:
    amount = product.usual_value if face is None else face
    return Item(product.sku, Money(amount, product.currency), quantity)


def item_of(house: House, quantity: int = 2) -> Item:
    return some_of(on_sale(house)[0], quantity)


def strike(house: House, fault: str, operation: str = "place") -> None:
    house.simulator.faults.replace({"faults": [{"operation": operation, "fault": fault}]})


async def buy(house: House, reference: str, item: Item) -> ProviderOrder:
    body = house.provider.render(reference, item, SOMEBODY)
    return await house.provider.place(reference, body)


def booked(house: House, reference: str = REFERENCE) -> list[Order]:
    """The orders with that reference in the simulator's books."""
    rows = house.simulator.world.newest_first()
    return [order for order in rows if order.reference == reference]


def check(house: House, told: ProviderOrder, item: Item, reference: str = REFERENCE) -> None:
    """One order is in the books, as it was asked for and as we were told."""
    [order] = booked(house, reference)
    assert (order.product.sku, order.quantity) == (item.sku, item.quantity)
    assert Money(order.face_value, order.product.currency) == item.face_value
    assert told.reading.provider_order_id == order.order_id
    assert told.reading.reference in (None, reference)
    assert told.reading.quantity in (None, item.quantity)
    assert told.sku in (None, item.sku)
    assert told.reading.status in house.words(order) | MOVING
    check_money(house, told, order.order_id)
    if told.vouchers is not None:
        now = house.simulator.settings.now()
        assert [secrets(unit) for unit in told.vouchers] == [issued(u) for u in order.issued(now)]


async def test_placing_once_is_one_order(house: House) -> None:
    for n, product in enumerate((on_sale(house)[0], on_sale(house, fixed=False)[0])):
        item = some_of(product, 2 + n)
        check(house, await buy(house, f"{REFERENCE}{n}", item), item, f"{REFERENCE}{n}")
    assert house.simulator.requests["place"] == 2


async def test_placing_twice_with_one_reference_issues_once(house: House) -> None:
    item = item_of(house)
    first = await buy(house, REFERENCE, item)
    if Capability.IDEMPOTENT_PLACE in house.provider.capabilities:
        again = await buy(house, REFERENCE, item)
        assert again.reading.provider_order_id == first.reading.provider_order_id
    else:
        with pytest.raises(Duplicate):
            await buy(house, REFERENCE, item)
    check(house, first, item)


async def test_a_reference_with_another_body_is_a_duplicate(house: House) -> None:
    first = await buy(house, REFERENCE, item_of(house, 2))
    with pytest.raises(Duplicate):
        await buy(house, REFERENCE, item_of(house, 3))
    check(house, first, item_of(house, 2))


@pytest.mark.parametrize("fault", UNKNOWN)
async def test_an_answer_that_is_lost_is_an_unknown_outcome(hasty: House, fault: str) -> None:
    strike(hasty, fault)
    with pytest.raises(OutcomeUnknown):
        await buy(hasty, REFERENCE, item_of(hasty))
    assert len(booked(hasty)) == UNKNOWN[fault]
    assert hasty.simulator.requests["place"] == 1


@pytest.mark.parametrize("fault", AT_THE_DOOR)
async def test_a_place_refused_at_the_door_can_be_tried_again(hasty: House, fault: str) -> None:
    strike(hasty, fault)
    with pytest.raises(Unavailable) as caught:
        await buy(hasty, REFERENCE, item_of(hasty))
    assert caught.value.reason is AT_THE_DOOR[fault]
    assert (caught.value.retry_after is not None) is (fault == "rate_limited")
    assert booked(hasty) == []


async def test_nobody_there_accepts_nothing(house: House) -> None:
    await house.simulator.stop()
    with pytest.raises(Unavailable) as caught:
        await buy(house, REFERENCE, item_of(house))
    assert caught.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize("fault", REFUSED)
async def test_what_is_refused_says_why(house: House, fault: str) -> None:
    """Where a provider parks an order instead of refusing it, it is accepted."""
    strike(house, fault)
    item = item_of(house)
    [told] = await asyncio.gather(buy(house, REFERENCE, item), return_exceptions=True)
    if isinstance(told, ProviderOrder):
        assert fault == "out_of_stock"
        check(house, told, item)
    else:
        assert isinstance(told, Rejected), told
        assert told.rejection is REFUSED[fault]
        assert booked(house) == []


@pytest.mark.parametrize("fault", ["partial", "stuck", "fail_later", "late"])
async def test_what_fails_later_is_accepted_now(house: House, fault: str) -> None:
    strike(house, fault)
    item = item_of(house, 4)
    check(house, await buy(house, REFERENCE, item), item)


@needs(Capability.REFERENCE_LOOKUP)
async def test_a_lost_order_is_found_by_its_reference(hasty: House) -> None:
    item = item_of(hasty)
    assert await hasty.provider.find(REFERENCE) is None
    strike(hasty, "timeout_after")
    with pytest.raises(OutcomeUnknown):
        await buy(hasty, REFERENCE, item)
    told = await hasty.provider.find(REFERENCE)
    assert told is not None
    check(hasty, told, item)


@lacks(Capability.REFERENCE_LOOKUP)
@needs(Capability.IDEMPOTENT_PLACE)
async def test_a_lost_order_is_answered_again(hasty: House) -> None:
    item = item_of(hasty)
    for fault in ("timeout_after", "garbage"):
        strike(hasty, fault)
        with pytest.raises(OutcomeUnknown):
            await buy(hasty, REFERENCE, item)
    hasty.simulator.faults.replace({})
    check(hasty, await buy(hasty, REFERENCE, item), item)


async def test_what_was_bought_is_listed_newest_first(house: House) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    item = item_of(house)
    references = [f"{REFERENCE}{n}" for n in range(3)]
    for reference in references:
        await buy(house, reference, item)
    listed = [order async for order in house.provider.orders(since)]
    ids = {order.order_id: order.reference for order in booked_all(house)}
    ours = [ids[order.reading.provider_order_id] for order in listed]
    assert [name for name in ours if name in references] == references[::-1]
    assert len(set(ours)) == len(ours)
    for told in listed:
        assert told.vouchers is None
        check_money(house, told, told.reading.provider_order_id)
        order = house.simulator.world.by_id(told.reading.provider_order_id)
        assert order is not None
        # A list that counts in days begins a day early.
        assert order.placed_at > (since - timedelta(days=2)).timestamp()


def booked_all(house: House) -> list[Order]:
    return list(house.simulator.world.newest_first())


async def test_the_whole_past_is_listed(house: House) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=60)
    listed = [order async for order in house.provider.orders(long_ago)]
    assert {order.reading.provider_order_id for order in listed} == {
        order.order_id for order in house.orders
    }


@needs(Capability.QUOTE)
async def test_a_quote_is_what_is_charged_even_when_prices_drift(house: House) -> None:
    some = [*on_sale(house)[:4], *on_sale(house, fixed=False)[:2]]
    assert any(product.discount for product in some)
    for n, product in enumerate(some):
        odd = None if product.values else product.minimum + 13
        item = some_of(product, 3, odd)
        quoted = await house.provider.quote(item)
        await buy(house, f"{REFERENCE}{n}", item)
        [order] = booked(house, f"{REFERENCE}{n}")
        assert quoted.total == Money(order.price.payable, order.price.currency)
        assert quoted.fee == Money(order.price.fee, order.price.currency)
        assert quoted.max_quantity in (None, product.max_quantity)
        house.strike("drifted_price")
        drifted = await house.provider.quote(item)
        await buy(house, f"{REFERENCE}D{n}", item)
        house.simulator.faults.replace({})
        [order] = booked(house, f"{REFERENCE}D{n}")
        assert drifted.total == Money(order.price.payable, order.price.currency)
        assert (drifted.total.amount > quoted.total.amount) is bool(product.discount)


@needs(Capability.QUOTE)
async def test_a_quote_of_what_is_not_sold_is_rejected(house: House) -> None:
    product = on_sale(house)[0]
    off_sale = next(p for p in house.simulator.world.products.values() if not p.available)
    unknown = Item("987654321", Money(product.usual_value, product.currency), 1)
    wanted = {
        Rejection.DENOMINATION_NOT_OFFERED: [some_of(product, 1, product.maximum * 50 + 1)],
        Rejection.QUANTITY_TOO_LARGE: [some_of(product, product.max_quantity + 1)],
        Rejection.PRODUCT_UNAVAILABLE: [some_of(off_sale, 1), unknown],
    }
    for rejection, items in wanted.items():
        for item in items:
            with pytest.raises(Rejected) as caught:
                await house.provider.quote(item)
            assert caught.value.rejection is rejection, item


@lacks(Capability.QUOTE)
async def test_a_quote_is_refused_where_there_is_none(house: House) -> None:
    with pytest.raises(Unsupported):
        await house.provider.quote(item_of(house))


@lacks(Capability.WEBHOOK)
async def test_a_webhook_is_refused_where_there_is_none(house: House) -> None:
    with pytest.raises(Unsupported):
        house.provider.webhook({}, b"{}")


@needs(Capability.WEBHOOK)
async def test_a_webhook_that_proves_nothing_is_refused(house: House) -> None:
    with pytest.raises((Unsupported, Rejected)):
        house.provider.webhook({"X-Signature": "0" * 64, "X-Timestamp": "1"}, b"{}")


async def test_a_body_is_the_same_every_time(house: House) -> None:
    item = item_of(house)
    longer = Money(item.face_value.amount + Decimal("0.00"), item.face_value.currency)
    once = house.provider.render(REFERENCE, item, SOMEBODY)
    assert once == house.provider.render(REFERENCE, Item(item.sku, longer, item.quantity), SOMEBODY)
    assert once != house.provider.render(REFERENCE + "2", item, SOMEBODY)
    assert REFERENCE.encode() in once


async def test_no_secret_of_an_order_is_told(
    hasty: House, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    faults = ("slow", "garbage", "error_after", "reset_after", "unknown_status", "low_balance")
    with structlog.testing.capture_logs() as logs:
        for n, fault in enumerate(faults):
            row = {"operation": "place", "fault": fault, "delay_ms": 1}
            hasty.simulator.faults.replace({"faults": [row]})
            try:
                seen.append(repr(await buy(hasty, f"{REFERENCE}{n}", item_of(hasty))))
            except ProviderError as error:
                seen += traceback.format_exception(error)
                seen.append(f"{error.code!r} {vars(error)!r}")
    everything = f"{seen}{logs}{caplog.text}"
    placed = [order for order in booked_all(hasty) if not order.seeded]
    assert len(placed) >= 4
    found: set[str | None] = {secret and secret.reveal() for secret in vars_of(SOMEBODY)}
    for order in placed:
        for unit in order.vouchers:
            found |= {unit.code, unit.claim_url, unit.serial}
    fields = {field.name for field in type(hasty.provider).fields if field.secret}
    found |= {value for name, value in hasty.simulator.credentials.items() if name in fields}
    assert [text for text in found if text and text in everything] == []


def vars_of(recipient: Recipient) -> tuple[Secret | None, ...]:
    return (recipient.name, recipient.email, recipient.phone)
