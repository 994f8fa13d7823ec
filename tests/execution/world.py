"""A world behind a schema: what each field returns is decided by a seed, and so is what breaks.

Everything that can be observed is written down in `log`: calls of resolvers with their arguments
and paths, batches of loaders, and their order.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zlib import crc32

from aiodataloader import DataLoader
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_object_type,
)

LEAVES: dict[str, tuple[Any, ...]] = {
    "ID": ("a", 7, 1.0, True, [1]),
    "String": ("text", 3, 1.5, True, {"a": 1}),
    "Int": (4, 2**40, "12", "x", 2.0, True, 1.5),
    "Float": (1.5, 2, "3.5", float("inf"), "x", True),
    "Boolean": (True, 0, 1.5, "x"),
    "Odd": (3, 7, 8, "odd"),
}


class Thing:
    """A record. Its attributes are made when they are read, as properties of its type's class."""

    def __init__(self, world: "World", id: int, kind: str) -> None:
        self.world = world
        self.number = id
        self.sort = kind

    def __repr__(self) -> str:
        return f"{self.sort}#{self.number}"


class Odd(Mapping[str, Any]):
    """A mapping that is no dict."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values_by_name = values

    def __getitem__(self, key: str) -> Any:
        return self.values_by_name[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)

    def __repr__(self) -> str:
        return "Odd()"


class Later:
    """An awaitable of no known class."""

    def __init__(self, coroutine: Any) -> None:
        self.coroutine = coroutine

    def __await__(self) -> Any:
        return self.coroutine.__await__()


class Loader(DataLoader[Any, Any]):
    def __init__(self, world: "World", name: str) -> None:
        super().__init__()
        self.world = world
        self.name = name

    async def batch_load_fn(self, keys: list[Any]) -> list[Any]:
        self.world.log.append(("batch", self.name, tuple(map(repr, keys))))
        await turns(len(keys) % 3)
        return [ValueError(f"no {key.id}") if key.breaks else key.make() for key in keys]


class Key:
    """What a loader is asked for; equal where the id is."""

    def __init__(self, id: int, breaks: bool, make: Callable[[], Any]) -> None:
        self.id = id
        self.breaks = breaks
        self.make = make

    def __hash__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.id == other.id

    def __repr__(self) -> str:
        return str(self.id)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class World:
    """One run's world. `chaos` is how much of it breaks, `waits` how much is awaited, of 100."""

    def __init__(self, schema: GraphQLSchema, seed: int, chaos: int, waits: int) -> None:
        self.schema = schema
        self.seed = seed
        self.chaos = chaos
        self.waits = waits
        self.log: list[Any] = []
        # Classes are kept with their schema: to make one costs more than to run a document.
        self.classes: dict[str, type] = schema.extensions.setdefault("classes", {})
        self.loaders: dict[str, Loader] = {}

    def draw(self, *parts: Any) -> int:
        return crc32(repr((self.seed, *parts)).encode())

    # ------------------------------------------------------------------ what fields return

    def resolved(self, source: Any, name: str, type_: Any, info: Any, arguments: Any) -> Any:
        """What a resolver answers."""
        path = info.path.as_list()
        kinds = [info.path.typename, info.parent_type.name, str(info.return_type)]
        seen = (len(info.field_nodes), info.variable_values.coerced, sorted(info.fragments))
        self.log.append(("call", name, path, kinds, repr(arguments), repr(seen)))
        return self.found(name, type_, self.draw(name, number_of(source), repr(arguments)))

    def read(self, thing: Thing, name: str, type_: Any) -> Any:
        """What an attribute holds."""
        self.log.append(("read", name, thing.number))
        return self.found(name, type_, self.draw(name, thing.number))

    def found(self, name: str, type_: Any, drawn: int) -> Any:
        if drawn % 100 < self.chaos:
            return self.broken(name, type_, drawn // 100)
        if (drawn >> 7) % 100 < self.waits:
            return self.awaited(name, type_, drawn >> 9)
        return self.value(type_, drawn >> 3)

    def broken(self, name: str, type_: Any, drawn: int) -> Any:
        match drawn % 9:
            case 0 | 1:
                raise ValueError(f"broken {name}")
            case 2:
                raise GraphQLError(f"refused {name}", extensions={"code": "NO"})
            case 3:
                return ValueError(f"returned {name}")
            case 4:
                return Undefined
            case 5:
                raise AttributeError(name)
            case 6 if self.waits:
                return self.breaking(drawn % 3, name)
            case 7:
                return object
            case _:
                return None

    async def breaking(self, count: int, name: str) -> Any:
        await turns(count)
        raise ValueError(f"broken later {name}")

    def awaited(self, name: str, type_: Any, drawn: int) -> Any:
        breaks = (drawn >> 6) % 100 < self.chaos

        async def later() -> Any:
            await turns(drawn % 4 if drawn % 3 else 0)
            self.log.append(("later", name, drawn))
            if breaks:
                raise ValueError(f"broken in the end {name}")
            return self.value(type_, drawn >> 5)

        match drawn % 7:
            case 0 | 1 | 2:
                return later()
            case 3:
                return Later(later())
            case 4:
                return asyncio.ensure_future(later())
            case _:
                loader = self.loaders.setdefault(name[0], Loader(self, name[0]))
                key = Key(drawn % 50, breaks, lambda: self.value(type_, drawn % 50))
                return loader.load(key) if drawn % 2 else self.loading(loader, key)

    async def loading(self, loader: Loader, key: Key) -> Any:
        found = await loader.load(key)
        self.log.append(("loaded", key.id))
        return found

    def value(self, type_: Any, drawn: int) -> Any:
        """A value of a type; sometimes not of it."""
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        elif drawn % 7 == 0:
            return None
        if isinstance(type_, GraphQLList):
            return self.items(type_.of_type, drawn)
        if isinstance(type_, GraphQLEnumType):
            values = [found.value for found in type_.values.values()]
            wrong = drawn % 100 < self.chaos
            return ("PINK", [1], None, 0)[drawn % 4] if wrong else values[drawn % len(values)]
        if type_.name in LEAVES:
            values = list(LEAVES[type_.name])
            return values[drawn % len(values)] if drawn % 50 < self.chaos else values[0]
        return self.thing(type_, drawn)

    def thing(self, type_: Any, drawn: int) -> Any:
        possible = self.schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]
        kind = possible[drawn % len(possible)].name
        if drawn % 100 < self.chaos // 3:
            kind = ("Cat", "Item", "Leaf")[drawn % 3]
        match (drawn >> 4) % 6 if self.chaos else 0:
            case 4:
                return self.mapping(kind, drawn, dict)
            case 5:
                return self.mapping(kind, drawn, Odd)
            case _:
                return self.made(kind)(self, drawn % 1000, kind)

    def mapping(self, kind: str, drawn: int, cls: Callable[[Any], Any]) -> Any:
        """An object as keys; some are functions that the default resolver calls."""
        type_ = self.schema.type_map.get(kind)
        values: dict[str, Any] = {"__typename": kind, "number": drawn % 1000}
        for name, field in (type_.fields if is_object_type(type_) else {}).items():
            if drawn % 3 == 0:
                values[name] = self.function(name, field.type)
            elif not is_object_type(get_named_type(field.type)):
                values[name] = self.value(field.type, self.draw(name, drawn))
        return cls(values)

    def function(self, name: str, type_: Any) -> Any:
        return lambda info, **arguments: self.resolved(None, name, type_, info, arguments)

    def made(self, kind: str) -> type:
        """The class of things of a type, with a property per field."""
        if kind not in self.classes:
            type_ = self.schema.type_map.get(kind)
            fields = type_.fields if is_object_type(type_) else {}
            parts: dict[str, Any] = {
                name: reading(name, field.type) for name, field in fields.items()
            }
            parts[f"_{kind}__typename"] = kind
            self.classes[kind] = type(kind, (Thing,), parts)
        return self.classes[kind]

    # ------------------------------------------------------------------ lists

    def items(self, type_: Any, drawn: int) -> Any:
        count = drawn % 4
        values = [self.item(type_, self.draw(drawn, n)) for n in range(count)]
        match (drawn >> 5) % 12 if self.chaos else 0:
            case 1:
                return tuple(values)
            case 2:
                return self.generated(values, drawn % 3)
            case 3 if self.waits:
                return self.arriving(values, drawn % 3)
            case 4 if drawn % 100 < self.chaos * 2:
                return "text"
            case _:
                return values

    def item(self, type_: Any, drawn: int) -> Any:
        if drawn % 100 < self.chaos // 2:
            return (None, ValueError("item"), Undefined)[(drawn >> 8) % 3]
        if (drawn >> 7) % 100 < self.waits // 2:
            return self.awaited("item", type_, drawn >> 9)
        return self.value(type_, drawn)

    def generated(self, values: list[Any], ends: int) -> Iterator[Any]:
        yield from values
        if ends == 2:
            raise ValueError("the list broke")

    async def arriving(self, values: list[Any], ends: int) -> Any:
        try:
            for value in values:
                await turns(ends)
                yield value
            if ends == 2:
                raise ValueError("the stream broke")
        finally:
            self.log.append(("closed",))

    # ------------------------------------------------------------------ types

    def typed(self, of: Any, value: Any, info: Any) -> Any:
        """A `resolve_type`."""
        name = sort_of(value)
        drawn = self.draw("type", of.name, number_of(value))
        self.log.append(("typed", of.name, name, info.path.as_list()))
        if drawn % 100 < self.chaos:
            name = (None, 5, "Query", "Gone", "Node", "Rock")[(drawn >> 8) % 6]
            if (drawn >> 8) % 7 == 6:
                raise ValueError("no type")
        return self.told(name, drawn)

    def judged(self, name: str, value: Any, info: Any) -> Any:
        """An `is_type_of`."""
        kind = sort_of(value)
        drawn = self.draw("judged", name, number_of(value))
        self.log.append(("judged", name, kind, info.path.as_list()))
        holds = kind == name
        if drawn % 100 < self.chaos:
            if drawn % 5 == 0:
                raise ValueError("cannot tell")
            holds = bool(drawn % 2)
        return self.told(holds, drawn)

    def told(self, what: Any, drawn: int) -> Any:
        async def later() -> Any:
            await turns(drawn % 3)
            return what

        return later() if (drawn >> 9) % 100 < self.waits // 2 else what


def number_of(source: Any) -> int:
    if isinstance(source, Thing):
        return source.number
    if isinstance(source, Mapping):
        return int(source.get("number", 0))
    return 0


def reading(name: str, type_: Any) -> property:
    """A property that asks its thing's world."""

    def read(thing: Thing) -> Any:
        return thing.world.read(thing, name, type_)

    return property(read)


def sort_of(value: Any) -> Any:
    """The name of a value's type."""
    if isinstance(value, Thing):
        return value.sort
    return value.get("__typename") if isinstance(value, Mapping) else None
