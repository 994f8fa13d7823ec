"""A schema change is compared with what was released: what breaks fails, what surprises is told."""

from datetime import date
from pathlib import Path

import pytest

from schema import build_schema
from schema.changes import Changes, compare, undated
from schema.sdl import plain_sdl

RELEASED = Path(__file__).parents[2] / "schema" / "released.graphql"
SCOPES = "directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT\n"
OLD = SCOPES + (
    "enum Color { RED GREEN }\n"
    "input Filter { name: String }\n"
    "type Query { a(x: Int): String b: String! color(by: Filter): Color"
    ' c: String @requiresScopes(scopes: [["one"], ["two"]]) }\n'
)


def test_nothing_that_was_released_breaks() -> None:
    found = compare(RELEASED.read_text(), plain_sdl(build_schema()))
    assert found.breaking == ()


@pytest.mark.parametrize(
    ("was", "becomes", "named"),
    [
        ("a(x: Int): String ", "", "Query.a"),
        ("a(x: Int)", "a", "Query.a"),
        ("a(x: Int)", "a(x: Int!)", "Query.a"),
        ("a(x: Int)", "a(x: Int, y: Int!)", "Query.a"),
        ("b: String!", "b: String", "Query.b"),
        ("RED GREEN", "RED", "Color"),
        ("name: String", "name: String, size: Int!", "Filter"),
        ('[["one"], ["two"]]', '[["one"]]', "Query.c now needs one"),
        ('[["one"], ["two"]]', '[["one", "three"], ["two"]]', "Query.c now needs one and three"),
        ("b: String!", 'b: String! @requiresScopes(scopes: [["x"]])', "Query.b now needs x"),
        ("type Query {", 'type Query @requiresScopes(scopes: [["x"]]) {', "Query now needs x"),
    ],
)
def test_what_breaks(was: str, becomes: str, named: str) -> None:
    assert was in OLD
    found = compare(OLD, OLD.replace(was, becomes))
    assert len(found.breaking) == 1
    assert named in found.breaking[0]


@pytest.mark.parametrize(
    ("was", "becomes", "named"),
    [
        ("RED GREEN", "RED GREEN BLUE", "Color.BLUE"),
        ("name: String", "name: String, size: Int", "Filter.size"),
        ("a(x: Int)", "a(x: Int, y: Int)", "Query.a(y:)"),
    ],
)
def test_what_may_surprise(was: str, becomes: str, named: str) -> None:
    found = compare(OLD, OLD.replace(was, becomes))
    assert found.breaking == ()
    assert len(found.dangerous) == 1
    assert named in found.dangerous[0]


def test_what_is_added_surprises_nobody() -> None:
    assert compare(OLD, OLD + "type More { a: Int }") == Changes()


def test_fewer_rights_needed_is_no_break() -> None:
    wider = OLD.replace('[["one"], ["two"]]', '[["one"], ["two"], ["three"]]')
    assert compare(OLD, wider).breaking == ()
    free = OLD.replace(' @requiresScopes(scopes: [["one"], ["two"]])', "")
    assert compare(OLD, free) == Changes()


def test_what_was_deprecated_goes_after_its_date() -> None:
    old = OLD.replace("b: String!", 'b: String! @deprecated(reason: "Use a. Goes 2027-01-31.")')
    new = OLD.replace("b: String!", "")
    assert compare(old, new, today=date(2027, 1, 31)).breaking != ()
    assert compare(old, new, today=date(2027, 2, 1)).breaking == ()


def test_registered_documents_stay_valid() -> None:
    documents = {"page": "{ a }", "other": "{ b }"}
    new = OLD.replace("a(x: Int): String ", "")
    assert compare(OLD, OLD, documents).breaking == ()
    found = compare(OLD, new, documents).breaking
    assert any("page" in line for line in found)
    assert not any("other" in line for line in found)


def test_every_deprecation_names_its_day() -> None:
    text = plain_sdl(build_schema())
    assert undated(text) == []
    assert undated(OLD.replace("b: String!", "b: String! @deprecated")) == ["Query.b"]
