"""Fields whose values are under way: awaited last, without tasks, answered as graphql-core does."""

import asyncio
import gc
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, build_schema, execute, parse

from execution import BEGUN, Plan, Plans

SDL = """
type Query { boxes: [Box] box: Box other: Int }
type Box { id: ID! code: String pin: String number: Int strict: Int! must: String! }
"""
ALL = "{ boxes { id code pin number } other }"


class Coming:
    """A value under way, which counts who awaits it."""

    def __init__(self, future: "asyncio.Future[Any]", log: list[str]) -> None:
        self.future = future
        self.log = log

    def __await__(self) -> Generator[Any, None, Any]:
        self.log.append("awaited")
        return (yield from asyncio.shield(self.future))


class Desk:
    """Boxes by number; what their secrets come to is told by `values`, all at once."""

    def __init__(self, values: dict[tuple[int, str], Any], boxes: int = 3) -> None:
        self.values = values
        self.log: list[str] = []
        self.futures: dict[tuple[int, str], asyncio.Future[Any]] = {}
        self.boxes = [SimpleNamespace(id=n, strict=1) for n in range(boxes)]

    def come(self, box: Any, name: str) -> Coming:
        loop = asyncio.get_running_loop()
        if not self.futures:
            loop.call_later(0.001, self.tell)
        future = self.futures.setdefault((box.id, name), loop.create_future())
        return Coming(future, self.log)

    def tell(self) -> None:
        for key, future in self.futures.items():
            value = self.values.get(key, f"secret {key}")
            if isinstance(value, Exception):
                future.set_exception(value)
            else:
                future.set_result(value)


def schema(*, marked: bool) -> GraphQLSchema:
    built = build_schema(SDL)
    box = built.type_map["Box"].fields  # type: ignore[attr-defined]
    for name in ("code", "pin", "number", "must"):
        box[name].resolve = lambda source, info, name=name: info.context.come(source, name)
        if marked:
            box[name].extensions = {BEGUN: Coming}
    query = built.type_map["Query"].fields  # type: ignore[attr-defined]
    query["boxes"].resolve = lambda _, info: info.context.boxes
    query["box"].resolve = lambda _, info: info.context.boxes[0]
    return built


def plan_of(built: GraphQLSchema, text: str) -> Plan:
    plan = Plans(built, sights=1).plan(parse(text))
    assert plan is not None
    return plan


async def answered(found: Any) -> ExecutionResult:
    result: ExecutionResult = found if isinstance(found, ExecutionResult) else await found
    return result


async def both(text: str, values: dict[tuple[int, str], Any], **more: Any) -> tuple[Any, Any, Desk]:
    """What graphql-core and the plan answer (errors by path), and the plan's desk."""
    theirs, ours = Desk(values, **more), Desk(values, **more)
    for desk in (theirs, ours):
        for box in desk.boxes:
            if (box.id, "strict") in values:
                box.strict = values[box.id, "strict"]
    expected = await answered(execute(schema(marked=False), parse(text), None, theirs))
    found = await answered(plan_of(schema(marked=True), text).execute(None, ours))
    for future in theirs.futures.values():
        if future.done():  # graphql-core leaves some behind, unheard
            future.exception()
    return shown(expected), shown(found), ours


def shown(result: ExecutionResult) -> Any:
    errors = sorted((error.message, str(error.path)) for error in result.errors or ())
    return repr(result.data), errors


async def test_values_come_in_their_place() -> None:
    expected, found, ours = await both(ALL, {(n, "number"): n for n in range(3)})
    assert found == expected
    assert "secret (2, 'pin')" in found[0]
    assert len(ours.log) == 9


async def test_null_errors_and_wrong_values_null_their_own_field() -> None:
    values: dict[tuple[int, str], Any] = {(0, "code"): None, (1, "code"): ValueError("no")}
    values |= {(0, "number"): 1, (1, "number"): "many", (2, "number"): 2, (2, "pin"): {}}
    expected, found, _ = await both(ALL, values)
    assert found == expected
    assert len(found[1]) == 3


async def test_what_may_not_be_null_waits_as_ever() -> None:
    expected, found, _ = await both("{ boxes { must code } }", {(1, "must"): None})
    assert found == expected
    assert "None" in found[0]


async def test_below_a_lost_object_nothing_is_told() -> None:
    values = {(0, "strict"): None, (0, "code"): ValueError("no")}
    expected, found, ours = await both("{ boxes { code strict } }", values)
    assert found == expected
    assert len(found[1]) == 1
    assert len(ours.log) == 3  # awaited all the same: nobody else would hear of its fault


async def test_no_task_is_made_for_them() -> None:
    desk = Desk({})
    before = asyncio.all_tasks()
    waiting = asyncio.ensure_future(
        answered(plan_of(schema(marked=True), "{ boxes { code } }").execute(None, desk))
    )
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before == {waiting}
    assert len((await waiting).data["boxes"]) == 3  # type: ignore[index]


async def test_a_cancelled_execution_leaves_no_fault_unheard() -> None:
    loop = asyncio.get_running_loop()
    heard: list[Any] = []
    loop.set_exception_handler(lambda _, context: heard.append(context))
    try:
        desk = Desk({(n, "code"): ValueError("no") for n in range(3)})
        waiting = asyncio.ensure_future(
            answered(plan_of(schema(marked=True), "{ boxes { code } }").execute(None, desk))
        )
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0.02)
        assert len(desk.log) == 4
        del desk, waiting
        gc.collect()
        assert heard == []
    finally:
        loop.set_exception_handler(None)
