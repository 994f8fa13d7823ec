"""The process dies at every boundary between accept, claim, call and settle, at all providers."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.soak import holds
from tests.soak.arena import OVER_SECONDS, Arena
from tests.soak.holds import held, someone_waits
from tests.soak.promises import kept
from tests.soak.shopping import PROVIDERS, Bought, Shopper
from tests.soak.trouble import settled

HOLDS = {
    "accepting": (holds.ACCEPT, False),
    "accepted": (holds.ACCEPT, True),
    "before the claim": (holds.CLAIM, False),
    "claimed": (holds.CLAIM, True),
    "before sent": (holds.SENT, False),
    "sent": (holds.SENT, True),
    "storing units": (holds.UNITS, False),
    "settling": (holds.SETTLE, False),
    "moving money": (holds.MONEY, False),
    "settled": (holds.SETTLE, True),
}
PARTS = """
SELECT f.provider, f.state, f.reference FROM fulfillments f JOIN orders o ON o.id = f.order_id
 WHERE o.idempotency_key = $1"""
CALLS: Mapping[str, Mapping[str, Any]] = {
    "not done": {"fault": "timeout_before"},
    "done afterwards": {"fault": "slow", "delay_ms": 700},
    "done": {"fault": "timeout_after"},
}


@pytest.fixture
async def shopper(arena: Arena) -> AsyncIterator[Shopper]:
    shopper = Shopper(arena, random.Random(1))  # noqa: S311 - a schedule to repeat
    await shopper.browse()
    yield shopper
    arena.heal()


async def lines(shopper: Shopper, key: str) -> Bought:
    """Order two of something from every provider, by a client that insists."""
    wanted = [(next(g for g in shopper.goods[name] if g.most > 1), 2) for name in PROVIDERS]
    bought = await shopper.order("partner", key, wanted)
    assert bought is not None, shopper.arena.counts
    return bought


@pytest.mark.parametrize("where", HOLDS)
async def test_killed_between_two_statements(arena: Arena, shopper: Shopper, where: str) -> None:
    hold, at_commit = HOLDS[where]
    async with held(arena, hold, at_commit=at_commit):
        buying = asyncio.create_task(lines(shopper, f"killed-{where.replace(' ', '-')}"))
        await someone_waits(arena, buying)
        await arena.kill()
    await arena.revive(after=0)
    await once_each(arena, shopper, await buying)


@pytest.mark.parametrize("what", CALLS)
async def test_killed_during_the_call(arena: Arena, shopper: Shopper, what: str) -> None:
    for simulator in arena.simulators.values():
        simulator.requests.clear()
        simulator.faults.replace({"faults": [{"operation": "place", "times": 1, **CALLS[what]}]})
    buying = asyncio.create_task(lines(shopper, f"killed-{what.replace(' ', '-')}"))
    async with asyncio.timeout(10):
        while not all(one.requests["place"] for one in arena.simulators.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await arena.kill()
    await arena.revive(after=OVER_SECONDS if CALLS[what]["fault"] == "slow" else 0)
    await once_each(arena, shopper, await buying)


async def test_killed_during_the_second_call(arena: Arena, shopper: Shopper) -> None:
    """The first one is known to have no known outcome; the second is told from it."""
    for simulator in arena.simulators.values():
        simulator.requests.clear()
        twice = {"operation": "place", "fault": "timeout_before", "times": 2}
        simulator.faults.replace({"faults": [twice]})
    buying = asyncio.create_task(lines(shopper, "killed-in-the-second-call"))
    async with asyncio.timeout(20):
        while arena.simulators["starship"].requests["place"] < 2:
            await arena.nudge()
            await asyncio.sleep(0.1)
    await arena.kill()
    await arena.revive(after=0)
    await once_each(arena, shopper, await buying)


async def once_each(arena: Arena, shopper: Shopper, bought: Bought) -> None:
    """All promises are kept, and every provider has sold and delivered this order once."""
    await settled(arena, shopper.dice)
    await kept(arena, shopper)
    rows = await arena.fetch(PARTS, bought.key)
    assert sorted((row["provider"], row["state"]) for row in rows) == [
        (name, "fulfilled") for name in sorted(PROVIDERS)
    ]
    sold = {row["reference"] for name in PROVIDERS for row in arena.ledger(name)}
    assert {row["reference"] for row in rows} <= sold
