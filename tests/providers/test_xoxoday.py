"""Xoxoday Plum, read over HTTP: orders, vouchers and statuses from its payloads."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import structlog

from domain.money import Money
from domain.orders import OrderStatus
from domain.vouchers import IssuedVoucher
from providers.errors import Unavailable
from providers.port import OrderKey, ProviderOrder
from providers.xoxoday import Xoxoday
from tests.providers import xoxoday_payloads as payloads
from tests.providers.local import Answer
from tests.providers.plum import KEY, ORDER, Plum, simulated
from tests.providers.shown import ACCIDENTS, revealed, secrets_of, shown
from tests.providers.xoxoday_payloads import answer, details, history, voucher


def unit_of(order: ProviderOrder) -> IssuedVoucher:
    assert order.vouchers is not None
    assert len(order.vouchers) == 1
    return order.vouchers[0]


@pytest.mark.parametrize("case", payloads.ORDERS, ids=lambda case: case.name)
async def test_an_order_is_read(plum: Plum, xoxoday: Xoxoday, case: payloads.Case) -> None:
    plum.answers["getOrderDetails"] = Answer(answer(case.body))
    order = await xoxoday.order(ORDER)
    reading = order.reading
    assert reading.provider_order_id == ORDER
    assert (reading.status, reading.final) == (case.status, case.final)
    assert (reading.quantity, reading.delivered) == (case.quantity, case.units)
    assert reading.reference is None
    assert order.vouchers is not None
    assert len(order.vouchers) == case.units
    assert shown(order.charged) == case.charged
    assert shown(order.face_value) == case.face
    assert order.sku == case.sku
    assert "KX-4410" not in repr(order)


async def test_the_rest_of_the_contract_sample(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.answers["getOrderDetails"] = Answer(answer(details()))
    order = await xoxoday.order(ORDER)
    assert order.product_name == "Sample Store"
    assert order.placed_at == datetime(2026, 3, 4, 11, 35, 9, tzinfo=UTC)
    assert order.reading.raw_status == "complete/delivered"
    assert plum.asked("getOrderDetails") == [
        {"orderId": 7310442, "poNumber": "", "sendMailToReceiver": 0}
    ]


@pytest.mark.parametrize("unit", payloads.VOUCHERS, ids=lambda unit: unit[0])
async def test_a_voucher_is_read(plum: Plum, xoxoday: Xoxoday, unit: payloads.Unit) -> None:
    _, body, kind, code, pin, url = unit
    plum.answers["getOrderDetails"] = Answer(answer(details(vouchers=[body])))
    (found,) = await xoxoday.vouchers(KEY)
    assert found.type is kind
    assert (revealed(found.code), revealed(found.pin)) == (code, pin)
    assert revealed(found.claim_url) == url
    assert found.reference_number is None
    assert found.sku == "2207"
    assert found.identity() is not None


@pytest.mark.parametrize("case", payloads.VALIDITIES, ids=lambda case: case[0])
async def test_validity_is_a_day_in_india(
    plum: Plum, xoxoday: Xoxoday, case: tuple[str, Any, str | None]
) -> None:
    _, validity, day = case
    plum.answers["getOrderDetails"] = Answer(answer(details(vouchers=[voucher(validity=validity)])))
    found = unit_of(await xoxoday.order(ORDER)).expiry
    assert found.on == (day and date.fromisoformat(day))
    if validity == "2028-01-31":  # through the end of that day
        assert found.at == datetime(2028, 1, 31, 18, 29, 59, tzinfo=UTC)


@pytest.mark.parametrize("case", payloads.AMOUNTS, ids=lambda case: case[0])
async def test_a_face_value_is_in_the_products_currency(
    plum: Plum, xoxoday: Xoxoday, case: tuple[str, dict[str, Any], str | None]
) -> None:
    _, body, amount = case
    plum.answers["getOrderDetails"] = Answer(answer(details(vouchers=[body], voucherDetails=[])))
    order = await xoxoday.order(ORDER)
    assert shown(unit_of(order).face_value) == amount
    assert shown(order.face_value) == amount


async def test_units_come_in_the_providers_order(plum: Plum, xoxoday: Xoxoday) -> None:
    many = [voucher(voucherCode=f"C-{n}") for n in (3, 1, 2)]
    plum.answers["getOrderDetails"] = Answer(answer(details(quantity=3, vouchers=many)))
    assert [revealed(one.code) for one in await xoxoday.vouchers(KEY)] == ["C-3", "C-1", "C-2"]


async def test_an_order_is_found_by_our_reference(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.answers["getOrderDetails"] = Answer(answer(details()))
    order = await xoxoday.find("VG_AAAA1111")
    assert order is not None
    assert (order.reading.provider_order_id, order.reading.reference) == (ORDER, "VG_AAAA1111")
    assert plum.asked("getOrderDetails") == [
        {"orderId": 0, "poNumber": "VG_AAAA1111", "sendMailToReceiver": 0}
    ]


@pytest.mark.parametrize("code", ["PLE10016", "PLE10021"])
async def test_only_its_own_word_says_that_an_order_is_missing(
    plum: Plum, xoxoday: Xoxoday, code: str
) -> None:
    plum.answers["getOrderDetails"] = Answer({"code": 404, "errorId": code}, 404)
    assert await xoxoday.find("VG_AAAA1111") is None


@pytest.mark.parametrize(
    "wrong",
    [
        Answer({"code": 404, "errorId": "PLE10017"}, 404),
        Answer({"code": 404, "errorId": "PLE10030"}, 404),
        Answer({"code": 404}, 404),
        Answer("", 404),
        Answer(answer(None), 200),
        Answer(answer(details(orderId=None)), 200),
        Answer(answer({}, status=0), 200),
    ],
)
async def test_anything_else_says_nothing_about_it(
    plum: Plum, xoxoday: Xoxoday, wrong: Answer
) -> None:
    plum.answers["getOrderDetails"] = wrong
    with pytest.raises(Unavailable):
        await xoxoday.find("VG_AAAA1111")


async def test_one_status_is_one_read(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.answers["getOrderDetails"] = Answer(answer(details()))
    found = await xoxoday.statuses([KEY])
    assert found[ORDER].status is OrderStatus.DELIVERED
    assert [operation for operation, _ in plum.calls] == ["getOrderDetails"]


async def test_no_status_is_no_request(plum: Plum, xoxoday: Xoxoday) -> None:
    assert await xoxoday.statuses([]) == {}
    assert plum.calls == []


@pytest.mark.parametrize("case", payloads.HISTORY, ids=lambda case: case[0])
async def test_several_statuses_are_one_list(
    plum: Plum,
    xoxoday: Xoxoday,
    case: tuple[str, dict[str, Any], OrderStatus, bool, int | None],
) -> None:
    _, row, status, final, quantity = case
    others = [history(orderId=1), row, history(orderId="2", deliveryStatus="Pending")]
    plum.answers["getOrderHistory"] = Answer(answer(others, "getOrderHistory"))
    at = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)  # the fifth of March in India
    keys = [OrderKey(ORDER, placed_at=at), OrderKey("404", placed_at=at - timedelta(days=3))]
    found = await xoxoday.statuses(keys)
    assert set(found) == {ORDER}
    reading = found[ORDER]
    assert (reading.status, reading.final, reading.quantity) == (status, final, quantity)
    assert reading.delivered is None
    assert [operation for operation, _ in plum.calls] == ["getOrderHistory"]
    assert plum.asked("getOrderHistory") == [
        {"startDate": "2026-03-01", "endDate": "2026-03-06", "limit": 200, "page": 1}
    ]


@pytest.mark.parametrize("code", ["PLE10022", "PLE10027"])
async def test_an_empty_history_is_a_404_there(plum: Plum, xoxoday: Xoxoday, code: str) -> None:
    plum.answers["getOrderHistory"] = Answer({"code": 404, "errorId": code}, 404)
    assert await xoxoday.statuses([KEY, OrderKey("2")]) == {}
    asked = plum.asked("getOrderHistory")[0]
    days = [date.fromisoformat(asked[name]) for name in ("startDate", "endDate")]
    assert timedelta(days=31) <= days[1] - days[0] <= timedelta(days=33)


@pytest.mark.parametrize("rows", [{}, "x", [None], [{"orderId": []}], [history(products="x")]])
async def test_a_hostile_history_is_unreadable(plum: Plum, xoxoday: Xoxoday, rows: Any) -> None:
    plum.answers["getOrderHistory"] = Answer(answer(rows, "getOrderHistory"))
    with structlog.testing.capture_logs() as lines, pytest.raises(Unavailable):
        await xoxoday.statuses([KEY, OrderKey("2")])
    assert not {line.get("field") for line in lines} & ACCIDENTS


async def test_the_simulators_past_is_read_as_it_was() -> None:
    async with simulated() as (simulator, adapter):
        now = simulator.settings.now()
        for order in simulator.seeded_orders:
            found = await adapter.find(order.reference)
            assert found is not None
            assert found == replace(
                await adapter.order(order.order_id),
                reading=found.reading,
            )
            assert found.reading.provider_order_id == order.order_id
            assert found.reading.status.value == order.at(now).state.value
            assert found.reading.quantity == order.quantity
            assert found.charged == Money(order.price.payable, order.price.currency)
            assert found.face_value == Money(order.face_value, order.product.currency)
            assert found.sku == order.product.sku
            issued = order.issued(now)
            assert found.vouchers is not None
            assert [secrets_of(unit) for unit in found.vouchers] == [
                (unit.code, unit.pin, unit.claim_url) for unit in issued
            ]
            assert {unit.type.value for unit in found.vouchers} <= {order.product.kind.value}
            assert [unit.expiry.on for unit in found.vouchers] == [
                unit.expires_on for unit in issued
            ]
