"""The budget of cost and every other limit, as a client meets them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from db import limits
from simulators.world import State
from tests.operations.buying import QUICK
from tests.operations.service import Answer, Service, running

PAGE = "query ($n: Int) { products(first: $n) { nodes { id } } }"
DEAR = """{ orders(first: 100) { nodes { lines { product { id } faceValue { amount } }
                                         vouchers(first: 100) { nodes { id } } } } }"""
CREATE = "mutation { cartCreate(input: {}) { cart { id } } }"


@pytest.fixture
async def tight(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path
) -> AsyncIterator[Service]:
    """A service whose budget is a hundred and refills by two a second."""
    settings = {**QUICK, "VOUCHERGRAPH_COST_BUDGET": "100"}
    async with running(monkeypatch, postgres_dsn, tmp_path, **settings) as started:
        yield started


def cost(answer: Answer) -> dict[str, int]:
    found: dict[str, int] = answer.body["extensions"]["cost"]
    return found


async def carts(service: Service) -> int:
    async with service.program.database.worker() as conn:
        return int(await conn.fetchval("SELECT count(*) FROM carts"))


async def test_every_answer_tells_its_cost_and_what_is_left(service: Service) -> None:
    partner = service.client("partner")
    first = cost(await partner.send(PAGE, {"n": 50}))
    assert first["requested"] == 51
    assert (first["maximum"], first["refillPerSecond"]) == (2_000_000, 40_000)
    assert first["remaining"] == 2_000_000 - 51
    assert cost(await partner.send("{ __typename }"))["requested"] == 0
    assert cost(await partner.send("{ nonsense }"))["requested"] == 0
    assert cost(await partner.send("{ orders { nodes { id } } }", method="GET"))["requested"] == 21
    assert cost(await service.client(None).send("{ viewer { actor } }"))["requested"] == 1


async def test_an_empty_budget_refuses_before_anything_is_done(tight: Service) -> None:
    partner = tight.client("partner")
    before = await carts(tight)
    assert cost(await partner.send(PAGE, {"n": 95}))["remaining"] == 4
    tight.statements.sent.clear()
    refused = await partner.send(CREATE)
    assert (refused.status, refused.codes) == (429, ["RATE_LIMITED"])
    assert "data" not in refused.body
    assert refused.headers["RateLimit-Limit"] == "100"
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= 4
    assert refused.headers["RateLimit-Reset"] == str(wait)
    assert refused.body["errors"][0]["extensions"]["retryAfterMs"] == wait * 1000
    assert cost(refused)["requested"] == 11
    assert tight.statements.sent == []
    assert await carts(tight) == before
    # A budget is its client's own, and so is the anonymous visitors'.
    assert (await tight.client("other").send(CREATE)).status == 200
    assert (await tight.client("readonly").send(PAGE, {"n": 95})).status == 200
    assert cost(await tight.client(None).send("{ viewer { actor } }"))["remaining"] == 99


async def test_no_operation_may_cost_more_than_a_full_budget(tight: Service) -> None:
    answer = await tight.client("partner").send("{ orders(first: 100) { nodes { id } } }")
    assert (answer.status, answer.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])
    found = answer.body["errors"][0]["extensions"]
    assert (found["cost"], found["maximum"]) == (101, 100)
    assert cost(answer) == {
        "requested": 0,
        "remaining": 100,
        "maximum": 100,
        "refillPerSecond": 2,
    }


async def test_nor_more_than_ten_thousand(service: Service) -> None:
    service.statements.sent.clear()
    answer = await service.client("partner").send(DEAR)
    assert (answer.status, answer.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])
    assert answer.body["errors"][0]["extensions"]["cost"] == 1 + 100 * (1 + 10 * 3 + 1 + 100)
    assert service.statements.sent == []


async def test_the_anonymous_are_charged_by_their_address(tight: Service) -> None:
    anonymous = tight.client(None)
    text = "{" + " ".join(f"a{n}: viewer {{ actor }}" for n in range(60)) + "}"
    assert (await anonymous.send(text)).status == 200
    assert (await anonymous.send(text)).status == 429


async def test_a_request_that_cannot_be_read_tells_the_limits_too(service: Service) -> None:
    answer = await service.client("partner").send("")
    assert answer.status == 400
    assert answer.headers["RateLimit-Limit"] == "1000"
    assert int(answer.headers["RateLimit-Remaining"]) < 1000


LIMITS = "{ viewer { limits { name maximum remaining resetsAt } } }"


async def test_the_viewer_sees_every_limit(service: Service) -> None:
    partner = service.client("partner")
    key = partner.credentials["key"] if partner.credentials else ""
    async with service.program.database.worker() as conn:
        id: UUID = await conn.fetchval("SELECT id FROM api_clients WHERE key_id = $1", key)
        await limits.set_limit(conn, id, "INR", Decimal("5000.75"), Decimal(10**10))
        await limits.set_limit(conn, id, "USD", None, Decimal(20))
        today = datetime.now(UTC).date()
        assert await limits.spend(conn, id, {"INR": Decimal("1000.5")}, today) is None
    service.statements.sent.clear()
    found = (await partner.data(LIMITS))["viewer"]["limits"]
    assert len(service.statements.sent) == 1
    shown = {one["name"]: (one["maximum"], one["remaining"]) for one in found}
    minute, short = shown.pop("requests per 60 s"), shown.pop("requests per 10 s")
    assert (minute[0], short[0]) == (6000, 1000)
    assert minute[1] < 6000
    assert shown.pop("cost")[0] == 2_000_000
    assert shown == {
        "revealed vouchers per hour": (1_000_000, 1_000_000),
        "INR per day": (5000, 4000),
        "INR per order": (2**31 - 1, 2**31 - 1),
        "USD per order": (20, 20),
    }
    resets = {one["name"]: datetime.fromisoformat(one["resetsAt"]) for one in found}
    midnight = datetime.combine(today, datetime.min.time(), UTC) + timedelta(days=1)
    assert resets["INR per day"] == midnight


async def test_revealed_vouchers_are_among_them(service: Service) -> None:
    order = next(
        one.order_id
        for one in service.simulators["enkash"].seeded_orders
        if one.course[-1].state is State.DELIVERED
    )
    id = await service.imported("enkash", order)
    partner = service.client("partner")
    reveal = "query ($id: ID!) { order(by: {id: $id}) { vouchers { nodes { code } } } }"
    opened_ = (await partner.data(reveal, {"id": id}))["order"]["vouchers"]["nodes"]
    limit = next(
        one
        for one in (await partner.data(LIMITS))["viewer"]["limits"]
        if one["name"] == "revealed vouchers per hour"
    )
    assert limit["maximum"] - limit["remaining"] == len(opened_)
    left = datetime.fromisoformat(limit["resetsAt"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(minutes=61)
