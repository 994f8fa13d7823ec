"""How values of leaf, object, abstract and list types are answered where no code was generated."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from types import CoroutineType, SimpleNamespace
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    default_type_resolver,
)
from graphql.error import located_error
from graphql.execution.executor import Executor, invalid_return_type_error
from graphql.pyutils import inspect, is_async_iterable, is_awaitable, is_iterable

from execution.places import Deep, Field, Place
from execution.plain import learn
from execution.running import Run, joined, keys, make, mark


def leaf(type_: GraphQLLeafType) -> Deep:
    """A scalar or enum."""

    def deep(value: Any, path: Any, run: Run, info: Any) -> Any:
        return Executor.complete_leaf_value(type_, value)

    return deep


def checked(field: Field, type_: GraphQLObjectType, execute: Deep) -> Deep:
    """An object whose type wants to see its values first."""
    is_type_of: Callable[..., Any] = type_.is_type_of  # type: ignore[assignment]

    async def later(asked: Any, value: Any, path: Any, run: Run, info: Any) -> Any:
        if not await asked:
            raise invalid_return_type_error(type_, value, field.details)
        found = execute(value, path, run, info)
        return await found if is_awaitable(found) else found

    def deep(value: Any, path: Any, run: Run, info: Any) -> Any:
        asked = is_type_of(value, info)
        if asked is not True:
            if is_awaitable(asked):
                return later(asked, value, path, run, info)
            if not asked:
                raise invalid_return_type_error(type_, value, field.details)
        return execute(value, path, run, info)

    return deep


def abstract(schema: GraphQLSchema, field: Field, type_: Any, possible: Mapping[str, Deep]) -> Deep:
    """A union or interface: the value's own type answers."""
    resolve = type_.resolve_type or default_type_resolver
    judge = SimpleNamespace(schema=schema)

    def chosen(name: Any, value: Any, info: Any) -> Deep:
        found = possible.get(name) if isinstance(name, str) else None
        if found is None:  # graphql-core's own check says why
            Executor.ensure_valid_runtime_type(
                judge,  # type: ignore[arg-type]
                name,
                type_,
                field.details,
                info,
                value,
            )
            raise AssertionError(f"no plan for {name}")
        return found

    async def later(asked: Any, value: Any, path: Any, run: Run, info: Any) -> Any:
        found = chosen(await asked, value, info)(value, path, run, info)
        return await found if is_awaitable(found) else found

    def deep(value: Any, path: Any, run: Run, info: Any) -> Any:
        name = resolve(value, info, type_)
        if is_awaitable(name):
            return later(name, value, path, run, info)
        return chosen(name, value, info)(value, path, run, info)

    return deep


def unusual(field: Field, item: Place) -> Deep:
    """Before a list that is neither list nor tuple: None when it can be walked all the same."""

    def deep(value: Any, path: Any, run: Run, info: Any) -> Any:
        if is_async_iterable(value):
            return arriving(item, value.__aiter__(), path, run, info)
        if not is_iterable(value):
            raise GraphQLError(
                f"Expected Iterable, but did not find one for field '{field.names}'."
            )
        return None

    return deep


async def arriving(item: Place, items: AsyncIterator[Any], path: Any, run: Run, info: Any) -> Any:
    """A list whose items come one after the other."""
    found: list[Any] = []
    waiting: list[tuple[Any, Any]] | None = None
    close = getattr(items, "aclose", None)
    try:
        while True:
            step = make(type(path), (path, len(found), None))  # a Path where the list's is
            try:
                value = await anext(items)
            except StopAsyncIteration:
                break
            except Exception as error:
                raise located_error(error, item.nodes, keys(path)) from error
            try:
                answer = item.rest(value, step, run, info)
                if type(answer) is CoroutineType:
                    waiting = mark(waiting, len(found), answer)
            except Exception as error:  # noqa: BLE001 - whatever a resolver raises is its answer
                answer = item.failed(error, step, run)  # type: ignore[func-returns-value]
            found.append(answer)
    except Exception:
        if close is not None:
            with suppress(Exception):
                await close()
        if waiting:
            run.abandon(waiting)
        raise
    return found if waiting is None else await joined(found, waiting)


def odd(place: Place, type_: GraphQLLeafType) -> Callable[[Any, Any, Any, Run], Any]:
    """For what a leaf type's own function made of a value, where that is nothing usual."""

    def judged(made: Any, value: Any, path: Any, run: Run) -> Any:
        if made is None or made is Undefined:
            raise TypeError(
                f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})` to return"
                f" non-nullable value, returned: {inspect(made)}"
            )
        if is_awaitable(made):
            return place.after(made, path, run)
        learn(made)
        return made

    return judged
