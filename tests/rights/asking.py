"""Operations made from the printed schema, so that a new field is asked without anybody's doing."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    is_union_type,
    parse,
)

from tests.rights.printed import objects, schema

PAGE = 2  # of every connection
TODAY = datetime.now(UTC)
# Everything that there is was placed within these, and no more may be asked for.
YEARS = [(TODAY + timedelta(days)).isoformat() for days in (-372, 372)]
LONGEST = 9_000  # characters of one document
DEEP = 3


@dataclass(frozen=True)
class Asked:
    """One document with its variables."""

    name: str
    text: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> DocumentNode:
        return _parsed(self.text)


@cache
def _parsed(text: str) -> DocumentNode:
    return parse(text)


def nodes() -> list[str]:
    """The types that have a global id."""
    return [kind.name for kind in objects(schema()) if _is_node(kind)]


def keyed() -> list[str]:
    """The types that a gateway may ask by their key."""
    entity = schema().type_map["_Entity"]
    assert is_union_type(entity)
    return [kind.name for kind in entity.types]


def _is_node(kind: GraphQLObjectType) -> bool:
    return any(one.name == "Node" for one in kind.interfaces)


def selection(kind: Any, deep: int = DEEP, path: tuple[str, ...] = ()) -> str:
    """Everything of a type that leads not back to where it came from, so many records deep.

    What cannot be selected any deeper is left out; pages, edges and values count as no depth.
    """
    if is_union_type(kind):
        parts = (f"... on {one.name} {{ {selection(one, deep, path)} }}" for one in kind.types)
        return " ".join(("__typename", *parts))
    return " ".join(_fields(kind, deep, path)) or "__typename"


def _fields(kind: GraphQLObjectType, deep: int, path: tuple[str, ...]) -> Iterator[str]:
    for name, defined in kind.fields.items():
        target = get_named_type(defined.type)
        if is_leaf_type(target):
            yield name
            continue
        left = deep - (isinstance(target, GraphQLObjectType) and "id" in target.fields)
        if (
            target.name in path
            or left < 0
            or (is_abstract_type(target) and not is_union_type(target))
        ):
            continue
        inner = selection(target, left, (*path, kind.name))
        yield f"{name}{_page(defined)} {{ {inner} }}"


def _page(defined: GraphQLField) -> str:
    return f"(first: {PAGE})" if "first" in defined.args else ""


def roots(arguments: Mapping[str, str], deep: int = DEEP) -> list[tuple[str, str]]:
    """Each nullable field of Query with what it leads to; KeyError for one we have no arguments of.

    `arguments` by field, as they are written in the document; pages need none.
    """
    query = schema().query_type
    assert query is not None
    found = []
    for name, defined in query.fields.items():
        target = get_named_type(defined.type)
        if is_abstract_type(target):
            continue
        given = arguments.get(name, _page(defined))
        if not given and any(is_required_argument(one) for one in defined.args.values()):
            raise KeyError(f"tests/rights: which arguments shall Query.{name} have?")
        found.append((name, f"{name}{given} {{ {selection(target, deep, ())} }}"))
    return found


def by_id(ids: Mapping[str, str], deep: int = DEEP) -> list[tuple[str, str]]:
    """`node` for each type with an identity."""
    return [
        (
            f"node {name}",
            f'node_{name}: node(id: "{ids[name]}") {{ __typename id {on(name, deep)} }}',
        )
        for name in nodes()
    ]


def on(name: str, deep: int = DEEP, *, apart: bool = False) -> str:
    """A fragment on a type; `apart` when others beside it have fields of the same names."""
    kind = schema().type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    fields = _fields(kind, deep, ())
    if apart:
        fields = (re.sub(r"^(\w+)", rf"{name}_\1: \1", text) for text in fields)
    return f"... on {name} {{ {' '.join(fields)} }}"


def parts(ids: Mapping[str, str], deep: int = DEEP) -> list[tuple[str, str]]:
    """Every nullable field of Query, and every type by its id, with these ids."""
    arguments = {
        "product": f'(id: "{ids["Product"]}")',
        "cart": f'(id: "{ids["open cart"]}")',
        "order": f'(by: {{id: "{ids["Order"]}"}})',
        "voucher": f'(id: "{ids["Voucher"]}")',
        "orderCounts": '(from: "{}", to: "{}")'.format(*YEARS),
    }
    return roots(arguments, deep) + by_id(ids, deep)


def many(ids: Mapping[str, str], deep: int = 1) -> Asked:
    """`nodes` for all types at once."""
    wanted = " ".join(on(name, deep, apart=True) for name in nodes())
    text = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id {wanted} }} }}"
    return Asked("nodes", text, {"ids": [ids[name] for name in nodes()]})


def entities(ids: Mapping[str, str], deep: int = 1) -> Asked:
    """`_entities` for all types with a key at once."""
    selected = " ".join(on(name, deep, apart=True) for name in keyed())
    text = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ __typename {selected} }} }}"
    wanted = [{"__typename": name, "id": ids[name]} for name in keyed()]
    return Asked("_entities", text, {"r": wanted})


def bundled(given: Sequence[tuple[str, str]], longest: int = LONGEST) -> list[Asked]:
    """Fields of Query put together into documents that are not too long."""
    found: list[Asked] = []
    names: list[str] = []
    texts: list[str] = []
    for name, text in given:
        if texts and sum(map(len, texts)) + len(text) > longest:
            found.append(_together(names, texts))
            names, texts = [], []
        names.append(name)
        texts.append(text)
    return [*found, _together(names, texts)]


def _together(names: Iterable[str], texts: Iterable[str]) -> Asked:
    return Asked(", ".join(names), f"{{ {' '.join(texts)} }}")
