"""Whatever a document, its variables and its resolvers do: the plan does what graphql-core does.

Whole executions are compared: data with the order of its keys, errors with their order, paths and
causes, every call of a resolver in its order, and every loader's batches.
`make fuzz-execution` goes on for longer.
"""

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.execution.comparing import broken_worlds
from tests.execution.fuzzing import example, many


async def alone(examples: Coroutine[Any, Any, Any]) -> Any:
    """In a loop of their own: they wait until no task is left, and other tests leave some."""
    return await asyncio.to_thread(asyncio.run, examples)


async def test_thousands_of_seeded_examples() -> None:
    counts = await alone(many(20260301, 3_000))
    assert counts["compared"] >= 3_000
    # The worlds are worth comparing in: much is awaited, breaks, and is loaded in batches.
    assert counts["awaited"] > 500
    assert counts["with errors"] > 1_000
    assert counts["with batches"] > 150
    assert counts["left"] < counts["compared"] / 20


async def test_examples_are_valid_documents() -> None:
    assert (await alone(many(7, 300, check=True)))["compared"] >= 300


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False))
async def test_examples_that_can_be_made_smaller(random: Random) -> None:
    with broken_worlds():
        await alone(example(random, check=True))
