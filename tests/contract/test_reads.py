"""What any provider must tell of its orders and products."""

import asyncio
from decimal import Decimal

import pytest
import structlog

from domain.catalog import DenominationRange
from domain.orders import OrderStatus
from domain.providers import Capability
from domain.vouchers import IssuedVoucher
from providers import REGISTRY
from providers.errors import NotFound, Unavailable, Unsupported
from providers.port import OrderKey, ProviderOrder
from simulators import KINDS
from simulators.world import Voucher
from tests.contract.conftest import House, key, lacks, needs

NOWHERE = "987654321098"


def test_every_provider_has_a_simulator() -> None:
    assert set(REGISTRY) <= set(KINDS)


def secrets(unit: IssuedVoucher) -> tuple[str | None, ...]:
    found = (unit.code, unit.pin, unit.claim_url)
    return tuple(secret and secret.reveal() for secret in found)


def issued(unit: Voucher) -> tuple[str | None, ...]:
    return (unit.code, unit.pin, unit.claim_url)


def check_money(house: House, told: ProviderOrder, order_id: str) -> None:
    """Whatever amount is told is the one in the simulator's books."""
    order = house.simulator.world.by_id(order_id)
    assert order is not None
    if told.face_value is not None:
        assert told.face_value.amount == order.face_value
        assert told.face_value.currency == order.product.currency
    if told.charged is not None:
        assert told.charged.amount == order.price.payable
        assert told.charged.currency == order.price.currency


async def test_an_order_is_told_as_it_is(house: House) -> None:
    for order in house.orders:
        told = await house.provider.order(order.order_id)
        reading = told.reading
        assert reading.provider_order_id == order.order_id
        assert reading.reference in (None, order.reference)
        assert reading.status in house.words(order), order.course[0].word
        assert reading.quantity in (None, order.quantity)
        assert reading.delivered in (None, house.units(order))
        assert told.sku in (None, order.product.sku)
        check_money(house, told, order.order_id)
        if told.vouchers is not None:
            now = house.simulator.settings.now()
            assert [secrets(u) for u in told.vouchers] == [issued(u) for u in order.issued(now)]


async def test_vouchers_are_those_issued_so_far_in_order(house: House) -> None:
    now = house.simulator.settings.now()
    some = [order for order in house.orders if house.units(order) > 0]
    none = [order for order in house.orders if OrderStatus.PENDING in house.words(order)]
    assert some
    assert none
    for order in (*some, none[0]):
        found = await house.provider.vouchers(key(order))
        assert [secrets(unit) for unit in found] == [issued(unit) for unit in order.issued(now)]
        for unit, truth in zip(found, order.issued(now), strict=True):
            assert unit.expiry.on == truth.expires_on
            assert unit.sku in (None, order.product.sku)


async def test_vouchers_are_found_without_our_reference(house: House) -> None:
    order = house.delivered()
    found = await house.provider.vouchers(OrderKey(order.order_id))
    assert len(found) == order.quantity


@needs(Capability.REFERENCE_LOOKUP)
async def test_an_order_is_found_by_our_reference(house: House) -> None:
    order = house.delivered()
    found = await house.provider.find(order.reference)
    assert found is not None
    assert found.reading.provider_order_id == order.order_id
    assert await house.provider.find("VG_NEVERSENT") is None


@lacks(Capability.REFERENCE_LOOKUP)
async def test_finding_is_refused_before_any_request(house: House) -> None:
    with pytest.raises(Unsupported):
        await house.provider.find(house.delivered().reference)
    assert house.simulator.requests.total() == 0


async def test_what_does_not_exist_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        await house.provider.order(NOWHERE)
    with pytest.raises(NotFound):
        await house.provider.vouchers(OrderKey(NOWHERE))
    with pytest.raises(NotFound):
        await house.provider.product("99999999")


async def test_one_status_is_one_single_read(house: House) -> None:
    order = house.delivered()
    await house.provider.statuses([key(order)])
    house.simulator.requests.clear()
    readings = await house.provider.statuses([key(order)])
    assert set(readings) == {order.order_id}
    assert readings[order.order_id].status is OrderStatus.DELIVERED
    assert sum(house.asked.values()) == 1
    assert house.asked.get("orders") is None


@needs(Capability.BATCH_STATUS)
async def test_many_statuses_are_one_list_request(house: House) -> None:
    wanted = house.orders[-8:]
    keys = [*(key(order) for order in wanted), OrderKey(NOWHERE, "VG_NEVERSENT")]
    readings = await house.provider.statuses(keys)
    assert set(readings) == {order.order_id for order in wanted}
    for order in wanted:
        reading = readings[order.order_id]
        assert reading.status in house.words(order) | {OrderStatus.DELIVERED}
        assert reading.reference in (None, order.reference)
        assert reading.quantity in (None, order.quantity)
    assert house.asked == {"orders": 1}


async def test_no_statuses_are_no_request(house: House) -> None:
    assert await house.provider.statuses([]) == {}
    assert house.simulator.requests.total() == 0


async def test_the_catalog_is_complete(house: House) -> None:
    goods = house.simulator.world.products
    listings = {listing.sku: listing async for listing in house.provider.catalog()}
    assert {sku for sku, product in goods.items() if product.available} <= set(listings)
    assert set(listings) <= set(goods)
    for sku, listing in listings.items():
        product = goods[sku]
        assert listing.name
        assert listing.currency == product.currency
        if not product.available:
            continue  # some providers say so only when it is ordered
        assert listing.available
        if isinstance(listing.denominations, DenominationRange):
            ends = (listing.denominations.min.amount, listing.denominations.max.amount)
            assert ends[0] <= product.minimum
            assert ends[1] == product.maximum
        else:
            amounts = [one.face_value.amount for one in listing.denominations.values]
            assert amounts == sorted(Decimal(value) for value in product.values)
            assert all(one.price.amount > 0 for one in listing.denominations.values)


async def test_a_product_is_the_one_of_the_catalog(house: House) -> None:
    async for listing in house.provider.catalog():
        assert await house.provider.product(listing.sku) == listing
        break
    else:
        pytest.fail("the catalog is empty")


@needs(Capability.BALANCE)
async def test_a_balance_is_the_one_in_the_books(house: House) -> None:
    world, now = house.simulator.world, house.simulator.settings.now()
    balances = await house.provider.balances()
    assert balances
    for money in balances:
        assert money.amount == world.balance(money.currency, now)


@lacks(Capability.BALANCE)
async def test_a_balance_is_refused_before_any_request(house: House) -> None:
    with pytest.raises(Unsupported):
        await house.provider.balances()
    assert house.simulator.requests.total() == 0


async def test_an_unknown_status_is_processing_and_logged(house: House) -> None:
    order = house.delivered()
    house.strike("unknown_status")
    with structlog.testing.capture_logs() as logs:
        readings = await house.provider.statuses([key(order)])
    reading = readings[order.order_id]
    assert (reading.status, reading.final) == (OrderStatus.PROCESSING, False)
    assert "provider.unknown_status" in {row["event"] for row in logs}


async def test_fields_we_do_not_know_are_ignored(house: House) -> None:
    order = house.delivered()

    async def everything() -> list[object]:
        listings = [listing async for listing in house.provider.catalog()]
        statuses = dict(await house.provider.statuses([key(old) for old in house.orders[-3:]]))
        return [
            await house.provider.order(order.order_id),
            await house.provider.vouchers(key(order)),
            statuses,
            listings,
        ]

    before = await everything()
    house.strike("extra_fields", everything_but=frozenset())
    assert await everything() == before


async def test_many_callers_log_in_once(house: House) -> None:
    order = house.delivered()
    await asyncio.gather(*(house.provider.order(order.order_id) for _ in range(5)))
    assert house.simulator.requests["token"] <= 2  # one login may have two steps


async def test_a_slow_answer_is_waited_for(house: House) -> None:
    order = house.delivered()
    house.simulator.faults.replace(
        {"faults": [{"operation": "*", "fault": "slow", "delay_ms": 50}]}
    )
    assert (await house.provider.order(order.order_id)).reading.provider_order_id == order.order_id


async def test_health_follows_what_happened(house: House) -> None:
    await house.provider.order(house.delivered().order_id)
    good = house.provider.transport.health()
    assert (good.error_rate, good.last_success_at is not None) == (0.0, True)
    house.strike("error_before")
    with pytest.raises(Unavailable):
        await house.provider.order(house.delivered().order_id)
    assert house.provider.transport.health().error_rate > 0
