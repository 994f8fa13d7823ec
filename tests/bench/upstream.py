"""The four simulators in a process of their own, with orders that are open for ever and done ones.

It reads how many of each from its input, one JSON line, answers with one JSON line, and ends when
its input ends.
"""

import asyncio
import json
import sys
from typing import Any

from simulators import Simulator, running
from simulators.world import State, Step
from tests.bench.children import ended, say
from tests.operations.service import add_orders


def _filled(simulator: Simulator, open_orders: int, settled_orders: int) -> dict[str, Any]:
    """The simulator's address and login, and the provider order ids of what was added."""
    settled = add_orders(simulator, settled_orders, State.DELIVERED, 0)
    for order in settled:
        order.turn(Step(order.placed_at, State.DELIVERED, order.quantity))
    still_open = add_orders(simulator, open_orders, State.PROCESSING, 0)
    return {
        "url": simulator.url,
        "credentials": dict(simulator.credentials),
        "open": [order.order_id for order in still_open],
        "settled": [order.order_id for order in settled],
        "goods": _goods(simulator),
    }


def _goods(simulator: Simulator) -> dict[str, str]:
    """Something without a habit that is delivered at once: its SKU and its smallest face value."""
    usual = next(
        product
        for product in simulator.world.products.values()
        if product.available and product.values and not product.habit and not product.delayed
    )
    return {"sku": usual.sku, "face": str(usual.values[0])}


async def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    async with running() as simulators:
        say({name: _filled(simulators[name], *counts) for name, counts in wanted.items()})
        await ended()


if __name__ == "__main__":
    asyncio.run(main())
