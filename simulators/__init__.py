"""Pretend providers speaking the real wire formats, with faults on demand.

`async with running(seed=7) as simulators:` starts one of each on free loopback ports; each has a
`url`, the `credentials` a client needs, and `seeded_orders` from before its start.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from simulators.enkash import EnKash
from simulators.server import Simulator
from simulators.starship import Starship
from simulators.woohoo import Woohoo
from simulators.xoxoday import Xoxoday

KINDS: Mapping[str, type[Simulator]] = {
    kind.name: kind for kind in (EnKash, Starship, Xoxoday, Woohoo)
}

__all__ = ["KINDS", "Simulator", "running", "start_all", "stop_all"]


async def start_all(seed: int = 7, *, products: int = 80) -> dict[str, Simulator]:
    """Start one of each on a free loopback port: name -> simulator."""
    simulators = {name: kind(seed, products=products) for name, kind in KINDS.items()}
    try:
        await asyncio.gather(*(simulator.start() for simulator in simulators.values()))
    except BaseException:
        await stop_all(simulators)
        raise
    return simulators


async def stop_all(simulators: Mapping[str, Simulator]) -> None:
    """Stop them; calls that hang are cut."""
    await asyncio.gather(*(simulator.stop() for simulator in simulators.values()))


@asynccontextmanager
async def running(seed: int = 7, *, products: int = 80) -> AsyncIterator[dict[str, Simulator]]:
    """The simulators while the block runs."""
    simulators = await start_all(seed, products=products)
    try:
        yield simulators
    finally:
        await stop_all(simulators)
