"""Documents from strangers cost milliseconds, whatever they ask for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from graphql import GraphQLError, build_schema, get_introspection_query

from schema.documents import MAX_DEPTH, Remembered, check, parse_bounded

SCHEMA = build_schema(
    "type Query { " + " ".join(f"f{i}(first: Int, ids: [Int]): Query" for i in range(30)) + " }"
)
# Calls of Python functions: far above what it takes, far below what the stock server needs. A
# machine's speed does not change them.
MOST_STEPS = 1_000_000


@dataclass
class Steps:
    count: int = 0


@contextmanager
def steps() -> Iterator[Steps]:
    """Counts the calls made inside."""
    taken = Steps()

    def called(_frame: object, event: str, _argument: object) -> None:
        taken.count += event == "call"

    sys.setprofile(called)
    try:
        yield taken
    finally:
        sys.setprofile(None)


def nested(depth: int, twice: bool = False) -> str:
    inner = "__typename"
    for _ in range(depth):
        field = f"f1 {{ {inner} }}"
        inner = f"{field} {field}" if twice else field
    return f"{{ {inner} }}"


def doubling(count: int) -> str:
    """Each fragment spreads the next one in two places: 2 to the power of count fields."""
    parts = [
        f"fragment F{i} on Query {{ a: f1 {{ ...F{i + 1} }} b: f1 {{ ...F{i + 1} }} }}"
        for i in range(count)
    ]
    return "{ ...F0 } " + " ".join(parts) + f" fragment F{count} on Query {{ __typename }}"


HOSTILE = {
    "doubling fragments": doubling(15),
    "the same field 900 times": "{" + " f1 { __typename }" * 900 + "}",
    "the same field in pairs, nested": nested(9, twice=True),
    "deep": nested(MAX_DEPTH + 1),
    "deeper than the parser": nested(500),
    "deep lists": "{ f1(ids: " + "[" * 400 + "]" * 400 + ") { __typename } }",
    "a long list": "{ f1(ids: [" + "1 " * 600 + "]) { __typename } }",
    "a long number": "{ f1(first: " + "9" * 5000 + ") { __typename } }",
    "a long fraction": "{ f1(first: 1." + "9" * 5000 + ") { __typename } }",
    "many tokens": "{" + " __typename" * 5000 + "}",
    "one long name": "{" + "a" * 200_000 + "}",
    "many comments": "#\n" * 5000 + "{ __typename }",
    "many aliases": "{" + " ".join(f"a{i}: __typename" for i in range(300)) + "}",
    "many directives": "{ __typename" + " @skip(if: true)" * 200 + "}",
    "many fragments": "{ __typename }"
    + "".join(f" fragment F{i} on Query {{ __typename }}" for i in range(100)),
    "many operations": " ".join(f"query Q{i} {{ __typename }}" for i in range(30)),
    "many variables": "query(" + " ".join(f"$v{i}: Int" for i in range(200)) + ") { __typename }",
    "a fragment that spreads itself": "{ ...F } fragment F on Query { f1 { ...F } }",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_quickly(name: str) -> None:
    with steps() as taken, pytest.raises(GraphQLError):
        parse_bounded(HOSTILE[name])
    assert taken.count < MOST_STEPS


def test_what_passes_the_bounds_is_validated_quickly() -> None:
    wide = " ".join(
        f"f{i}(first: {i}) {{ " + " ".join(f"f{j} {{ __typename }}" for j in range(20)) + " }"
        for i in range(30)
    )
    unknown = "{" + " ".join(f"f{i}x{'y' * 40}" for i in range(900)) + "}"
    for text in (f"{{ {wide} }}", unknown, doubling(3)):
        with steps() as taken:
            errors = check(SCHEMA, parse_bounded(text))
        assert taken.count < MOST_STEPS
        assert len(errors) <= 11


@pytest.mark.parametrize("text", [get_introspection_query(), nested(MAX_DEPTH - 1), doubling(3)])
def test_ordinary_documents_pass(text: str) -> None:
    assert check(SCHEMA, parse_bounded(text)) == []


def test_documents_are_remembered_within_their_space() -> None:
    remembered = Remembered(characters=100)
    document = parse_bounded("{ __typename }")
    for number in range(30):
        remembered.add("x" * 9 + str(number % 10), document)
    assert "x" * 9 + "9" in remembered
    remembered.add("y" * 95, document)
    assert remembered.get("y" * 95) is document
    assert "x" * 9 + "9" not in remembered
    remembered.add("z" * 500, document)
    assert remembered.get("z" * 500) is None
