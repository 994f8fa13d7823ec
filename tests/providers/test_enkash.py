"""EnKash's many spellings, read through the real adapter from a real server."""

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
from providers.enkash import PAGE, EnKash
from providers.errors import NotFound, ProviderError, Reason, Rejection, Unavailable
from providers.port import OrderKey
from providers.tokens import MemoryTokenStore
from providers.wire import Fields, need
from tests.providers import enkash_payloads as payloads
from tests.providers.local import Answer, Canned, configuration, opened

DETAILS = "/api/v0/order/orderDetails"
SEARCH = "/api/v0/partner/search-order"
CATALOG = "/api/v0/partner/search-catalog"
CONFIG = "/api/v0/partner/search-config/"
KEY = OrderKey("884120", "GW_71f2a0c4", datetime(2026, 2, 3, 20, tzinfo=UTC))


@pytest.mark.parametrize("name", payloads.ENVELOPES)
async def test_every_envelope_holds_the_same_order(
    enkash: EnKash, server: Canned, name: str
) -> None:
    server.answers[DETAILS] = Answer(payloads.ENVELOPES[name])
    order = await enkash.find("GW_71f2a0c4")
    assert order is not None
    assert server.asked(DETAILS)[0].json == {"orderId": "GW_71f2a0c4"}
    assert (order.reading.provider_order_id, order.reading.reference) == ("884120", "GW_71f2a0c4")
    assert (order.reading.raw_status, order.reading.quantity) == ("SUCCESS", 2)
    assert (order.reading.status, order.reading.final) == (OrderStatus.DELIVERED, True)
    assert order.face_value == Money(Decimal(750), "INR")
    assert order.charged == Money(Decimal(1455), "INR")
    assert order.vouchers is not None
    assert [voucher.pin for voucher in order.vouchers] == [Secret("908172"), Secret("118172")]
    assert (order.sku, order.product_name, order.placed_at) == (None, None, None)


@pytest.mark.parametrize("name", payloads.STATUSES)
async def test_words_and_counted_units(enkash: EnKash, server: Canned, name: str) -> None:
    changes, status, final, delivered = payloads.STATUSES[name]
    server.answers[DETAILS] = Answer(payloads.enveloped(payloads.details(**changes)))
    with structlog.testing.capture_logs() as logs:
        reading = (await enkash.statuses([KEY]))["884120"]
    assert (reading.status, reading.final, reading.delivered) == (status, final, delivered)
    unknown = name in ("unknown", "empty", "null", "missing", "number")
    assert ["provider.unknown_status"] * unknown == [row["event"] for row in logs]


@pytest.mark.parametrize("name", payloads.VOUCHERS)
async def test_a_unit_is_what_is_there(enkash: EnKash, server: Canned, name: str) -> None:
    row, (kind, code, pin, url, at, day) = payloads.VOUCHERS[name]
    server.answers[DETAILS] = Answer(payloads.enveloped(payloads.details(voucherDetailsList=[row])))
    (voucher,) = await enkash.vouchers(KEY)
    assert voucher.type is kind
    assert (voucher.code, voucher.pin, voucher.claim_url) == tuple(
        text and Secret(text) for text in (code, pin, url)
    )
    assert voucher.expiry.at == (at and datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert voucher.expiry.on == (day and date.fromisoformat(day))


@pytest.mark.parametrize(
    ("total", "quantity", "each"),
    [
        ("1500.00", 2, "750"),
        (1000, 3, None),
        ("0.03", 2, None),
        ("10.01", 1, "10.01"),
        (5, 0, None),
    ],
)
async def test_a_face_value_is_the_total_shared_out_evenly(
    enkash: EnKash, server: Canned, total: Any, quantity: int, each: str | None
) -> None:
    body = payloads.details(totalAmount=total, totalQuantity=quantity)
    server.answers[DETAILS] = Answer(payloads.enveloped(body))
    order = await enkash.order("884120")
    assert order.face_value == (each and Money(Decimal(each), "INR"))


@pytest.mark.parametrize("name", payloads.REFUSED_READS)
async def test_a_refused_read_says_why(enkash: EnKash, server: Canned, name: str) -> None:
    answer, reason = payloads.REFUSED_READS[name]
    server.answers[DETAILS] = answer
    with pytest.raises(ProviderError) as caught:
        await enkash.order("884120")
    if reason is None:
        assert isinstance(caught.value, NotFound)
        assert await enkash.find("GW_71f2a0c4") is None
    else:
        assert isinstance(caught.value, Unavailable)
        assert caught.value.reason is reason
        with pytest.raises(Unavailable):
            await enkash.find("GW_71f2a0c4")


@pytest.mark.parametrize("name", payloads.PLACES)
async def test_a_refused_place_is_told_apart(enkash: EnKash, server: Canned, name: str) -> None:
    answer, kind, why = payloads.PLACES[name]
    server.answers["/place"] = answer
    reply = await enkash.transport.post("place", "/place", json={}, effect=True)
    with structlog.testing.capture_logs() as logs, pytest.raises(ProviderError) as caught:
        enkash.placed(
            reply, lambda body: need(Fields.of(body["payload"]).text("orderId"), "orderId")
        )
    assert type(caught.value) is getattr(errors, kind)
    if isinstance(why, Rejection):
        assert isinstance(caught.value, errors.Rejected)
        assert caught.value.rejection is why
    elif isinstance(why, Reason):
        assert isinstance(caught.value, Unavailable)
        assert caught.value.reason is why
    new = [row["event"] for row in logs if row["event"] == "provider.unknown_code"]
    assert new == ["provider.unknown_code"] * name.startswith(payloads.NO_TABLE)


async def test_an_accepted_place_is_read(enkash: EnKash, server: Canned) -> None:
    server.answers["/place"] = Answer(payloads.enveloped(..., payload=payloads.details()))
    reply = await enkash.transport.post("place", "/place", json={}, effect=True)
    assert enkash.placed(reply, lambda body: body["payload"]["orderId"]) == "884120"


async def test_somebody_elses_order_is_not_found_by_our_reference(
    enkash: EnKash, server: Canned
) -> None:
    body = payloads.details(partnerOrderReferenceId="OTHER")
    server.answers[DETAILS] = Answer(payloads.enveloped(body))
    with pytest.raises(Unavailable) as caught:
        await enkash.find("GW_71f2a0c4")
    assert caught.value.reason is Reason.UNREADABLE
    assert (await enkash.order("884120")).reading.reference == "OTHER"


async def test_several_statuses_are_one_narrowed_search(enkash: EnKash, server: Canned) -> None:
    rows = [
        payloads.details(orderId=1, voucherDetailsList=...),
        payloads.details(orderId="2", orderStatus="PENDING", voucherDetailsList=...),
        payloads.details(orderId="3", orderStatus="FAILED", voucherDetailsList=...),
        payloads.details(orderId="99", voucherDetailsList=...),
    ]
    server.answers[SEARCH] = Answer(payloads.enveloped(..., payload=rows, totalCount=4))
    keys = [
        OrderKey(str(n), f"R{n}", datetime(2026, 2, 3 + n, 20, tzinfo=UTC)) for n in (1, 2, 3, 4)
    ]
    readings = await enkash.statuses(keys)
    assert {key: (row.status, row.final, row.delivered) for key, row in readings.items()} == {
        "1": (OrderStatus.DELIVERED, False, None),
        "2": (OrderStatus.PROCESSING, False, None),
        "3": (OrderStatus.FAILED, True, None),
    }
    assert dict(enkash.transport.requests) == {"token": 1, "orders": 1}
    (seen,) = server.asked(SEARCH)
    assert seen.query == {"limit": str(PAGE), "offset": "0"}
    sent = seen.json
    # 20:00 UTC is the next day in India; a day more on both sides.
    assert (sent["createdOnFrom"], sent["createdOnTo"]) == ("2026-02-04", "2026-02-09")
    assert (sent["direction"], sent["brand"], sent["orderStatus"]) == ("DESC", [], "")
    assert sent["amountFrom"] is None


async def test_a_search_is_as_wide_as_the_least_known_order(enkash: EnKash, server: Canned) -> None:
    server.answers[SEARCH] = Answer(payloads.enveloped(..., payload=[]))
    assert await enkash.statuses([KEY, OrderKey("5")]) == {}
    assert server.asked(SEARCH)[0].json["createdOnFrom"] == ""


async def test_no_statuses_are_no_request(enkash: EnKash, server: Canned) -> None:
    assert await enkash.statuses([]) == {}
    assert server.seen == []


@pytest.mark.parametrize("payload", ["none", {"a": 1}, [1], [{"orderStatus": "SUCCESS"}], None])
async def test_a_search_that_is_no_list_is_unreadable(
    enkash: EnKash, server: Canned, payload: Any
) -> None:
    server.answers[SEARCH] = Answer(payloads.enveloped(..., payload=payload))
    with pytest.raises(Unavailable) as caught:
        await enkash.statuses([KEY, OrderKey("5")])
    assert caught.value.reason is Reason.UNREADABLE


async def test_an_order_known_by_its_id_only_is_asked_by_it(enkash: EnKash, server: Canned) -> None:
    server.answers[DETAILS] = Answer(payloads.enveloped(payloads.details()))
    await enkash.vouchers(OrderKey("884120"))
    await enkash.vouchers(KEY)
    asked = [seen.json["orderId"] for seen in server.asked(DETAILS)]
    assert asked == ["884120", "GW_71f2a0c4"]


# Login


async def test_a_token_error_renews_once_and_asks_again(server: Canned) -> None:
    server.answers["/oauth/token"] = [
        Answer(payloads.TOKEN),
        Answer(payloads.TOKEN | {"access_token": "second"}),
    ]
    server.answers[DETAILS] = [
        Answer({"error": "invalid_token"}, 401),
        Answer(payloads.enveloped(payloads.details())),
    ]
    async with opened(EnKash, server.url) as enkash:
        await enkash.order("884120")
    sent = [seen.body for seen in server.asked("/oauth/token")]
    assert [b"grant_type=password" in body for body in sent] == [True, False]
    bearers = [seen.headers["Authorization"] for seen in server.asked(DETAILS)]
    assert bearers == ["Bearer q7Lr0aVnXw", "Bearer second"]


async def test_a_locked_account_is_not_tried_again(server: Canned) -> None:
    server.answers["/oauth/token"] = Answer({"error": "invalid_grant"}, 400)
    async with opened(EnKash, server.url) as enkash:
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                await enkash.order("884120")
            assert caught.value.reason is Reason.CREDENTIALS
    assert len(server.seen) == 1


async def test_a_short_lived_token_is_renewed_by_its_refresh_token(server: Canned) -> None:
    server.answers["/oauth/token"] = Answer(payloads.TOKEN | {"expires_in": 0})
    server.answers[DETAILS] = Answer(payloads.enveloped(payloads.details()))
    async with opened(EnKash, server.url) as enkash:
        await enkash.order("884120")
        await enkash.order("884120")
    assert [b"refresh_token=Zt4mBd1" in seen.body for seen in server.asked("/oauth/token")] == [
        False,
        True,
    ]


async def test_nothing_secret_in_logs_or_errors(
    enkash: EnKash, server: Canned, caplog: pytest.LogCaptureFixture
) -> None:
    code = "7700112233445566"
    odd = payloads.details(orderStatus="ODD")
    broken = payloads.details(voucherDetailsList=[payloads.unit(expiryDate=code, pin=code)])
    shown = []
    with structlog.testing.capture_logs() as logs:
        server.answers[DETAILS] = [
            Answer(payloads.enveloped(odd)),
            Answer(payloads.enveloped(broken)),
            Answer(payloads.failed(f"bad code {code}")),
            Answer(f'{{"paylod":{{"cardNumber":"{code}'),
        ]
        shown.append(repr(await enkash.order("884120")))
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                await enkash.order("884120")
            shown += traceback.format_exception(caught.value)
            shown.append(repr(caught.value.code))
    everything = f"{shown}{logs}{caplog.text}"
    secrets = (code, "908172", "q7Lr0aVnXw", "Zt4mBd1", "the-password", "the-client_secret")
    assert [secret for secret in secrets if secret in everything] == []
    assert "expiryDate" in str(logs)  # which field, never its value


def test_the_login_and_the_account_are_told_apart() -> None:
    base = configuration(EnKash, "http://127.0.0.1:1")
    same = configuration(EnKash, "http://127.0.0.1:1/", quote="cart")
    changed = configuration(EnKash, "http://127.0.0.1:1", password="other")
    elsewhere = configuration(EnKash, "http://127.0.0.1:2")
    assert EnKash.login_digest(base) == EnKash.login_digest(same)
    assert len({EnKash.login_digest(c) for c in (base, changed, elsewhere)}) == 3
    accounts = {EnKash.open(c, MemoryTokenStore()).credential for c in (base, changed)}
    assert len(accounts) == 1
