"""Buying at Xoxoday: the body, what a place comes to, quotes, resending, the list, webhooks."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import structlog

from domain.carts import Item, Recipient
from domain.money import Money
from domain.orders import OrderStatus
from domain.secret import Secret
from providers.errors import (
    Duplicate,
    OutcomeUnknown,
    ProviderError,
    Reason,
    Rejected,
    Rejection,
    Unavailable,
)
from providers.port import OrderKey
from providers.tokens import MemoryTokenStore
from providers.xoxoday import Xoxoday
from providers.xoxoday_codes import ple
from simulators.xoxoday_shop import PHONE_NEEDED
from tests.providers.local import Answer, configuration, hang_up, serving
from tests.providers.plum import ORDER, Plum, reply, simulated
from tests.providers.shown import ACCIDENTS, revealed, secrets_of, shown
from tests.providers.xoxoday_payloads import LINK, answer, details, product, voucher

REFERENCE = "VG_K7QJ2M4XW5PZ3TND"
HUNDRED = Item("2207", Money(Decimal("100.00"), "INR"), 2)
SOMEBODY = Recipient(Secret("Asha Rao"), Secret("asha@shop.example"), Secret("+91 98123-45678"))


def placed(**changes: Any) -> dict[str, Any]:
    """The contract's answer to a place."""
    gone = dict.fromkeys(("orderDate", "deliveryDate", "shippingDetails", "orderMeta"), ...)
    return answer(details(**(gone | changes)), "placeOrder")


def error(code: str, status: int = 422) -> Answer:
    return Answer({"code": status, "errorId": code, "errorInfo": "x", "error": "x"}, status)


async def place(adapter: Xoxoday) -> Any:
    return await adapter.place(REFERENCE, adapter.render(REFERENCE, HUNDRED, None))


# The body


def test_the_body_is_the_whole_question(xoxoday: Xoxoday) -> None:
    body = xoxoday.render(REFERENCE, HUNDRED, SOMEBODY)
    assert json.loads(body) == {
        "query": "plumProAPI.mutation.placeOrder",
        "tag": "plumProAPI",
        "variables": {
            "data": {
                "productId": 2207,
                "quantity": 2,
                "denomination": 100,
                "poNumber": REFERENCE,
                "notifyReceiverEmail": 0,
                "notifyAdminEmail": 0,
            }
        },
    }
    assert b'"denomination":100,' in body


@pytest.mark.parametrize(
    ("amount", "written"), [("100", "100"), ("1E+2", "100"), ("9.90", "9.9"), ("0.05", "0.05")]
)
def test_equal_amounts_are_equal_bytes(xoxoday: Xoxoday, amount: str, written: str) -> None:
    body = xoxoday.render(REFERENCE, Item("2207", Money(Decimal(amount), "INR"), 1), None)
    assert f'"denomination":{written},'.encode() in body


@pytest.mark.parametrize(
    ("reference", "sku", "quantity", "amount"),
    [
        ("", "2207", 1, "1"),
        ("  ", "2207", 1, "1"),
        ("V" * 101, "2207", 1, "1"),
        (REFERENCE, "0", 1, "1"),
        (REFERENCE, "12,13", 1, "1"),
        (REFERENCE, "x", 1, "1"),
        (REFERENCE, "2207", 0, "1"),
        (REFERENCE, "2207", 1, "0"),
        (REFERENCE, "2207", 1, "-1"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    xoxoday: Xoxoday, reference: str, sku: str, quantity: int, amount: str
) -> None:
    with pytest.raises(Rejected):
        xoxoday.render(reference, Item(sku, Money(Decimal(amount), "INR"), quantity), None)


@pytest.mark.parametrize(
    ("phone", "contact"),
    [
        ("+919812345678", "+91-9812345678"),
        ("+91 98123 45678", "+91-9812345678"),
        ("+91-9812345678", "+91-9812345678"),
        ("+1 (415) 555-0100", "+1-4155550100"),
        ("+971501234567", "+971-501234567"),
        ("+447700900123", "+44-7700900123"),
        ("+6591234567", "+65-91234567"),
        ("+35312345678", "+353-12345678"),
        ("9812345678", None),
        ("+91", None),
        ("+911234567890123456", None),
        ("+0123456789", None),
        ("", None),
        (None, None),
    ],
)
async def test_a_phone_number_goes_there_only_where_it_is_demanded(
    plum: Plum, xoxoday: Xoxoday, phone: str | None, contact: str | None
) -> None:
    who = Recipient(Secret("Asha"), Secret("a@shop.example"), Secret(phone) if phone else None)
    row = product(isPhoneNumberMandatory=True)
    plum.answers["getVouchers"] = Answer(answer([row], "getVouchers"))
    await xoxoday.quote(HUNDRED)
    if contact is None:
        with pytest.raises(Rejected) as caught:
            xoxoday.render(REFERENCE, HUNDRED, who)
        assert caught.value.rejection is Rejection.INVALID_INPUT
        assert phone is None or not phone or phone not in str(caught.value)
    else:
        data = json.loads(xoxoday.render(REFERENCE, HUNDRED, who))["variables"]["data"]
        assert data["contact"] == contact
        assert "email" not in data
    plum.answers["getVouchers"] = Answer(answer([product()], "getVouchers"))
    await xoxoday.quote(HUNDRED)
    assert b"contact" not in xoxoday.render(REFERENCE, HUNDRED, who)


# What a place comes to. Name, answer, status, final, units, quantity.
PLACED: tuple[tuple[str, Any, OrderStatus, bool, int | None, int | None], ...] = (
    ("realtime", placed(), OrderStatus.DELIVERED, True, 1, 1),
    (
        "two codes",
        placed(quantity=2, vouchers=[voucher(), voucher(voucherCode=LINK, type="url", pin="")]),
        OrderStatus.DELIVERED,
        True,
        2,
        2,
    ),
    (
        "delayed",
        placed(deliveryStatus="pending", vouchers=[]),
        OrderStatus.PROCESSING,
        False,
        0,
        1,
    ),
    (
        "no vouchers key",
        placed(deliveryStatus="pending", vouchers=...),
        OrderStatus.PROCESSING,
        False,
        0,
        1,
    ),
    ("pending", placed(orderStatus="pending", vouchers=[]), OrderStatus.PENDING, False, 0, 1),
    ("some of two", placed(quantity=2), OrderStatus.PARTIALLY_DELIVERED, False, 1, 2),
    ("an unknown word", placed(orderStatus="held"), OrderStatus.PROCESSING, False, 1, 1),
    ("id as text", placed(orderId="7310442"), OrderStatus.DELIVERED, True, 1, 1),
    ("quantity missing", placed(quantity=...), OrderStatus.DELIVERED, True, 1, None),
    # The order stands although its vouchers must be asked for again.
    ("vouchers unreadable", placed(vouchers="x"), OrderStatus.DELIVERED, False, None, 1),
    ("a voucher unreadable", placed(vouchers=[7]), OrderStatus.DELIVERED, False, None, 1),
    (
        "a code unreadable",
        placed(vouchers=[voucher(voucherCode=[])]),
        OrderStatus.DELIVERED,
        False,
        None,
        1,
    ),
)


@pytest.mark.parametrize("case", PLACED, ids=lambda case: case[0])
async def test_what_was_accepted(plum: Plum, xoxoday: Xoxoday, case: Any) -> None:
    _, body, status, final, units, quantity = case
    plum.answers["placeOrder"] = Answer(body)
    order = await place(xoxoday)
    reading = order.reading
    assert (reading.provider_order_id, reading.reference) == (ORDER, REFERENCE)
    assert (reading.status, reading.final) == (status, final)
    assert (reading.quantity, reading.delivered) == (quantity, units)
    assert (None if order.vouchers is None else len(order.vouchers)) == units
    assert (order.sku, shown(order.face_value)) == ("2207", "40.00 INR")
    assert shown(order.charged) == "41.60 INR"
    assert "KX-4410-PLM" not in repr(order)
    assert len(plum.asked("placeOrder")) == 1


async def test_the_vouchers_of_a_place(plum: Plum, xoxoday: Xoxoday) -> None:
    plum.answers["placeOrder"] = Answer(placed())
    [unit] = (await place(xoxoday)).vouchers
    assert (revealed(unit.code), revealed(unit.pin)) == ("KX-4410-PLM", "5519")


async def test_the_stored_bytes_are_sent() -> None:
    seen: list[bytes] = []
    server = Plum()

    async def handle(request: Any) -> Any:
        if request.path.endswith("/api"):
            seen.append(await request.read())
        return await server.handle(request)

    server.answers["placeOrder"] = Answer(placed())
    async with serving(handle) as url:
        adapter = Xoxoday.open(configuration(Xoxoday, url), MemoryTokenStore())
        body = adapter.render(REFERENCE, HUNDRED, None)
        await adapter.place(REFERENCE, body)
        await adapter.close()
    assert set(seen) == {body}


NOTHING: tuple[tuple[str, Answer], ...] = (
    ("not one", Answer(answer(details(), "placeOrder", status=0))),
    ("an empty frame", Answer({})),
    ("no data", Answer({"data": {}})),
    ("data null", Answer(answer(None, "placeOrder"))),
    ("a list", Answer(answer([], "placeOrder"))),
    ("no order id", Answer(placed(orderId=...))),
    ("another operation", Answer(answer(details(), "getOrderDetails"))),
    ("half a body", Answer('{"data":{"placeOrder":{"sta')),
    ("html", Answer("<html>wait</html>")),
    ("html and 502", Answer("<html>bad</html>", 502)),
    ("no errorId", Answer({"code": 500, "error": "x"}, 500)),
    ("a code nobody knows", error("PLE19999")),
    ("forbidden", Answer("", 403)),
    ("a moved path", Answer("", 302)),
    ("their login server fails", Answer({"error": "x", "error_description": "x"}, 503)),
)


@pytest.mark.parametrize("case", NOTHING, ids=lambda case: case[0])
async def test_anything_else_is_an_unknown_outcome(
    plum: Plum, xoxoday: Xoxoday, case: tuple[str, Answer]
) -> None:
    plum.answers["placeOrder"] = case[1]
    with structlog.testing.capture_logs() as lines, pytest.raises(OutcomeUnknown):
        await place(xoxoday)
    assert len(plum.asked("placeOrder")) == 1
    assert not {line.get("field") for line in lines} & ACCIDENTS


CODES: tuple[tuple[Answer, type[ProviderError]], ...] = (
    *((error(code, 422), Rejected) for code in sorted(Xoxoday.REJECTIONS)),
    (error("PLE10024", 502), Rejected),
    (error("PLE10019", 401), Rejected),
    (error("PLE10004", 422), Duplicate),
    (error("PLE10004", 500), Duplicate),
    *((error(code, 502), OutcomeUnknown) for code in sorted(Xoxoday.UNCERTAIN)),
    (error("PLE10025", 401), OutcomeUnknown),
    (error("PLE10016", 404), OutcomeUnknown),
    (error("PIPE10015", 401), Unavailable),
    (error("PIPE10017", 401), Unavailable),
    (error("PLE19999", 429), Unavailable),
    (Answer({"errors": [{"message": "auth.request_limit_exceeded"}]}, 429), Unavailable),
    (Answer({"errors": [{"message": "auth.request_limit_exceeded"}]}, 400), Unavailable),
    (Answer("", 429), Unavailable),
)


@pytest.mark.parametrize(("wrong", "kind"), CODES, ids=lambda part: str(part)[:70])
async def test_a_refused_place_by_its_code(
    plum: Plum, xoxoday: Xoxoday, wrong: Answer, kind: type[ProviderError]
) -> None:
    plum.answers["placeOrder"] = wrong
    with pytest.raises(kind) as caught:
        await place(xoxoday)
    assert type(caught.value) is kind
    if isinstance(caught.value, Rejected):
        assert caught.value.rejection is Xoxoday.REJECTIONS[caught.value.code or ""]
    assert len(plum.asked("placeOrder")) == 1


async def test_an_old_token_is_renewed_and_the_place_sent_once_more(
    plum: Plum, xoxoday: Xoxoday
) -> None:
    plum.answers["placeOrder"] = [error("PIPE10013", 401), Answer(placed())]
    assert (await place(xoxoday)).reading.provider_order_id == ORDER
    assert (len(plum.logins), len(plum.asked("placeOrder"))) == (2, 2)


async def test_a_cut_connection_is_an_unknown_outcome_and_never_repeated() -> None:
    plum = Plum()
    cut: list[str] = []

    async def handle(request: Any) -> Any:
        if request.path.endswith("/api"):
            cut.append(request.path)
            return await hang_up(request)
        return await plum.handle(request)

    async with serving(handle) as url:
        adapter = Xoxoday.open(configuration(Xoxoday, url), MemoryTokenStore())
        with pytest.raises(OutcomeUnknown):
            await place(adapter)
        await adapter.close()
    assert len(cut) == 1


# Against the simulator


async def test_a_product_that_demands_a_phone_number_gets_one() -> None:
    async with simulated() as (simulator, adapter):
        goods = simulator.world.products.values()
        [wanted] = [each for each in goods if each.habit == PHONE_NEEDED]
        item = Item(wanted.sku, Money(wanted.usual_value, wanted.currency), 1)
        with pytest.raises(Rejected):  # nobody knew that it does
            await adapter.place("VG_1", adapter.render("VG_1", item, SOMEBODY))
        await adapter.quote(item)
        order = await adapter.place("VG_1", adapter.render("VG_1", item, SOMEBODY))
        assert order.reading.reference == "VG_1"
        with pytest.raises(Rejected):
            adapter.render("VG_2", item, None)


async def test_bought_quoted_listed_and_hinted_at_the_simulator() -> None:
    async with simulated() as (simulator, adapter):
        goods = [p for p in simulator.world.products.values() if p.available and not p.habit]
        item = Item(goods[1].sku, Money(goods[1].usual_value, goods[1].currency), 2)
        quote = await adapter.quote(item)
        told = await adapter.place("VG_1", adapter.render("VG_1", item, None))
        assert told.charged == quote.total
        [order] = [o for o in simulator.world.newest_first() if o.reference == "VG_1"]
        units = await adapter.vouchers(OrderKey(told.reading.provider_order_id))
        assert [secrets_of(unit) for unit in units] == [
            (unit.code, unit.pin, unit.claim_url) for unit in order.issued(simulator.settings.now())
        ]
        await adapter.resend(OrderKey(told.reading.provider_order_id))
        assert simulator.requests["resend"] == 1
        since = datetime.now(UTC) - timedelta(minutes=1)
        listed = [one.reading.reference async for one in adapter.orders(since)]
        assert listed == ["VG_1"]
        post = simulator.write_post(order, order.at(simulator.settings.now()))
        if post is not None:
            configured = configuration(Xoxoday, simulator.url, webhook_key=simulator.webhook_key)
            hooked = Xoxoday.open(configured, MemoryTokenStore())
            hint = hooked.webhook(post.headers, post.body)
            assert (hint.provider_order_id, hint.reference) == (order.order_id, "VG_1")


def test_the_tables_do_not_contradict_each_other() -> None:
    tables = [set(Xoxoday.REJECTIONS), Xoxoday.DUPLICATES, Xoxoday.NOT_ACCEPTED, Xoxoday.UNCERTAIN]
    everything = [code for table in tables for code in table]
    assert len(everything) == len(set(everything))
    assert not Xoxoday.NO_ORDER & set(everything)
    assert ple(4) == {"PLE10004"}


def test_a_limit_is_no_fault_of_the_login(xoxoday: Xoxoday) -> None:
    body = {"errors": [{"message": "auth.request_limit_exceeded", "penaltySeconds": 60}]}
    with pytest.raises(Unavailable) as caught:
        xoxoday.placed(reply(body, 429), lambda found: found)
    assert caught.value.reason is Reason.RATE_LIMITED
    assert caught.value.retry_after == timedelta(seconds=60)
