"""Starship's spellings, errors and pages, read through the real adapter from a real server."""

import traceback
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import structlog

from domain.money import Money
from domain.orders import OrderStatus
from domain.secret import Secret
from providers import errors
from providers.errors import NotFound, ProviderError, Reason, Rejection, Unavailable, Unsupported
from providers.port import OrderKey
from providers.starship import Starship
from providers.starship_answers import wallets
from providers.tokens import MemoryTokenStore
from providers.wire import Fields, need, rows
from tests.providers import starship_payloads as payloads
from tests.providers.local import Answer, Canned, configuration, opened

ORDER = "/api/v1/orders/40817"
ORDERS = "/api/v1/orders"
PRODUCT = "/api/v1/products/3052"
PRODUCTS = "/api/v1/products"
CURRENCIES = "/api/v1/currencies"
WALLETS = "/api/v1/wallets"
KEY = OrderKey("40817", "GW_71f2a0c4")


@pytest.mark.parametrize("name", payloads.SPELLINGS)
async def test_every_spelling_is_the_same_order(
    starship: Starship, server: Canned, name: str
) -> None:
    server.answers[ORDER] = Answer(payloads.order(**payloads.SPELLINGS[name]))
    order = await starship.order("40817")
    assert order.reading.provider_order_id == "40817"
    assert (order.reading.reference, order.reading.quantity) == ("GW_71f2a0c4", 2)
    assert (order.reading.status, order.reading.final) == (OrderStatus.DELIVERED, True)
    assert order.sku == "3052"
    assert order.face_value == Money(Decimal(25), "USD")
    assert order.charged == Money(Decimal("48.75"), "USD")
    assert order.placed_at == datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
    assert order.vouchers is not None
    assert [voucher.pin for voucher in order.vouchers] == [Secret("6613"), Secret("0013")]


@pytest.mark.parametrize("name", payloads.STATUSES)
async def test_words_and_counted_units(starship: Starship, server: Canned, name: str) -> None:
    changes, status, final, delivered = payloads.STATUSES[name]
    server.answers[ORDER] = Answer(payloads.order(**changes))
    with structlog.testing.capture_logs() as logs:
        reading = (await starship.statuses([KEY]))["40817"]
    assert (reading.status, reading.final, reading.delivered) == (status, final, delivered)
    wanted = ["provider.unknown_status"] * (name in payloads.NOT_KNOWN)
    assert [row["event"] for row in logs] == wanted
    assert [seen.path for seen in server.seen] == [ORDER]


@pytest.mark.parametrize("name", payloads.VOUCHERS)
async def test_a_unit_is_what_is_there(starship: Starship, server: Canned, name: str) -> None:
    row, (kind, code, pin, url, number, at, day) = payloads.VOUCHERS[name]
    server.answers[ORDER] = Answer(payloads.order(vouchers=[row]))
    (voucher,) = await starship.vouchers(KEY)
    assert voucher.type is kind
    found = (voucher.code, voucher.pin, voucher.claim_url, voucher.reference_number)
    assert found == tuple(text and Secret(text) for text in (code, pin, url, number))
    assert voucher.expiry.at == (at and datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert voucher.expiry.on == (day and date.fromisoformat(day))


@pytest.mark.parametrize("name", payloads.REFUSED_READS)
async def test_a_refused_read_says_why(starship: Starship, server: Canned, name: str) -> None:
    answer, reason = payloads.REFUSED_READS[name]
    server.answers[ORDER] = answer
    with pytest.raises(ProviderError) as caught:
        await starship.order("40817")
    if reason is None:
        assert isinstance(caught.value, NotFound)
    else:
        assert isinstance(caught.value, Unavailable)
        assert caught.value.reason is reason


@pytest.mark.parametrize("name", payloads.PLACES)
async def test_a_refused_place_is_told_apart(starship: Starship, server: Canned, name: str) -> None:
    answer, kind, why = payloads.PLACES[name]
    server.answers[ORDERS] = answer
    reply = await starship.transport.post("place", ORDERS, json={}, effect=True)
    with structlog.testing.capture_logs() as logs, pytest.raises(ProviderError) as caught:
        starship.placed(reply, lambda body: need(Fields.of(body).text("id"), "id"))
    assert type(caught.value) is getattr(errors, kind)
    if isinstance(why, Rejection):
        assert isinstance(caught.value, errors.Rejected)
        assert caught.value.rejection is why
    elif isinstance(why, Reason):
        assert isinstance(caught.value, Unavailable)
        assert caught.value.reason is why
    new = [row["code"] for row in logs if row["event"] == "provider.unknown_code"]
    assert new == ["BRAND_NEW"] * name.startswith("new_code")
    assert starship.transport.requests["place"] == 1


def test_the_tables_never_contradict_each_other() -> None:
    tables = [
        set(Starship.REJECTIONS),
        Starship.DUPLICATES,
        Starship.NOT_ACCEPTED,
        Starship.UNCERTAIN,
    ]
    assert sum(map(len, tables)) == len(set().union(*tables))


async def test_there_is_no_lookup_by_our_reference(starship: Starship, server: Canned) -> None:
    with pytest.raises(Unsupported):
        await starship.find("GW_71f2a0c4")
    assert server.seen == []


@pytest.mark.parametrize("odd", ["", "0", "-1", "abc", "1/../2", "1?x", "²", "1" * 40, " 1"])
async def test_an_id_that_cannot_exist_is_not_asked_for(
    starship: Starship, server: Canned, odd: str
) -> None:
    for ask in (starship.order(odd), starship.product(odd), starship.vouchers(OrderKey(odd))):
        with pytest.raises(NotFound):
            await ask
    assert server.seen == []


# Money


async def test_a_currency_is_looked_up_once(starship: Starship, server: Canned) -> None:
    server.answers[ORDER] = Answer(payloads.order())
    for _ in range(3):
        await starship.order("40817")
    assert dict(starship.transport.requests) == {"order": 3, "catalog": 1, "product": 1}


@pytest.mark.parametrize(
    "broken", [Answer("<html>", 503), Answer(payloads.standard("RESOURCE_NOT_FOUND"), 400)]
)
async def test_an_order_is_read_without_its_currency_if_need_be(
    starship: Starship, server: Canned, broken: Answer
) -> None:
    server.answers[ORDER] = Answer(payloads.order())
    server.answers[PRODUCT] = broken
    order = await starship.order("40817")
    assert (order.face_value, order.charged) == (None, None)
    assert order.reading.status is OrderStatus.DELIVERED
    server.answers[PRODUCT] = Answer(payloads.product())
    assert (await starship.order("40817")).face_value == Money(Decimal(25), "USD")


@pytest.mark.parametrize(
    ("wallet_ids", "changes", "charged"),
    [
        ("", {}, Money(Decimal("48.75"), "USD")),
        ("", {"discount": None, "amount": "50.00"}, Money(Decimal("50.00"), "USD")),
        ("", {"amount": "45.10"}, None),  # a fee, or another wallet: it does not say
        ("", {"quantity": None}, None),
        ("USD=12", {"amount": "45.10"}, Money(Decimal("45.10"), "USD")),
        ("EUR=13", {"amount": "45.10"}, Money(Decimal("45.10"), "EUR")),
        ("EUR=13, USD=12", {"amount": "45.10"}, Money(Decimal("45.10"), "USD")),
        ("EUR=13,GBP=14", {"amount": "45.10"}, None),
        ("EUR=13", {"amount": None}, None),
    ],
)
async def test_what_was_charged_is_in_the_wallets_currency(
    server: Canned, wallet_ids: str, changes: dict[str, Any], charged: Money | None
) -> None:
    server.answers[ORDER] = Answer(payloads.order(**changes))
    async with opened(Starship, server.url, wallet_ids=wallet_ids) as starship:
        assert (await starship.order("40817")).charged == charged


def test_wallets_by_currency() -> None:
    assert wallets("") == {}
    assert wallets(" USD = 12 ,EUR=13,") == {"USD": "12", "EUR": "13"}


@pytest.mark.parametrize("odd", ["USD", "usd=1", "USD=x", "USD=1,USD=2", "=1", "USD=-1", "US=1"])
def test_a_wrong_wallet_setting_stops_the_start(odd: str) -> None:
    wrong = configuration(Starship, "http://127.0.0.1:1", wallet_ids=odd)
    with pytest.raises(ValueError, match=r"STARSHIP_WALLET_IDS is .* USD=12,EUR=13"):
        Starship.open(wrong, MemoryTokenStore())


async def test_balances_are_prepaid_wallets_by_currency(starship: Starship, server: Canned) -> None:
    server.answers[WALLETS] = Answer(
        [
            {"id": 11, "currency_id": 1, "amount": 100, "type": "PREPAID"},
            {"id": 12, "currency_id": 2, "amount": "10.50", "type": "prepaid"},
            {"id": 13, "currency_id": 2, "amount": Decimal("0.25"), "type": None},
            {"id": 14, "currency_id": 3, "amount": 999, "type": "POSTPAID"},
        ]
    )
    balances = await starship.balances()
    assert [(str(m), m.currency) for m in balances] == [("100.00", "INR"), ("10.75", "USD")]


async def test_only_named_wallets_count(server: Canned) -> None:
    server.answers[WALLETS] = Answer(
        [
            {"id": 11, "currency_id": 2, "amount": 1, "type": "PREPAID"},
            {"id": 12, "currency_id": 2, "amount": 2, "type": "PREPAID"},
        ]
    )
    async with opened(Starship, server.url, wallet_ids="USD=12") as starship:
        assert [str(money) for money in await starship.balances()] == ["2.00"]


# Login


async def test_key_and_secret_go_along_and_requests_are_signed_if_wanted(server: Canned) -> None:
    server.answers[ORDER] = Answer(payloads.order())
    for signing, signed in (("off", False), ("on", True)):
        async with opened(Starship, server.url, signing=signing) as starship:
            await starship.vouchers(KEY)
        headers = server.seen[-1].headers
        assert (headers["X-API-Key"], headers["X-API-Secret"]) == ("the-api_key", "the-api_secret")
        assert ("X-Signature" in headers) is signed


async def test_a_refused_key_is_not_a_reason_to_ask_again(
    starship: Starship, server: Canned
) -> None:
    server.answers[ORDER] = Answer(payloads.flat("unauthorized"), 401)
    with pytest.raises(Unavailable):
        await starship.order("40817")
    assert len(server.seen) == 1


async def test_nothing_secret_in_logs_or_errors(
    starship: Starship, server: Canned, caplog: pytest.LogCaptureFixture
) -> None:
    code = "5501 7719 0042"
    shown = []
    with structlog.testing.capture_logs() as logs:
        server.answers[ORDER] = [
            Answer(payloads.order(status="ODD")),
            Answer(payloads.order(vouchers=[payloads.unit(expires_at=code)])),
            Answer(payloads.standard(code), 400),
            Answer(f'{{"vouchers":[{{"card_number":"{code}'),
        ]
        shown.append(repr(await starship.order("40817")))
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                await starship.order("40817")
            shown += traceback.format_exception(caught.value)
            shown.append(repr(caught.value.code))
    everything = f"{shown}{logs}{caplog.text}"
    secrets = (code, "6613", "SV-81", "the-api_key", "the-api_secret")
    assert [secret for secret in secrets if secret in everything] == []
    assert "expires_at" in str(logs)  # which field, never its value


def test_rows_and_needs_name_the_field() -> None:
    with pytest.raises(ValueError, match="the body is not a list"):
        rows({})
    with pytest.raises(ValueError, match="id is not there"):
        need(None, "id")
