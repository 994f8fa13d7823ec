"""One document in one world, executed twice: what graphql-core did, and what the plan did."""

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute

from execution import Plan
from tests.execution.world import World

MOST_TURNS = 400
IDLE_TURNS = 4  # a loader's batch is a callback before it is a task


@contextmanager
def broken_worlds() -> Iterator[None]:
    """Both executions leave awaitables behind where something breaks: nobody is told of them.

    They are collected in here alone: amidst a named tuple's code Python cannot even warn of them.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.disable()
        # Beside a whole suite's objects a collection takes a second; those of before are left out.
        gc.freeze()
        try:
            yield
        finally:
            gc.enable()
            gc.collect()
            gc.unfreeze()
    loop.set_exception_handler(None)


class Watched(Protocol):
    """A world that writes down what happens in it."""

    log: list[Any]


@dataclass(frozen=True)
class Seen:
    """Everything that can be seen of an execution."""

    data: str
    errors: list[Any]
    raised: str
    log: list[Any]
    awaited: bool


def shown(error: GraphQLError) -> Any:
    original = error.original_error
    return (error.formatted, type(original).__name__, str(original), len(error.nodes or ()))


async def observed(world: Watched, start: Callable[[], Any]) -> Seen:
    """Run an execution, and what it left behind, to the end."""
    result: ExecutionResult | None = None
    raised, awaited = "", False
    others = asyncio.all_tasks()  # of tests before, on the same loop
    try:
        found = start()
        if isinstance(found, Awaitable):
            awaited = True
            found = await found
        result = found
    except BaseException as error:  # noqa: BLE001 - a cancelled execution is compared as well
        raised = f"{type(error).__name__}: {error}"
    world.log.append("answered")
    data, errors = result.data if result else None, (result.errors if result else None) or []
    seen = [shown(error) for error in errors]
    idle = 0
    for _ in range(MOST_TURNS):
        idle = idle + 1 if asyncio.all_tasks() <= others else 0
        if idle > IDLE_TURNS:
            break
        await asyncio.sleep(0)
    return Seen(repr(data), seen, raised, world.log, awaited)


async def both(
    schema: GraphQLSchema,
    document: DocumentNode,
    plan: Plan,
    variables: dict[str, Any],
    world: Callable[[], World],
) -> tuple[Seen, Seen]:
    """What graphql-core shows, and what the plan shows."""
    theirs = world()
    root = theirs.thing(schema.query_type, 5)
    expected = await observed(
        theirs, lambda: execute(schema, document, root, theirs, variables, "Q")
    )
    ours = world()
    root = ours.thing(schema.query_type, 5)
    return expected, await observed(ours, lambda: plan.execute(root, ours, variables))
