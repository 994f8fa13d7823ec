"""Each fault, through Starship where it is alike for all, through each where words differ."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from simulators.catalog import Kind
from simulators.faults import Faults
from tests.simulators.clients import (
    EnKashClient,
    Reply,
    ResellerClient,
    StarshipClient,
    WoohooClient,
    XoxodayClient,
    listening,
)

REF = "VG_FAULTY12345"


async def test_refused_closes_before_anything_is_done(starship: StarshipClient) -> None:
    await starship.break_with("place", "refused")
    with pytest.raises(aiohttp.ClientConnectionError):
        await starship.place(REF, starship.product())
    assert await starship.ledger(REF) == []


@pytest.mark.parametrize(("fault", "done"), [("timeout_before", 0), ("timeout_after", 1)])
async def test_timeouts_never_answer(starship: StarshipClient, fault: str, done: int) -> None:
    await starship.break_with("place", fault, delay_ms=10)
    with pytest.raises(TimeoutError):
        await starship.place(REF, starship.product(), patience=0.2)
    assert len(await starship.ledger(REF)) == done


async def test_reset_after_cuts_the_answer_of_a_done_order(starship: StarshipClient) -> None:
    await starship.break_with("place", "reset_after")
    with pytest.raises(aiohttp.ClientPayloadError):
        await starship.place(REF, starship.product())
    assert len(await starship.ledger(REF)) == 1


@pytest.mark.parametrize(("fault", "done"), [("error_before", 0), ("error_after", 1)])
async def test_errors_come_without_or_with_the_effect(
    starship: StarshipClient, fault: str, done: int
) -> None:
    await starship.break_with("place", fault)
    reply = await starship.place(REF, starship.product())
    assert (reply.status, reply.json["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert len(await starship.ledger(REF)) == done


async def test_garbage_is_a_page_or_half_a_body(starship: StarshipClient) -> None:
    await starship.break_with("place", "garbage")
    page = await starship.place(REF, starship.product())
    assert page.raw.startswith(b"<!DOCTYPE html>")
    half = await starship.place(REF + "2", starship.product())
    assert half.raw.startswith(b'{"id":')
    assert not half.raw.endswith(b"}")
    assert len(await starship.ledger(REF)) == len(await starship.ledger(REF + "2")) == 1


async def test_slow_waits_and_then_does_it(starship: StarshipClient) -> None:
    await starship.break_with("place", "slow", delay_ms=120)
    began = time.monotonic()
    assert (await starship.place(REF, starship.product())).status == 200
    assert time.monotonic() - began >= 0.12


async def test_latency_is_waited_on_every_call(starship: StarshipClient) -> None:
    await starship.set(latency_ms=60)
    began = time.monotonic()
    await starship.call("GET", "/wallets")
    assert time.monotonic() - began >= 0.06


async def test_times_are_used_up_and_an_empty_list_heals(starship: StarshipClient) -> None:
    await starship.break_with("balance", "error_before", times=2)
    statuses = [(await starship.call("GET", "/wallets")).status for _ in range(3)]
    assert statuses == [503, 503, 200]
    await starship.break_with("balance", "error_before")
    await starship.send("PUT", "/_sim/faults", {"faults": []})
    assert (await starship.call("GET", "/wallets")).status == 200


async def test_faults_of_a_call_come_one_after_the_other(starship: StarshipClient) -> None:
    rows = [
        {"operation": "balance", "fault": "error_before", "times": 1},
        {"operation": "balance", "fault": "rate_limited", "times": 1},
    ]
    await starship.send("PUT", "/_sim/faults", {"faults": rows})
    statuses = [(await starship.call("GET", "/wallets")).status for _ in range(3)]
    assert statuses == [503, 429, 200]


def test_probability_strikes_alike_for_the_same_seed() -> None:
    def struck(seed: int) -> list[str | None]:
        faults = Faults()
        row = {"operation": "place", "fault": "error_before", "probability": 0.3}
        faults.replace({"seed": seed, "faults": [row]})
        return [faults.strike({"place"}, None, None).kind for _ in range(300)]

    assert struck(1) == struck(1) != struck(2)
    assert 60 < sum(kind is not None for kind in struck(1)) < 120


async def test_match_picks_one_reference_or_sku(starship: StarshipClient) -> None:
    product, other = starship.product(), starship.product(Kind.URL)
    await starship.break_with("place", "error_before", match={"reference": REF})
    assert (await starship.place(REF, product)).status == 500
    assert (await starship.place(REF + "2", product)).status == 200
    await starship.break_with("*", "error_before", match={"sku": product.sku})
    assert (await starship.call("GET", f"/products/{product.sku}")).status == 503
    assert (await starship.call("GET", f"/products/{other.sku}")).status == 200


async def test_a_fault_follows_an_order_to_its_reads(starship: StarshipClient) -> None:
    order_id = (await starship.place(REF, starship.product())).json["id"]
    await starship.break_with("status", "error_before", match={"reference": REF})
    assert (await starship.call("GET", f"/orders/{order_id}")).status == 500
    seeded = starship.simulator.seeded_orders[0].order_id
    assert (await starship.call("GET", f"/orders/{seeded}")).status == 200


# The course of an order


async def states(client: StarshipClient, reference: str, pause: float) -> list[tuple[str, int]]:
    seen = []
    for _ in range(3):
        [row] = await client.ledger(reference)
        seen.append((row["status"], len(row["vouchers"])))
        await client.set(
            clock_offset_seconds=client.simulator.settings.clock_offset_seconds + pause
        )
    return seen


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("partial", [("PARTIALLY_DELIVERED", 2)] * 3),
        ("stuck", [("PENDING", 0)] * 3),
        ("fail_later", [("PENDING", 0), ("FAILED", 0), ("FAILED", 0)]),
        ("late", [("PENDING", 0), ("FAILED", 0), ("DELIVERED", 4)]),
        ("extra_fields", [("DELIVERED", 4)] * 3),
    ],
)
async def test_an_order_takes_the_course_of_its_fault(
    starship: StarshipClient, fault: str, seen: list[tuple[str, int]]
) -> None:
    await starship.set(delivery_seconds=100)
    await starship.break_with("place", fault)
    assert (await starship.place(REF, starship.product(), 4)).status == 200
    assert await states(starship, REF, 101) == seen


async def test_orders_that_are_not_instant_are_delivered_in_time(starship: StarshipClient) -> None:
    await starship.set(delivery_seconds=100, instant=False)
    await starship.place(REF, starship.product(), 2)
    assert await states(starship, REF, 60) == [("PENDING", 0), ("PROCESSING", 0), ("DELIVERED", 2)]


async def test_delayed_products_take_their_time_even_so(starship: StarshipClient) -> None:
    await starship.set(delivery_seconds=100)
    await starship.place(REF, starship.product(Kind.CODE, delayed=True))
    assert (await states(starship, REF, 101))[:2] == [("PENDING", 0), ("DELIVERED", 1)]


async def test_missing_units_can_end_cancelled(starship: StarshipClient) -> None:
    await starship.set(partial_seconds=50)
    await starship.break_with("place", "partial")
    await starship.place(REF, starship.product(), 3)
    assert (await states(starship, REF, 60))[:2] == [("PARTIALLY_DELIVERED", 1), ("CANCELLED", 1)]


async def test_a_drifted_price_has_lost_its_discount(starship: StarshipClient) -> None:
    product = starship.product()
    asked = {"denomination": str(product.usual_value), "quantity": 2}
    path = f"/products/{product.sku}/charges"
    before = (await starship.call("POST", path, asked)).json["total_payable"]
    await starship.break_with("*", "drifted_price")
    after = (await starship.call("POST", path, asked)).json["total_payable"]
    assert after == product.usual_value * 2 > before
    await starship.place(REF, product, 2)
    [row] = await starship.ledger(REF)
    assert row["charged"] == f"{after:.2f}"


async def test_settling_hides_a_done_order_for_a_while(enkash: EnKashClient) -> None:
    await enkash.set(settling_seconds=100)
    await enkash.place(REF, enkash.product())
    assert len(await enkash.ledger(REF)) == 1
    assert (await enkash.details(REF)).json["response_code"] == "1"
    again = await enkash.place(REF, enkash.product())
    assert again.json["payload"] == "Duplicate order reference id"
    await enkash.set(clock_offset_seconds=101)
    assert (await enkash.details(REF)).json["response_code"] == "0"


# The same faults in every provider's words


@pytest.mark.parametrize("name", ["enkash", "starship", "xoxoday", "woohoo", "reseller"])
@pytest.mark.parametrize("fault", ["rate_limited", "unauthorized", "error_before"])
async def test_every_provider_has_words_for_it(
    name: str, fault: str, clients: dict[str, Any]
) -> None:
    client = clients[name]
    await client.break_with("balance", fault)
    reply = await _balance(client)
    assert reply.status == {"rate_limited": 429, "unauthorized": 401}.get(fault, reply.status)
    if fault == "rate_limited":
        assert reply.headers["Retry-After"] == "1"
    said = reply.raw.decode()
    assert WORDS[name, fault] in said


WORDS = {
    ("enkash", "rate_limited"): '"response_code":1',
    ("enkash", "unauthorized"): '{"error":"invalid_token"',
    ("enkash", "error_before"): "<h1>503",
    ("starship", "rate_limited"): '"code":"RATE_LIMITED"',
    ("starship", "unauthorized"): '"code":"E_UNAUTHORIZED_ACCESS"',
    ("starship", "error_before"): '"code":"SERVICE_UNAVAILABLE"',
    ("xoxoday", "rate_limited"): '{"message":"auth.request_limit_exceeded","penaltySeconds":1}',
    ("xoxoday", "unauthorized"): '"errorId":"PIPE10013"',
    ("xoxoday", "error_before"): '{"code":500,"error":',
    ("woohoo", "rate_limited"): '"code":429',
    ("woohoo", "unauthorized"): "oauth_problem=token_rejected",
    ("woohoo", "error_before"): '"code":500',
    ("reseller", "rate_limited"): '"code":"0x0429"',
    ("reseller", "unauthorized"): '"code":"0x0401","data":null',
    ("reseller", "error_before"): '"code":"0x0500","data":{"code":500',
}


async def _balance(client: object) -> Reply:
    match client:
        case EnKashClient():
            return await client.call("GET", "/partner/points/balance")
        case StarshipClient():
            return await client.call("GET", "/wallets")
        case XoxodayClient():
            return await client.call("getBalance", {})
        case WoohooClient():
            return await client.call("POST", "/balance", {"cardNumber": "1"})
        case ResellerClient():
            return await client.call("GET", "/balance")
    raise AssertionError(client)


@pytest.mark.parametrize("name", ["enkash", "xoxoday", "woohoo", "starship"])
@pytest.mark.parametrize("fault", ["out_of_stock", "low_balance"])
async def test_refusals_leave_no_order(name: str, fault: str, clients: dict[str, Any]) -> None:
    client = clients[name]
    await client.break_with("place", fault)
    reply = await client.place(REF, client.product())
    if (name, fault) == ("starship", "out_of_stock"):
        # Starship parks such an order instead, and nobody ever acts.
        assert reply.json["status"] == "PENDING"
        return
    assert REFUSALS[name, fault] in reply.raw.decode()
    assert await client.ledger(REF) == []


REFUSALS = {
    ("enkash", "out_of_stock"): "out of stock",
    ("enkash", "low_balance"): "Insufficient balance",
    ("xoxoday", "out_of_stock"): "PLE10024",
    ("xoxoday", "low_balance"): "PLE10010",
    ("woohoo", "out_of_stock"): '"code":11135',
    ("woohoo", "low_balance"): '"code":5038',
    ("starship", "low_balance"): "INSUFFICIENT_BALANCE",
}


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("enkash", "UNDER_REVIEW"),
        ("starship", "VENDOR_AUDIT"),
        ("xoxoday", "on_hold"),
        ("woohoo", "AWAITING REVIEW"),
    ],
)
async def test_unknown_words_and_fields(name: str, word: str, clients: dict[str, Any]) -> None:
    client = clients[name]
    await client.set(instant=False)
    rows = [{"operation": "place", "fault": kind} for kind in ("unknown_status", "extra_fields")]
    await client.send("PUT", "/_sim/faults", {"faults": rows})
    reply = await client.place(REF, client.product())
    assert word in reply.raw.decode()
    assert reply.json["loyaltyTier"]["name"] == "gold"


async def test_duplicate_webhooks(starship: StarshipClient) -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()
    async with listening(received) as url:
        await starship.set(webhook_url=url)
        await starship.break_with("place", "duplicate_webhook")
        await starship.place(REF, starship.product())
        async with asyncio.timeout(3):
            first, second = [await received.get(), await received.get()]
    assert first == second
