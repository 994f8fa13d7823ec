"""A place of the answer, a field or a list's item, and how a value becomes its answer.

This is graphql-core's completion with everything known of the place bound to it. Generated code
answers what is usual itself and comes here for the rest, so here every case is looked at.
"""

from collections.abc import Callable
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLString, Undefined
from graphql.error import located_error
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path, is_awaitable

from execution.plain import PLAIN, learn
from execution.running import Run, Step, keys, make

# Value, path, run, info: the answer, or a coroutine of it.
Deep = Callable[[Any, Any, Run, Any], Any]


class Place:
    """Where values of one declared type are answered.

    `deep` answers a value that is neither null nor an error. It is set when the plan is compiled.
    """

    __slots__ = ("deep", "names", "nodes", "required")

    def __init__(self, nodes: list[FieldNode], names: str, required: bool) -> None:
        self.nodes = nodes
        self.names = names
        self.required = required
        self.deep: Deep

    def complete(self, value: Any, path: Any, run: Run, info: Any) -> Any:
        """The answer for a resolved value, or a coroutine of it; raises what went wrong."""
        if type(value) not in PLAIN:
            if isinstance(value, Exception):
                raise value
            if value is None or value is Undefined:
                if self.required:
                    raise TypeError(f"Cannot return null for non-nullable field {self.names}.")
                return None
            learn(value)
        return self.deep(value, path, run, info)

    def failed(self, error: Exception, path: Any, run: Run) -> None:
        """Null with an error; where null is not allowed the error goes on to the parent."""
        located = located_error(error, self.nodes, keys(path))
        if self.required:
            raise located
        run.add(located, path)

    def rest(self, value: Any, path: Any, run: Run, info: Any) -> Any:
        """The answer for anything that a resolver may return, or a coroutine that never raises
        what this place can answer with null."""
        if is_awaitable(value):
            return self.later(value, path, run, info)
        completed = self.complete(value, path, run, info)
        return self.after(completed, path, run) if is_awaitable(completed) else completed

    async def later(self, awaitable: Any, path: Any, run: Run, info: Any) -> Any:
        """The answer for a value that is still to come."""
        try:
            completed = self.complete(await awaitable, path, run, info)
            if is_awaitable(completed):
                completed = await completed
        except Exception as error:  # noqa: BLE001 - whatever a resolver raises is its answer
            self.failed(error, path, run)
            completed = None
        return completed

    async def after(self, completed: Any, path: Any, run: Run) -> Any:
        """The answer once what is below it came."""
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 - as above
            self.failed(error, path, run)
            return None


class Field(Place):
    """One answer name of one selection on one type."""

    __slots__ = (
        "arguments",
        "begun",
        "definition",
        "details",
        "head",
        "key",
        "kind",
        "parent",
        "selections",
        "shown",
        "source",
        "told",
        "type",
    )

    def __init__(
        self,
        key: str,
        parent: GraphQLObjectType,
        definition: GraphQLField,
        details: FieldDetailsList,
        required: bool,
    ) -> None:
        nodes = [detail.node for detail in details]
        name = nodes[0].name.value
        super().__init__(nodes, f"{parent}.{name}", required)
        self.key = key
        self.parent = parent
        self.definition = definition
        self.details = details
        self.type = definition.type
        self.head = (name, nodes, definition.type, parent)
        # Set when the selection is collected.
        self.kind: Any = None
        self.source: Any = None
        self.arguments: Any = None
        self.selections: dict[str, Any] = {}
        self.begun: type | None = None  # of awaitables that may be awaited last
        self.told = False  # an info is made before anything is asked
        self.shown = False  # it, or something below it, is told its path

    def step(self, path: Any) -> Step:
        """The path of this field below an object's."""
        step = (path, self.key, self.parent.name)
        return make(Path, step) if self.shown else step

    def lost(self, error: Exception, path: Any, run: Run) -> None:
        """As `failed`, with the path of the object."""
        self.failed(error, self.step(path), run)

    def late(self, value: Any, path: Any, run: Run) -> Any:
        """The answer for what was awaited last, with the path of the object."""
        if type(value) is str and self.type is GraphQLString:
            return value
        return self.complete(value, self.step(path), run, None)

    def found(self, value: Any, path: Any, run: Run) -> Any:
        """As `rest`, with the path of the object; no info was made yet."""
        return self.rest(value, self.step(path), run, None)

    def read(self, value: Any, path: Any, run: Run, info: Any = None) -> Any:
        """As `found`, for what the default resolver read: a callable is called."""
        step = self.step(path)
        if callable(value):
            info = info or run.info(self.head, step)
            value = value(info)
        return self.rest(value, step, run, info)
