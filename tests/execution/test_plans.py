"""Which documents get a plan, what is counted, and what a document's text can do: nothing."""

import gc
import weakref
from collections import Counter
from typing import Any

import pytest
from graphql import (
    GraphQLDeferDirective,
    GraphQLSchema,
    build_schema,
    execute,
    parse,
    specified_directives,
)

from execution import Plans, Reason, executing
from execution.planning import MOST_VARIANTS
from execution.writing import TABLE, Writer

SDL = """
type Query { a(text: String): String b: B! }
type B { c: String d: String }
type Mutation { m: String }
type Subscription { s: String }
"""


def met(plans: Plans, text: str, name: str | None = None, times: int = 2) -> Any:
    found = None
    for _ in range(times):
        found = plans.plan(parse(text), name)
    return found


def counted() -> tuple[Plans, Counter[Reason]]:
    reasons: Counter[Reason] = Counter()

    def count(reason: Reason) -> None:
        reasons[reason] += 1

    return Plans(build_schema(SDL), on_fallback=count), reasons


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("mutation { m }", None, Reason.MUTATION),
        ("subscription { s }", None, Reason.SUBSCRIPTION),
        ("{ b { c } __schema { queryType { name } } }", None, Reason.INTROSPECTION),
        ('query { __type(name: "B") { name } }', None, Reason.INTROSPECTION),
        ("query A { a } query B { a }", None, Reason.OPERATION),
        ("query A { a } query B { a }", "C", Reason.OPERATION),
        ("query @experimental_disableErrorPropagation { a }", None, Reason.DIRECTIVE),
    ],
)
def test_what_is_left_to_graphql_core(text: str, name: str | None, reason: Reason) -> None:
    plans, reasons = counted()
    assert met(plans, text, name, times=4) is None
    assert reasons == {Reason.FIRST_SIGHT: 1, reason: 3}


def test_one_of_several_operations_is_taken() -> None:
    plans, _ = counted()
    found = met(plans, "query A { a } mutation B { m }", "A")
    assert found.execute({"a": "x"}).data == {"a": "x"}


def test_a_schema_with_incremental_delivery_is_left_alone() -> None:
    given = build_schema(SDL).to_kwargs()
    given["directives"] = (*specified_directives, GraphQLDeferDirective)
    reasons: list[Reason] = []
    plans = Plans(GraphQLSchema(**given), on_fallback=reasons.append)
    assert met(plans, "{ a }") is None
    assert set(reasons) == {Reason.INCREMENTAL}


def test_a_document_without_its_text_is_left_alone() -> None:
    plans, reasons = counted()
    document = parse("{ a }", no_location=True)
    assert plans.plan(document) is None
    assert reasons == {Reason.UNKNOWN_TEXT: 1}
    assert plans.plan(document, key="{ a }") is None
    assert plans.plan(document, key="{ a }") is not None


def test_conditions_by_variables_are_compiled_as_they_come() -> None:
    plans, reasons = counted()
    names = [f"v{n}" for n in range(5)]
    declared = " ".join(f"${name}: Boolean!" for name in names)
    asked = " ".join(f"{name}: a @include(if: ${name})" for name in names)
    text = f"query Q({declared}) {{ b {{ c }} {asked} }}"
    plan = met(plans, text)
    reasons.clear()
    for bits in range(2 ** len(names)):
        variables = {name: bool(bits >> n & 1) for n, name in enumerate(names)}
        root = {"a": "x", "b": {"c": "y"}}
        expected = execute(plans.schema, parse(text), root, variable_values=variables)
        found = plan.execute(root, None, variables)
        assert found == expected
        assert list(found.data) == list(expected.data)  # type: ignore[union-attr, arg-type]
    assert reasons == {Reason.CONDITIONS: 2 ** len(names) - MOST_VARIANTS}


def test_variables_that_do_not_fit_are_refused_alike() -> None:
    plans, _ = counted()
    text = "query Q($t: String!) { a(text: $t) }"
    plan = met(plans, text)
    for variables in ({}, {"t": None}, {"t": 4}):
        expected = execute(plans.schema, parse(text), variable_values=variables)
        assert plan.execute(None, None, variables) == expected


def test_a_flood_of_documents_evicts_nobody_busy() -> None:
    plans = Plans(build_schema(SDL), capacity=400)
    busy = ["{ a }", "{ b { c } }", "{ b { d } }"]
    for text in busy:
        assert met(plans, text, times=10) is not None
    for number in range(3_000):
        met(plans, f"{{ x{number}: a y{number}: a }}", times=1 + number % 3)
    assert all(plans.plan(parse(text)) is not None for text in busy)
    assert len(plans) <= 40


def test_who_becomes_busy_gets_room() -> None:
    plans = Plans(build_schema(SDL), capacity=40)
    assert met(plans, "{ old: a another: a }", times=3) is not None
    assert met(plans, "{ fresh: a another: a }", times=3) is None
    assert met(plans, "{ fresh: a another: a }", times=2) is not None
    assert met(plans, "{ " + "a " * 50 + "}", times=20) is None


def test_a_plan_that_is_too_large_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("execution.selections.MOST_FIELDS", 2)
    plans, reasons = counted()
    assert met(plans, "{ b { c d } a }") is None
    assert reasons[Reason.TOO_LARGE] == 1


HOSTILE = ("__builtins__", "__import__", "run", "s", "p", "Exception", "o0", "k1", "None_", "exec")


def test_no_text_of_a_document_is_written_into_code(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    text_of = Writer.text

    def seen(writer: Writer) -> str:
        written.append(text_of(writer))
        return written[-1]

    monkeypatch.setattr(Writer, "text", seen)
    plans, _ = counted()
    secret = "SENTINEL\\\"'; raise SystemExit #"
    plain = "query N { x: a(text: $t) }"
    aliases = " ".join(f'{name}: a(text: "{secret}")' for name in HOSTILE)
    text = (
        f"query SENTINEL($SENTINEL: String) {{ SENTINEL1: a(text: $SENTINEL) {aliases}"
        " ...SENTINEL } fragment SENTINEL on Query { b { SENTINEL2: c } }"
    )
    plan = met(plans, text)
    root = {"a": lambda info, text=None: text, "b": {"c": "y"}}
    found = plan.execute(root, None, {"SENTINEL": plain})
    assert found == execute(plans.schema, parse(text), root, variable_values={"SENTINEL": plain})
    assert found.data["__import__"] == "SENTINEL\"'; raise SystemExit #"
    assert len(written) == 1
    assert "SENTINEL" not in written[0]
    assert "SystemExit" not in written[0]


def test_documents_of_one_shape_share_their_code() -> None:
    plans, _ = counted()
    met(plans, "{ x: a b { c } }")
    codes = plans._compiler._codes
    assert len(codes) == 1
    met(plans, "query Other { y: a b { z: c } }")
    assert len(codes) == 1


def test_the_table_of_names_is_not_changed_by_plans() -> None:
    before = dict(TABLE)
    plans, _ = counted()
    met(plans, "{ a b { c d } }")
    assert before == TABLE


def test_the_stand_in_for_execute() -> None:
    plans, reasons = counted()
    run = executing(plans)
    document = parse("{ a }")
    for _ in range(3):
        assert run(plans.schema, document, {"a": "x"}).data == {"a": "x"}  # type: ignore[union-attr]
    assert reasons == {Reason.FIRST_SIGHT: 1}

    def shout(resolve: Any, source: Any, info: Any, **arguments: Any) -> Any:
        return resolve(source, info, **arguments).upper()

    assert run(plans.schema, document, {"a": "x"}, middleware=[shout]).data == {"a": "X"}  # type: ignore[union-attr]
    assert run(plans.schema, document, {"a": "x"}, field_resolver=lambda *_: "own").data == {  # type: ignore[union-attr]
        "a": "own"
    }
    assert reasons[Reason.CUSTOM] == 2


async def test_a_run_is_let_go_of_without_a_collection() -> None:
    class Kept:
        """What a request holds."""

    async def later(_: Any, info: Any) -> str:
        info.async_helpers.track([])
        return "x"

    plans, _ = counted()
    plans.schema.query_type.fields["a"].resolve = later  # type: ignore[union-attr]
    found = met(plans, "{ a }")
    context = Kept()
    held = weakref.ref(context)
    gc.disable()
    try:
        assert (await found.execute({}, context)).data == {"a": "x"}
        del context
        assert held() is None
    finally:
        gc.enable()
