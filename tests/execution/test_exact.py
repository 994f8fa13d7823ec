"""Cases that are easily got wrong, one by one; each against graphql-core as well."""

import asyncio
from collections.abc import AsyncIterator, Callable
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from aiodataloader import DataLoader
from graphql import (
    ExecutionResult,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    execute,
    parse,
)

from execution import EXTENSION, Attribute, Call, Plan, Plans, Shows

SDL = """
type Query { box: Box boxes: [Box] strict: [Box!] thing: Thing things: [Thing!] late: [Int!] }
type Box { a: Int b: Int! c: Int box: Box inner: Box! }
union Thing = Box | Lid
type Lid { size: Int }
"""
Resolvers = dict[tuple[str, str], Callable[..., Any]]


def schema_with(resolvers: Resolvers) -> GraphQLSchema:
    schema = build_schema(SDL)
    for (type_, field), resolve in resolvers.items():
        schema.type_map[type_].fields[field].resolve = resolve  # type: ignore[attr-defined]
    return schema


def plan_of(schema: GraphQLSchema, text: str) -> Plan:
    plans = Plans(schema)
    assert plans.plan(parse(text)) is None
    plan = plans.plan(parse(text))
    assert plan is not None
    return plan


async def answered(found: Any) -> ExecutionResult:
    result = found if isinstance(found, ExecutionResult) else await found
    assert isinstance(result, ExecutionResult)
    return result


async def same(schema: GraphQLSchema, text: str, root: Any = None) -> ExecutionResult:
    """The plan's answer, which graphql-core gives as well."""
    expected = await answered(execute(schema, parse(text), root))
    found = await answered(plan_of(schema, text).execute(root))
    assert found.formatted == expected.formatted
    return found


def box(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**({"a": 1, "b": 2, "c": 3} | values))


def refuse(*_: Any, **__: Any) -> Any:
    raise ValueError("no")


def paths(result: ExecutionResult) -> list[Any]:
    return [error.path for error in result.errors or []]


async def test_a_null_goes_up_to_the_next_place_that_may_be_null() -> None:
    schema = build_schema(SDL)
    root = {"boxes": [box(), box(b=None), None], "strict": [box(), box(b=None), box(b=None)]}
    found = await same(schema, "{ boxes { b } strict { b } }", root)
    assert found.data == {"boxes": [{"b": 2}, None, None], "strict": None}
    assert paths(found) == [["boxes", 1, "b"], ["strict", 1, "b"]]


async def test_siblings_behind_a_failed_required_field_are_not_asked() -> None:
    asked: list[str] = []

    def asking(source: Any, info: Any) -> Any:
        asked.append(info.field_name)
        return refuse()

    schema = schema_with({("Box", name): asking for name in ("a", "b", "c")})
    found = await same(schema, "{ box { a b c } }", {"box": box()})
    assert asked == ["a", "b"] * 2
    assert found.data == {"box": None}
    assert paths(found) == [["box", "a"], ["box", "b"]]


async def test_a_late_failure_cancels_siblings_that_wait() -> None:
    ended: list[str] = []

    async def failing(source: Any, info: Any) -> int:
        await asyncio.sleep(0)
        raise ValueError("late")

    async def waiting(source: Any, info: Any) -> int:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return 1

    schema = schema_with({("Box", "a"): waiting, ("Box", "b"): failing})
    found = await same(schema, "{ box { a b } }", {"box": box()})
    assert found.data == {"box": None}
    assert paths(found) == [["box", "b"]]
    assert ended == ["cancelled"] * 2


async def test_a_sync_failure_does_not_wait_for_what_was_begun() -> None:
    ended: list[str] = []

    async def slow(source: Any, info: Any) -> int:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ended.append("slow")
        return 1

    schema = schema_with({("Box", "a"): slow, ("Box", "b"): refuse})
    found = plan_of(schema, "{ box { a b } }").execute({"box": box()})
    assert isinstance(found, ExecutionResult)
    assert found.data == {"box": None}
    assert ended == []
    for _ in range(5):
        await asyncio.sleep(0)
    assert ended == ["slow"]


async def test_items_that_come_one_after_the_other() -> None:
    closed: list[bool] = []

    async def items(source: Any, info: Any) -> AsyncIterator[Any]:
        try:
            for item in (1, 2, info.context):
                await asyncio.sleep(0)
                yield item
        finally:
            closed.append(True)

    schema = schema_with({("Query", "late"): items})
    found = await same(schema, "{ late }")
    assert found.data == {"late": None}  # the third item is null, which it may not be
    assert paths(found) == [["late", 2]]
    assert closed == [True, True]


async def test_a_batch_that_fails_fails_each_of_its_fields() -> None:
    class Failing(DataLoader[int, int]):
        async def batch_load_fn(self, keys: list[int]) -> list[int]:
            raise ValueError(f"no {keys}")

    def load(source: Any, info: Any) -> Any:
        return source.loader.load(source.a)

    async def loaded(loader: Any) -> ExecutionResult:
        boxes = [box(a=n, loader=loader) for n in range(3)]
        schema = schema_with({("Box", "c"): load})
        return await answered(plan_of(schema, "{ boxes { c } }").execute({"boxes": boxes}))

    found = await loaded(Failing())
    assert [error.message for error in found.errors or []] == ["no [0, 1, 2]"] * 3
    assert found.data == {"boxes": [{"c": None}] * 3}


async def test_a_cancelled_loader_ends_both_executions_alike() -> None:
    async def outcome(start: Callable[[GraphQLSchema, Any], Any]) -> str:
        future: Any = asyncio.get_running_loop().create_future()
        schema = schema_with({("Box", "c"): lambda source, info: future})
        asyncio.get_running_loop().call_soon(future.cancel)
        try:
            result = await answered(start(schema, {"box": box()}))
        except asyncio.CancelledError:
            return "cancelled"
        return repr(result)

    text = "{ box { a c } }"
    theirs = await outcome(lambda schema, root: execute(schema, parse(text), root))
    ours = await outcome(lambda schema, root: plan_of(schema, text).execute(root))
    assert ours == theirs == "cancelled"


@pytest.mark.parametrize("name", [None, 5, "Gone", "Query", "Lid", "Box", "Thing"])
async def test_types_that_resolve_to_anything(name: Any) -> None:
    schema = build_schema(SDL)
    schema.type_map["Thing"].resolve_type = lambda value, info, of: name  # type: ignore[attr-defined]
    text = "{ thing { __typename ... on Box { b } ... on Lid { size } } things { __typename } }"
    found = await same(schema, text, {"thing": box(size=4), "things": [box()]})
    assert bool(found.errors) == (name not in ("Lid", "Box"))


async def test_a_type_that_cannot_tell_its_values() -> None:
    schema = build_schema(SDL)
    schema.type_map["Box"].is_type_of = refuse  # type: ignore[attr-defined]
    found = await same(schema, "{ box { a } thing { __typename } }", {"box": box(), "thing": 1})
    assert found.data == {"box": None, "thing": None}
    schema.type_map["Box"].is_type_of = lambda value, info: False  # type: ignore[attr-defined]
    found = await same(schema, "{ box { a } }", {"box": {"a": 1}})
    assert [error.message for error in found.errors or []] == [
        "Expected value of type 'Box' but got: {'a': 1}."
    ]


class Known:
    """A record that is always a box."""

    def __init__(self, a: Any) -> None:
        self.a = a


class Kin(Known):
    """One that has to be judged."""


async def test_records_of_a_type_are_not_judged_and_all_others_are() -> None:
    schema = build_schema(SDL)
    judged: list[Any] = []

    def judge(value: Any, info: Any) -> bool:
        judged.append(type(value).__name__)
        return isinstance(value, Known)

    kind = schema.type_map["Box"]
    kind.is_type_of = judge  # type: ignore[attr-defined]
    kind.extensions[EXTENSION] = Shows(frozenset({Known}))
    text = "{ box { a } boxes { a } thing { ... on Box { a } } }"
    root = {"box": Known(1), "boxes": [Known(2), Kin(3), {"a": 4}, None], "thing": Known(5)}
    found = await same(schema, text, root)
    assert found.data == {
        "box": {"a": 1},
        "boxes": [{"a": 2}, {"a": 3}, None, None],
        "thing": {"a": 5},
    }
    assert [error.path for error in found.errors or []] == [["boxes", 2]]
    judged.clear()
    assert plan_of(schema, "{ box { a } boxes { a } }").execute(root)
    assert judged == ["Kin", "dict"]


async def test_an_error_of_the_root_nulls_everything() -> None:
    schema = build_schema("type Query { a: Int! b: Int }")
    found = await same(schema, "{ b a }", {"a": GraphQLError("x", extensions={"code": "C"})})
    assert found.data is None
    assert [error.formatted["extensions"] for error in found.errors or []] == [{"code": "C"}]


async def test_marked_fields_are_read_without_their_resolver() -> None:
    schema = build_schema(SDL)
    fields = schema.type_map["Box"].fields  # type: ignore[attr-defined]
    for name, mark in (("a", Attribute("c")), ("b", Call(lambda source: source.a + 40))):
        fields[name].resolve = refuse
        fields[name].extensions[EXTENSION] = mark
    fields["c"].extensions[EXTENSION] = Attribute("class")  # no name that code could hold
    found = plan_of(schema, "{ box { a b c } }").execute({"box": box(**{"class": 9})})
    assert isinstance(found, ExecutionResult)
    assert found.data == {"box": {"a": 3, "b": 41, "c": 9}}


async def test_an_operation_without_awaitables_is_answered_at_once() -> None:
    found = plan_of(build_schema(SDL), "{ box { a } }").execute({"box": box()})
    assert isinstance(found, ExecutionResult)


async def test_what_one_resolver_does_to_its_arguments_reaches_no_other() -> None:
    def spent(source: Any, info: Any, ids: list[int], about: dict[str, int]) -> int:
        ids.append(9)
        about["more"] = 1
        return len(ids) + len(about)

    sdl = "type Query { a: [A] } type A { n(ids: [Int], about: In = {x: 1}): Int }"
    schema = build_schema(sdl + " input In { x: Int }")
    schema.type_map["A"].fields["n"].resolve = spent  # type: ignore[attr-defined]
    for text in ("{ a { n(ids: [1]) } }", "{ a { n(ids: [1], about: {x: 2}) } }"):
        found = await same(schema, text, {"a": [{}, {}, {}]})
        assert found.data == {"a": [{"n": 4}] * 3}


@pytest.mark.parametrize("members", [{"A": "A", "B": "B"}, {"A": 1, "B": 2}, None])
@pytest.mark.parametrize("value", ["A", "Z", [1], {}, 1, True, 1.0, 2, None, "member", "other"])
async def test_enums_know_their_values_alone(members: Any, value: Any) -> None:
    letters = Enum("letters", {"A": 1, "B": 2})
    other = Enum("other", {"A": 1})
    value = {"member": letters["A"], "other": other["A"]}.get(str(value), value)
    type_ = GraphQLEnumType("Letter", members or letters)
    field = GraphQLField(GraphQLList(type_), resolve=lambda source, info: [value])
    one = GraphQLField(type_, resolve=lambda source, info: value)
    await same(GraphQLSchema(GraphQLObjectType("Query", {"all": field, "one": one})), "{ one all }")
