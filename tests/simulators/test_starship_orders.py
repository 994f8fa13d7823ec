"""Starship's orders: idempotency keys, error shapes, lists, limits, webhooks."""

import asyncio
import hmac
import json
from typing import Any

import pytest

from simulators.catalog import Kind
from simulators.starship import PAST, Starship
from tests.simulators.clients import StarshipClient, listening

REF = "VG_STARSHIP1234"
CREATED = {
    "id",
    "ref",
    "transaction_id",
    "amount",
    "product_id",
    "denomination",
    "quantity",
    "discount",
    "vouchers",
    "status",
    "placed_at",
}


async def test_an_order_is_answered_and_read_as_in_the_contract(starship: StarshipClient) -> None:
    product = starship.product()
    placed = (await starship.place(REF, product, 2)).json
    assert set(placed) == CREATED
    assert (placed["status"], placed["vouchers"], placed["ref"]) == ("DELIVERED", [], REF)
    assert placed["amount"] == product.usual_value * 2 - placed["discount"]
    read = (await starship.call("GET", f"/orders/{placed['id']}")).json
    assert set(read) == CREATED - {"ref"} | {"reference_code", "sub_status"}
    assert (read["status"], read["sub_status"]) == ("delivered", "COMPLETED")
    assert (read["amount"], read["denomination"]) == (
        f"{placed['amount']:.2f}",
        f"{product.usual_value:.2f}",
    )
    [first, _] = read["vouchers"]
    assert set(first) == {
        "card_number",
        "pin_code",
        "claim_url",
        "voucher_reference_number",
        "expires_at",
    }
    assert len(first["card_number"].split()) == 3
    assert len(first["pin_code"]) == 4
    assert first["claim_url"] is None


@pytest.mark.parametrize("kind", list(Kind))
async def test_vouchers_of_each_kind(starship: StarshipClient, kind: Kind) -> None:
    placed = (await starship.place(REF, starship.product(kind))).json
    [unit] = (await starship.call("GET", f"/orders/{placed['id']}")).json["vouchers"]
    assert bool(unit["card_number"]) is not kind.is_link
    assert bool(unit["claim_url"]) is kind.is_link
    assert bool(unit["pin_code"]) is kind.has_pin


async def test_the_same_key_answers_the_first_answer(starship: StarshipClient) -> None:
    await starship.set(instant=False)
    product = starship.product()
    first = await starship.place(REF, product)
    await starship.set(clock_offset_seconds=80_000)
    again = await starship.place(REF, product)
    assert again.raw == first.raw
    assert len(await starship.ledger(REF)) == 1
    await starship.set(clock_offset_seconds=86_500)
    late = await starship.place(REF, product)
    assert (late.status, late.json["error"]["code"]) == (409, "DUPLICATE_REFERENCE")


async def test_keys_that_will_not_do(starship: StarshipClient) -> None:
    product = starship.product()
    await starship.place(REF, product)

    async def code(reference: str, quantity: int, key: str) -> tuple[int, str, bool]:
        reply = await starship.place(reference, product, quantity, key=key)
        error = reply.json["error"]
        return reply.status, error["code"], "details" in error

    assert await code(REF, 2, REF) == (409, "IDEMPOTENCY_KEY_CONFLICT", True)
    assert await code(REF, 1, REF + "-other") == (409, "DUPLICATE_REFERENCE", False)
    assert await code(REF, 1, "short") == (400, "IDEMPOTENCY_KEY_TOO_SHORT", True)
    assert await code(REF, 1, "x" * 257) == (400, "IDEMPOTENCY_KEY_TOO_LONG", True)
    assert await code(REF, 1, "") == (400, "IDEMPOTENCY_KEY_REQUIRED", True)
    assert len(await starship.ledger(REF)) == 1


async def test_a_key_in_use_is_told_so(starship: StarshipClient) -> None:
    await starship.set(latency_ms=80)
    product = starship.product()
    replies = await asyncio.gather(*(starship.place(REF, product) for _ in range(3)))
    codes = sorted(
        "ok" if reply.status == 200 else reply.json["error"]["code"] for reply in replies
    )
    assert codes == ["IDEMPOTENCY_IN_PROGRESS", "IDEMPOTENCY_IN_PROGRESS", "ok"]
    assert (await starship.place(REF, product)).status == 200


async def test_a_refused_order_leaves_the_key_free(starship: StarshipClient) -> None:
    await starship.break_with("place", "low_balance", times=1)
    product = starship.product()
    refused = await starship.place(REF, product)
    assert (refused.status, refused.json["error"]["code"]) == (402, "INSUFFICIENT_BALANCE")
    assert (await starship.place(REF, product)).status == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"product_id": 1}, "RESOURCE_NOT_FOUND"),
        ({"product_id": "x"}, "E_VALIDATION_FAILURE"),
        ({"denomination": 3.5}, "RESOURCE_NOT_FOUND"),
        ({"quantity": 0}, "E_VALIDATION_FAILURE"),
        ({"quantity": 100_000}, "E_VALIDATION_FAILURE"),
    ],
)
async def test_bad_orders(starship: StarshipClient, change: dict[str, Any], code: str) -> None:
    product = starship.product()
    body = {
        "product_id": int(product.sku),
        "denomination": int(product.usual_value),
        "quantity": 1,
        "ref": REF,
    }
    reply = await starship.call("POST", "/orders", body | change, {"Idempotency-Key": REF})
    assert (reply.status, reply.json["error"]["code"]) == (400, code)
    assert await starship.ledger(REF) == []


async def test_a_body_that_is_no_json_is_refused(starship: StarshipClient) -> None:
    reply = await starship.call("POST", "/orders", b"{", {"Idempotency-Key": REF})
    assert (reply.status, reply.json["error"]["code"]) == (400, "SYNTAX_ERROR")


async def test_unknown_orders_are_flat_errors(starship: StarshipClient) -> None:
    reply = await starship.call("GET", "/orders/999")
    assert (reply.status, reply.json["error"]) == (404, "not_found")
    await starship.break_with("order", "error_before")
    reply = await starship.call("GET", "/orders/999")
    assert (reply.status, reply.json["error"]) == (500, "internal_error")


async def test_the_list_is_newest_first_without_vouchers(starship: StarshipClient) -> None:
    await starship.place(REF, starship.product())
    reply = await starship.call("GET", "/orders")
    assert len(reply.json) == 10
    assert reply.headers["X-Total-Count"] == str(len(PAST) + 1)
    assert "X-Has-More" not in reply.headers
    assert reply.json[0]["reference_code"] == REF
    assert set(reply.json[0]) == {
        "id",
        "product_name",
        "currency",
        "reference_code",
        "transaction_id",
        "product_id",
        "denomination",
        "quantity",
        "amount",
        "status",
        "email",
        "mobile",
        "placed_at",
    }
    failed = (await starship.call("GET", "/orders?status=failed")).json
    assert [row["status"] for row in failed] == ["FAILED"]
    assert (await starship.call("GET", "/orders?limit=101")).status == 400


async def test_the_past_uses_every_word(starship: StarshipClient) -> None:
    rows = (await starship.call("GET", "/orders?limit=100")).json
    assert {row["status"] for row in rows} == {
        "PLACED",
        "PENDING",
        "PROCESSING",
        "DELIVERED",
        "PARTIALLY_DELIVERED",
        "FAILED",
        "CANCELLED",
    }
    subs = {(await starship.call("GET", f"/orders/{row['id']}")).json["sub_status"] for row in rows}
    assert "VENDOR_VOUCHER_FETCHED" in subs


async def test_request_ids_come_back(starship: StarshipClient) -> None:
    reply = await starship.call("GET", "/wallets", headers={"X-Request-Id": "abc"})
    assert reply.headers["X-Request-Id"] == "abc"


async def test_limits_are_off_until_asked_for(starship: StarshipClient) -> None:
    assert {(await starship.call("GET", "/wallets")).status for _ in range(25)} == {200}


async def test_bursts_are_limited(starship: StarshipClient) -> None:
    await starship.set(rate_limits=True)
    statuses = [(await starship.call("GET", "/wallets")).status for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    refused = await starship.call("GET", "/wallets")
    assert refused.json["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    await starship.set(clock_offset_seconds=11)
    assert (await starship.call("GET", "/wallets")).status == 200


async def test_reads_of_one_order_are_limited_by_the_hour(starship: StarshipClient) -> None:
    await starship.set(rate_limits=True)
    one, other = (order.order_id for order in starship.simulator.seeded_orders[:2])
    statuses = []
    for n in range(61):
        await starship.set(clock_offset_seconds=n * 10)
        statuses.append((await starship.call("GET", f"/orders/{one}")).status)
    assert statuses == [200] * 60 + [429]
    assert (await starship.call("GET", f"/orders/{other}")).status == 200


async def test_webhooks_are_signed_and_come_when_the_order_moves(
    starship: StarshipClient,
) -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()
    async with listening(received) as url:
        hook = {"name": "n", "url": url, "events": ["order.delivered"]}
        assert (await starship.call("POST", "/webhooks", hook)).status == 200
        await starship.set(instant=False, delivery_seconds=0.2)
        placed = (await starship.place(REF, starship.product())).json
        async with asyncio.timeout(3):
            posts = [await received.get(), await received.get()]
    heads, bodies = zip(*(post.split(b"\r\n\r\n", 1) for post in posts), strict=True)
    events = [json.loads(body) for body in bodies]
    assert [event["event_type"] for event in events] == ["order.pending", "order.delivered"]
    assert events[1]["data"]["order_id"] == placed["id"]
    assert events[1]["data"]["reference_code"] == REF
    sent = dict(line.split(": ", 1) for line in heads[1].decode().split("\r\n")[1:])
    assert isinstance(starship.simulator, Starship)
    message = sent["X-Timestamp"].encode() + b"." + bodies[1]
    wanted = hmac.digest(starship.simulator.webhook_secret.encode(), message, "sha256").hex()
    assert sent["X-Signature"] == wanted
