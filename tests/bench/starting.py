"""How long the service takes until it answers, with PostgreSQL up and everything in place."""

import time

from tests.bench.children import serving
from tests.bench.stage import Stage

STARTS = 3


async def starts(set_: Stage) -> list[float]:
    """Seconds from the start of a process until it is ready, a few times."""
    found = []
    for number in range(STARTS):
        name = f"start-{number}"
        begun = time.perf_counter()
        ready = set_.logs / f"{name}.json"
        async with serving(set_.settings, ready, set_.logs / f"{name}.log"):
            found.append(time.perf_counter() - begun)
    return found
