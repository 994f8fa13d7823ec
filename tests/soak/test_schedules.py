"""Random schedules of faults, duplicate requests, deaths and restarts; afterwards all promises."""

import asyncio
import random
import time

import pytest

from tests.soak.arena import Arena
from tests.soak.conftest import ORDERS
from tests.soak.promises import kept
from tests.soak.shopping import Shopper
from tests.soak.trouble import end_well, make

AT_ONCE = 6
ORDERS_PER_KILL = 15
ORDERS_PER_RESTART = 250
RESTART = "restart"
KILL = "kill"


async def test_whatever_goes_wrong_every_promise_is_kept(
    arena: Arena, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = pytestconfig.getoption("orders", ORDERS)
    seed = pytestconfig.getoption("soak_seed", None)
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    print(f"repeat with --soak-seed {seed} --orders {wanted}")  # noqa: T201 - shown on failure
    dice = random.Random(seed)  # noqa: S311 - a schedule to repeat
    shopper = Shopper(arena, dice)
    await shopper.browse()
    started = time.monotonic()
    await disturbed(arena, shopper, dice, wanted)
    bought = time.monotonic() - started
    await end_well(arena, dice)
    ends = await kept(arena, shopper)
    with capsys.disabled():
        print(  # noqa: T201 - the summary is the point of a long run
            f"\n{len(shopper.bought)} orders in {bought:.0f} s, {time.monotonic() - started:.0f} s"
            f" with the end; {arena.kills} kills, {arena.restarts} restarts of PostgreSQL;"
            f" seed {seed}\n{dict(sorted(ends.items()))}\n{dict(sorted(arena.counts.items()))}"
        )


async def disturbed(arena: Arena, shopper: Shopper, dice: random.Random, wanted: int) -> None:
    """Buy that many orders while everything breaks."""
    numbers = iter(range(10**9))

    async def buyer() -> None:
        while len(shopper.bought) < wanted:
            await shopper.buy(next(numbers))

    trouble = asyncio.create_task(make(arena, dice))
    deaths = asyncio.create_task(die(arena, shopper, dice, wanted))
    try:
        await asyncio.gather(*(buyer() for _ in range(AT_ONCE)))
        await deaths
    finally:
        for task in (trouble, deaths):
            task.cancel()
        for ended in await asyncio.gather(trouble, deaths, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


async def die(arena: Arena, shopper: Shopper, dice: random.Random, wanted: int) -> None:
    """Kill the service and restart PostgreSQL whenever so many orders were bought."""
    ends = {dice.randrange(wanted): KILL for _ in range(max(2, wanted // ORDERS_PER_KILL))}
    restarts = max(1, wanted // ORDERS_PER_RESTART)
    ends |= {dice.randrange(wanted): RESTART for _ in range(restarts)}
    for count in sorted(ends):
        while len(shopper.bought) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.sleep(dice.uniform(0, 0.5))
        if ends[count] == RESTART:
            await arena.restart_postgres()
        else:
            await arena.kill()
            await arena.revive()
