"""What goes wrong: random faults of every kind on every operation, and deaths in between."""

import asyncio
import random
from typing import Any

import asyncpg

from simulators.faults import AFTER, BEFORE, OPERATIONS, TWISTS
from simulators.world import State, Step
from tests.soak.arena import SLOWEST_MS, Arena

KINDS = (*sorted(BEFORE), *sorted(AFTER), *sorted(TWISTS), "slow")
# Where money is at stake, trouble comes more often.
WEIGHTS = [
    {"place": 16, "find": 6, "order": 6, "vouchers": 6, "orders": 3, "quote": 3}.get(operation, 1)
    for operation in OPERATIONS
]
MOST_FAULTS = 4
ENDS = (State.DELIVERED, State.FAILED, State.CANCELLED)
OPEN = """
SELECT f.provider, f.reference, f.state, f.due_at - now() AS due, f.sends, f.uncertain, f.problem,
       f.quantity, f.delivered, f.failed
  FROM fulfillments f JOIN orders o ON o.id = f.order_id
 WHERE o.origin = 'PLACED' AND NOT o.settled AND f.state <> 'needs_review'
   AND f.delivered + f.failed < f.quantity"""
UNDER_WAY = frozenset({State.PENDING, State.PROCESSING})


def schedule(dice: random.Random) -> dict[str, Any]:
    """A few faults of one provider."""
    wanted = [_fault(dice) for _ in range(dice.randint(1, MOST_FAULTS))]
    return {"seed": dice.randrange(10**6), "faults": wanted}


def _fault(dice: random.Random) -> dict[str, Any]:
    kind = dice.choice(KINDS)
    [operation] = dice.choices(OPERATIONS, WEIGHTS)
    return {
        "operation": operation,
        "fault": kind,
        "probability": dice.choice((0.1, 0.3, 0.6, 1.0)),
        "times": dice.choice((None, 1, 3)),
        "delay_ms": dice.randint(100, SLOWEST_MS) if kind == "slow" else None,
    }


async def make(arena: Arena, dice: random.Random) -> None:
    """Change what goes wrong every now and then, and let time pass, until cancelled."""
    while True:
        for simulator in arena.simulators.values():
            if dice.random() < 0.5:
                wanted = schedule(dice) if dice.random() < 0.8 else {"faults": []}
                simulator.faults.replace(wanted)
        await asyncio.sleep(dice.uniform(0.2, 0.6))
        try:
            await arena.nudge()
            await arena.enter_credentials_again()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            continue  # it is being restarted


async def end_well(arena: Arena, dice: random.Random) -> None:
    """Heal everything, providers' orders that hang included, and wait until all has ended."""
    arena.heal()
    # The breakers of the old process would only make us wait.
    await arena.kill()
    await arena.enter_credentials_again()
    await arena.revive()
    await settled(arena, dice, looks=6)


async def settled(arena: Arena, dice: random.Random, looks: int = 1) -> None:
    """Let time pass until all has ended, and was found ended so often.

    What was reported failed is looked at as often again: its units may come late.
    """
    quiet = 0
    for _ in range(400):
        _unstick(arena, dice)
        await arena.nudge()
        await asyncio.sleep(0.2)
        rows = await arena.fetch(OPEN)
        quiet = 0 if rows else quiet + 1
        if quiet == looks:
            return
    raise AssertionError(f"never ended: {[dict(row) for row in rows]}")


def _unstick(arena: Arena, dice: random.Random) -> None:
    for simulator in arena.simulators.values():
        now = simulator.settings.now()
        for order in simulator.world.newest_first():
            stuck = order.course[-1].state in UNDER_WAY and order.course[-1].at < now - 2
            if stuck and not order.seeded:
                end = dice.choice(ENDS)
                units = order.quantity if end is State.DELIVERED else 0
                order.turn(Step(now, end, units))
