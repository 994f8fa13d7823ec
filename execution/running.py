"""One execution: what its resolvers see, which errors it met, what still runs behind it."""

from asyncio import Future, gather, get_running_loop
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from inspect import iscoroutine
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo
from graphql.execution.values import VariableValues
from graphql.pyutils import Path, gather_with_cancel, is_awaitable
from graphql.type import GraphQLResolveInfoHelpers

# A step of a path while nobody looks at it: before, key, type name. Equal to graphql-core's Path.
Step = tuple[Any, str | int, str | None]
make = tuple.__new__


def keys(step: Step | None) -> list[str | int]:
    """A path as errors show it, from the root."""
    found: list[str | int] = []
    while step is not None:
        found.append(step[1])
        step = step[0]
    found.reverse()
    return found


def as_path(step: Step | None) -> Path | None:
    """The same path as resolvers see it."""
    if step is None or type(step) is Path:
        return step
    return Path(as_path(step[0]), step[1], step[2])


class Run:
    """The state of one execution; generated code gets it as `run`."""

    __slots__ = (
        "arguments",
        "background",
        "errors",
        "hide_suggestions",
        "late",
        "nulled",
        "tail",
        "variables",
    )

    def __init__(
        self,
        schema: Any,
        fragments: Any,
        operation: Any,
        root: Any,
        context: Any,
        variables: VariableValues,
        is_awaitable: Callable[[Any], bool],
        hide_suggestions: bool,
    ) -> None:
        self.arguments: dict[int, dict[str, Any]] = {}
        self.background: set[Future[Any]] = set()
        self.errors: list[GraphQLError] = []
        self.hide_suggestions = hide_suggestions
        # Objects with the fields of theirs that are awaited last, and their paths.
        self.late: list[tuple[dict[str, Any], list[tuple[Any, Any]], Any]] = []
        self.nulled: set[Step | None] = set()
        self.variables = variables
        # Of this run they know the background alone. With methods of ours in them a run would hold
        # itself, and all that its context holds, until a collection.
        helpers = GraphQLResolveInfoHelpers(
            gather=gather_all, track=partial(track, self.background)
        )
        # What a resolver's info says behind its path, in graphql-core's order.
        self.tail = (
            schema,
            fragments,
            root,
            operation,
            variables,
            context,
            is_awaitable,
            None,
            helpers,
        )

    def info(self, head: tuple[Any, ...], step: Step) -> GraphQLResolveInfo[Any]:
        """What a resolver is told of its field."""
        return make(GraphQLResolveInfo, (*head, as_path(step), *self.tail))

    def add(self, error: GraphQLError, step: Step | None) -> None:
        """Keep an error, unless its place was nulled already."""
        nulled = self.nulled
        if nulled:
            place = step
            while place is not None:
                if place in nulled:
                    return
                place = place[0]
            if None in nulled:
                return
        nulled.add(step)
        self.errors.append(error)

    async def finish(self) -> None:
        """Await what is under way, one after the other: most came with the first of them."""
        late = ((d, *asked, path) for d, waiting, path in self.late for asked in waiting)
        try:
            for found, field, awaitable, path in late:
                try:
                    found[field.key] = field.late(await awaitable, path, self)
                except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
                    field.lost(error, path, self)
        except BaseException:
            # What is given up is asked once more: a fault of its own is heard by somebody.
            self.settle([awaitable, *(asked[2] for asked in late)])
            raise

    def settle(self, awaitables: Sequence[Awaitable[Any]]) -> None:
        """Let what nobody waits for run to its end; without a loop close it."""
        settle(awaitables, self.background)

    def abandon(self, waiting: list[tuple[Any, Any]]) -> None:
        """A field failed: its siblings that were begun end on their own."""
        self.settle([awaitable for _, awaitable in waiting])

    def drain(self, waiting: list[tuple[int, Any]] | None, rest: Iterator[Any]) -> None:
        """An item failed: those before it, and awaitables behind it, end on their own."""
        awaitables = [awaitable for _, awaitable in waiting or ()]
        with suppress(Exception):  # the list is given up already
            awaitables.extend(item for item in rest if is_awaitable(item))
        if awaitables:
            self.settle(awaitables)


def settle(awaitables: Sequence[Awaitable[Any]], background: set[Future[Any]]) -> None:
    """The same, in that background."""
    try:
        get_running_loop()
    except RuntimeError:
        for awaitable in awaitables:
            if iscoroutine(awaitable):
                awaitable.close()
        return
    future = gather(*awaitables, return_exceptions=True)
    background.add(future)
    future.add_done_callback(background.discard)


def track(background: set[Future[Any]], values: Sequence[Any]) -> None:
    """For resolvers: run this to its end, though nobody waits for it."""
    awaitables = [value for value in values if is_awaitable(value)]
    if awaitables:
        settle(awaitables, background)


def gather_all(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
    """For resolvers: wait for all; when one fails the others are cancelled."""
    return gather_with_cancel(*values)


def mark(waiting: list[tuple[Any, Any]] | None, key: Any, awaitable: Any) -> list[tuple[Any, Any]]:
    """Note that a value of an object or list is still to come."""
    if waiting is None:
        return [(key, awaitable)]
    waiting.append((key, awaitable))
    return waiting


async def joined(found: Any, waiting: list[tuple[Any, Any]]) -> Any:
    """An object or list, once everything in it came."""
    if len(waiting) == 1:
        key, awaitable = waiting[0]
        found[key] = await awaitable
    else:
        values = await gather_with_cancel(*[awaitable for _, awaitable in waiting])
        for (key, _), value in zip(waiting, values, strict=True):
            found[key] = value
    return found
