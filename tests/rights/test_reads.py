"""The matrix of reading: every field, asked by everybody, answered as the printed schema says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from graphql import GraphQLObjectType

from tests.operations.service import Answer
from tests.rights.asking import Asked, bundled, entities, many, nodes, parts
from tests.rights.printed import Expected, objects, of_field, of_type, schema
from tests.rights.world import OURS, World, compare, may_move

DEEP = 2
SHORT = 2_500  # characters that a URL has room for, whatever it makes of them


@dataclass(frozen=True)
class Row:
    """One client's row of the matrix: what it was answered, what was expected, what moved."""

    found: Sequence[Expected]
    answers: Sequence[Answer]
    moved: set[str]


Matrix = Mapping[str, Row]


@pytest.fixture(scope="module")
async def matrix(world: World) -> Matrix:
    """Everybody asks everything."""
    asked = [
        *bundled(parts(world.ours.ids, DEEP)),
        many(world.ours.ids),
        entities(world.ours.ids),
    ]
    return {who: await _row(world, who, asked, "POST") for who in OURS}


async def _row(world: World, who: str, asked: Sequence[Asked], method: str) -> Row:
    for one in asked:
        await world.full(one, method)
    before = await world.state()
    answers = [await world.send(who, one, method) for one in asked]
    found = [await world.expected(who, one, method) for one in asked]
    return Row(found, answers, (await world.state()).moved(before))


@pytest.mark.parametrize("who", OURS)
async def test_everybody_is_answered_as_the_schema_says(matrix: Matrix, who: str) -> None:
    row = matrix[who]
    for expected, answer in zip(row.found, row.answers, strict=True):
        compare(expected, answer)
    assert row.moved <= may_move(row.found)
    if any(one.reveals for one in row.found):
        assert row.moved >= {"audit_events", "audit_heads", "reveal_counts", "opened"}


@pytest.mark.parametrize("who", OURS)
async def test_a_get_answers_the_same_and_opens_nothing(world: World, who: str) -> None:
    row = await _row(world, who, bundled(parts(world.ours.ids, 0), SHORT), "GET")
    for expected, answer in zip(row.found, row.answers, strict=True):
        compare(expected, answer)
    assert row.moved <= may_move(row.found) - {"reveal_counts", "opened"}


async def test_the_matrix_leaves_no_field_out(matrix: Matrix) -> None:
    """Each field was asked, each guarded one refused to somebody and answered to somebody."""
    found = [one for row in matrix.values() for one in row.found]
    reached = set().union(*(one.reached for one in found))
    refused = set().union(*(one.refused for one in found))
    answered = set().union(*(one.answered for one in found))
    every = {
        f"{kind.name}.{name}"
        for kind in objects(schema())
        for name in kind.fields
        if kind.name not in ("Mutation", "Subscription") and not kind.name.endswith("Payload")
    }
    guarded = {where for where in every if of_field(*_named(where))}
    assert every - reached == set()
    assert guarded - answered == set()
    assert {where for where in guarded - refused if not _is_implied(where)} == set()
    # Asked where a record of any type has been loaded by its id.
    assert {kind for kind in nodes() if of_type(schema().type_map[kind])} <= refused


async def test_nobody_without_the_scope_gets_a_secret_in_any_place(
    matrix: Matrix, world: World
) -> None:
    """Searched in the text of the answers, extensions and messages included."""
    for who, row in matrix.items():
        text = json.dumps([answer.body for answer in row.answers])
        shown = {secret for secret in world.ours.secrets if secret in text}
        if any(one.reveals for one in row.found):
            assert shown, who
        else:
            assert shown == set(), who
        assert not any(secret in text for secret in world.theirs.secrets), who


def _named(where: str) -> tuple[GraphQLObjectType, str]:
    kind, _, name = where.partition(".")
    found = schema().type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    return found, name


def _is_implied(where: str) -> bool:
    """Whether whoever reaches the parent may ask this field: all its ways lead here too."""
    kind, name = _named(where)
    parent = of_type(kind) or ROADS.get(kind.name)
    return parent is not None and all(parent <= wanted for wanted in of_field(kind, name))


ORDERS = of_type(schema().type_map["Order"])
# Values that stand in one kind of record only, and so need what that needs.
ROADS = {"OrderLine": ORDERS, "CartLine": of_type(schema().type_map["Cart"])}
