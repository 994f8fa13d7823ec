"""Buying at Woohoo in both profiles: the body that is signed, and what a place comes to."""

import json
from decimal import Decimal
from typing import Any

import pytest
import structlog

from domain.carts import Item, Recipient
from domain.money import Money
from domain.orders import OrderStatus
from domain.secret import Secret
from providers.errors import Duplicate, OutcomeUnknown, ProviderError, Rejected, Unavailable
from providers.port import OrderKey
from providers.tokens import MemoryTokenStore
from providers.woohoo import DIRECT, RESELLER, Woohoo
from tests.providers.local import Answer, configuration
from tests.providers.pine import ORDER, REFERENCE, Pair, running, simulated
from tests.providers.shown import ACCIDENTS, revealed, secrets_of, shown
from tests.providers.woohoo_payloads import RUPEES, card, envelope

DELIVERED, PROCESSING, PENDING = (
    OrderStatus.DELIVERED,
    OrderStatus.PROCESSING,
    OrderStatus.PENDING,
)
TWO = Item("CNPIN", Money(Decimal("500.00"), "INR"), 2)
SOMEBODY = Recipient(
    Secret("Zoë O'Brien (work)"), Secret("zoe@shop.example"), Secret("+91 98123-45678")
)
ADDRESS = {
    "address_firstname": "Vouchers!",
    "address_email": "orders@shop.example",
    "address_telephone": "+918000000000",
    "address_line1": "1 'Long' Road",
    "address_city": "Bengaluru",
    "address_region": "Karnataka",
    "address_country": "IN",
    "address_postcode": "560001",
}


def placed(**changes: Any) -> dict[str, Any]:
    """201: complete, two cards."""
    whole: dict[str, Any] = {
        "status": "COMPLETE",
        "orderId": ORDER,
        "refno": REFERENCE,
        "cancel": {"allowed": True, "allowedWithIn": "15"},
        "currency": RUPEES,
        "payments": [{"code": "svc"}],
        "cards": [card(), card(cardNumber="6009221100000018", cardId=99102)],
        "products": {"CNPIN": {"sku": "CNPIN", "name": "Sample Card", "currency": RUPEES}},
    }
    return {k: v for k, v in (whole | changes).items() if v is not ...}


def adapter(**values: str) -> Woohoo:
    """One that is never asked anything."""
    return Woohoo.open(
        configuration(Woohoo, "http://127.0.0.1:9", timeout=5, **values), MemoryTokenStore()
    )


async def place(pair: Pair, answer: Answer) -> Any:
    pine, woohoo = pair
    pine.answers[pine.path("place")] = answer
    return await woohoo.place(REFERENCE, woohoo.render(REFERENCE, TWO, None))


# The body


def test_the_body_is_the_whole_order() -> None:
    body = adapter().render(REFERENCE, TWO, None)
    assert body == (
        b'{"address":{"billToThis":true},"deliveryMode":"API",'
        b'"payments":[{"amount":1000,"code":"svc"}],'
        b'"products":[{"currency":356,"price":500,"qty":2,"sku":"CNPIN"}],'
        b'"refno":"VG_71F2A0C4","syncOnly":true}'
    )
    assert body == adapter(profile=RESELLER).render(REFERENCE, TWO, None)


@pytest.mark.parametrize(
    ("amount", "quantity", "price", "paid", "sync"),
    [
        ("500", 10, "500", "5000", True),
        ("500", 11, "500", "5500", False),
        ("99.5", 2, "99.5", "199", True),
        ("1E+3", 1, "1000", "1000", True),
        ("0.10", 3, "0.1", "0.3", True),
    ],
)
def test_amounts_are_plain_numbers(
    amount: str, quantity: int, price: str, paid: str, sync: bool
) -> None:
    item = Item("CNPIN", Money(Decimal(amount), "INR"), quantity)
    body = adapter().render(REFERENCE, item, None).decode()
    assert f'"price":{price},' in body
    assert f'"amount":{paid},' in body
    assert json.loads(body)["syncOnly"] is sync


def test_the_address_is_the_settings() -> None:
    for who in (None, SOMEBODY):
        sent = json.loads(adapter(**ADDRESS).render(REFERENCE, TWO, who))["address"]
        assert sent == {
            "firstname": "Vouchers",
            "email": "orders@shop.example",
            "telephone": "+918000000000",
            "line1": "1 Long Road",
            "city": "Bengaluru",
            "region": "Karnataka",
            "country": "IN",
            "postcode": "560001",
            "billToThis": True,
        }


def test_the_recipient_stands_in_for_what_the_settings_leave_out() -> None:
    some = {name: value for name, value in ADDRESS.items() if name.endswith(("email", "line1"))}
    sent = json.loads(adapter(**some).render(REFERENCE, TWO, SOMEBODY))["address"]
    assert sent == {
        "firstname": "Zoë O Brien",
        "lastname": "work",
        "email": "orders@shop.example",
        "telephone": "+919812345678",
        "line1": "1 Long Road",
        "billToThis": True,
    }
    short = Recipient(Secret("Zoë"), Secret("zoe@shop.example"))
    sent = json.loads(adapter().render(REFERENCE, TWO, short))["address"]
    assert sent == {"firstname": "Zoë", "email": "zoe@shop.example", "billToThis": True}


@pytest.mark.parametrize(
    ("reference", "item"),
    [
        ("", TWO),
        ("VG-1", TWO),
        ("V" * 56, TWO),
        (REFERENCE, Item("CNPIN", Money(Decimal(500), "USD"), 1)),
        (REFERENCE, Item("CNPIN", Money(Decimal(500), "INR"), 0)),
        (REFERENCE, Item("CNPIN", Money(Decimal(0), "INR"), 1)),
    ],
)
def test_what_cannot_be_ordered_is_refused(reference: str, item: Item) -> None:
    with pytest.raises(Rejected):
        adapter().render(reference, item, None)


async def test_the_stored_bytes_are_signed_and_sent(woohoo: Pair) -> None:
    """The server recomputes the signature from what came in, by the contract's recipe."""
    pine, made = woohoo
    pine.answers[pine.path("place")] = Answer(placed(), 201)
    item = Item("CNPIN", Money(Decimal("99.50"), "INR"), 2)
    body = made.render(REFERENCE, item, SOMEBODY)
    await made.place(REFERENCE, body)
    assert pine.sent == [(pine.path("place"), body)]
    assert "Zoë".encode() in body


# What a place comes to. Name, HTTP status, answer, status, units.
PLACED: tuple[tuple[str, int, dict[str, Any], OrderStatus, int | None], ...] = (
    ("complete", 201, placed(), DELIVERED, 2),
    ("the reseller's word", 201, placed(status="success"), DELIVERED, 2),
    ("processing", 202, placed(status="PROCESSING", cards=...), PROCESSING, None),
    ("processing, no cards", 202, placed(status="PROCESSING", cards=[]), PROCESSING, None),
    ("processing, cards null", 202, placed(status="PROCESSING", cards=None), PROCESSING, None),
    ("pending", 202, placed(status="PENDING", cards=...), PENDING, None),
    ("complete without cards", 201, placed(cards=...), DELIVERED, None),
    ("no word", 202, placed(status=..., cards=...), PROCESSING, None),
    ("an unknown word", 202, placed(status="HELD", cards=...), PROCESSING, None),
    ("no refno", 201, placed(refno=...), DELIVERED, 2),
    ("products a list", 201, placed(products=[]), DELIVERED, 2),
    ("200", 200, placed(), DELIVERED, 2),
    ("code 0 beside it", 201, placed(code=0), DELIVERED, 2),
    # The order stands although its cards must be asked for by themselves.
    ("cards unreadable", 201, placed(cards="x"), DELIVERED, None),
    ("a card unreadable", 201, placed(cards=[card(), 7]), DELIVERED, None),
    ("a number unreadable", 201, placed(cards=[card(cardNumber=[])]), DELIVERED, None),
    ("a summary of cards", 202, placed(cards={"x": 1}), DELIVERED, None),
)


@pytest.mark.parametrize("case", PLACED, ids=lambda case: case[0])
async def test_what_was_accepted(woohoo: Pair, case: Any) -> None:
    _, status, body, word, units = case
    order = await place(woohoo, Answer(body, status))
    reading = order.reading
    assert (reading.provider_order_id, reading.reference) == (ORDER, REFERENCE)
    assert (reading.status, reading.final) == (word, False)
    assert (reading.quantity, reading.delivered) == (None, units)
    assert (None if order.vouchers is None else len(order.vouchers)) == units
    assert order.sku == ("CNPIN" if isinstance(body["products"], dict) else None)
    assert shown(order.face_value) == ("500.00 INR" if units else None)
    assert "6009221100000017" not in repr(order)


async def test_the_cards_of_a_place(woohoo: Pair) -> None:
    order = await place(woohoo, Answer(placed(payments=[{"code": "svc", "amount": "970.00"}]), 201))
    units = order.vouchers
    assert [revealed(unit.code) for unit in units] == ["6009221100000017", "6009221100000018"]
    assert {revealed(unit.pin) for unit in units} == {"448812"}
    assert {unit.sku for unit in units} == {"CNPIN"}
    assert shown(order.charged) == "970.00 INR"


NOTHING: tuple[tuple[str, Answer], ...] = (
    ("another refno", Answer(placed(refno="VG_OTHER"), 201)),
    ("no order id", Answer(placed(orderId=None), 201)),
    ("an id that is none", Answer(placed(orderId=[]), 201)),
    ("empty", Answer({}, 201)),
    ("a list", Answer([], 201)),
    ("null", Answer(None, 202)),
    ("half a body", Answer('{"status":"COMPLETE","orderId":"KLM', 201)),
    ("html", Answer("<html>wait</html>", 200)),
    ("html and 403", Answer("<html>not listed</html>", 403)),
    ("html and 502", Answer("<html>bad</html>", 502)),
    ("try later", Answer({"code": 6053, "message": "x", "messages": []}, 400)),
    ("a fault", Answer({"code": 500, "message": "x"}, 500)),
    ("not available", Answer({"code": 5320, "message": "x"}, 400)),
    ("a code nobody knows", Answer({"code": 77777, "message": "x"}, 400)),
    ("no code", Answer({"message": "x"}, 400)),
    ("a moved path", Answer("", 302)),
)


@pytest.mark.parametrize("case", NOTHING, ids=lambda case: case[0])
async def test_anything_else_is_an_unknown_outcome(woohoo: Pair, case: tuple[str, Answer]) -> None:
    with structlog.testing.capture_logs() as lines, pytest.raises(OutcomeUnknown):
        await place(woohoo, case[1])
    assert len(woohoo[0].sent) == 1
    assert not {line.get("field") for line in lines} & ACCIDENTS


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (Answer({"code": 5313, "message": "x"}, 400), Duplicate),
        (Answer({"code": "5002", "message": "x"}, 400), Duplicate),
        (Answer({"code": 5307, "message": "x"}, 400), Rejected),
        (Answer({"code": 11135, "message": "x"}, 500), Rejected),
        (Answer({"code": 5038, "message": "x"}, 400), Rejected),
        (Answer({"code": 403, "message": "x"}, 403), Unavailable),
        (Answer({"code": 429, "message": "x"}, 429), Unavailable),
        (Answer("", 429), Unavailable),
        (Answer("oauth_problem=signature_invalid", 401), Unavailable),
    ],
)
async def test_a_refused_place(woohoo: Pair, wrong: Answer, kind: type[ProviderError]) -> None:
    with pytest.raises(kind) as caught:
        await place(woohoo, wrong)
    assert type(caught.value) is kind
    assert len(woohoo[0].sent) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_an_envelope_that_says_nothing_proves_nothing(status: int) -> None:
    """It only repeats the HTTP status: a duplicate, or "try later", could look like that."""
    async with running(RESELLER) as pair:
        with pytest.raises(OutcomeUnknown):
            await place(pair, Answer(json.dumps(envelope(None, status)), status))


async def test_an_old_token_is_renewed_and_the_order_sent_once_more(woohoo_direct: Pair) -> None:
    pine, made = woohoo_direct
    answers = [Answer("oauth_problem=token_rejected", 401), Answer(placed(), 201)]
    pine.answers[pine.path("place")] = answers
    order = await made.place(REFERENCE, made.render(REFERENCE, TWO, None))
    assert order.reading.provider_order_id == ORDER
    assert (len(pine.logins), len(pine.sent)) == (4, 2)
    assert pine.sent[0] == pine.sent[1]


@pytest.mark.parametrize("profile", [DIRECT, RESELLER])
@pytest.mark.parametrize("quantity", [2, 11])
async def test_an_order_at_the_simulator(profile: str, quantity: int) -> None:
    async with simulated(profile) as (simulator, made):
        item = Item("CNPIN", Money(simulator.world.products["CNPIN"].usual_value, "INR"), quantity)
        quantity = min(quantity, simulator.world.products["CNPIN"].max_quantity)
        item = Item(item.sku, item.face_value, quantity)
        quoted = await made.quote(item)
        told = await made.place(REFERENCE, made.render(REFERENCE, item, SOMEBODY))
        [order] = [o for o in simulator.world.newest_first() if o.reference == REFERENCE]
        issued = [(u.code, u.pin, u.claim_url) for u in order.vouchers]
        if quantity <= 10:
            assert [secrets_of(unit) for unit in told.vouchers or ()] == issued
        else:
            assert told.vouchers is None
        read = await made.vouchers(OrderKey(told.reading.provider_order_id))
        assert [secrets_of(unit) for unit in read] == issued
        found = await made.find(REFERENCE)
        assert found is not None
        assert found.charged == quoted.total


async def test_a_sandbox_sku_that_stays_in_progress() -> None:
    async with simulated(DIRECT) as (simulator, made):
        face = Money(simulator.world.products["PROCESSINGSTS"].usual_value, "INR")
        item = Item("PROCESSINGSTS", face, 1)
        told = await made.place(REFERENCE, made.render(REFERENCE, item, None))
        assert (told.reading.status, told.vouchers) == (OrderStatus.PROCESSING, None)
        assert await made.vouchers(OrderKey(told.reading.provider_order_id)) == ()
