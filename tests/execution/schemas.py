"""Small schemas of every kind of type. A name stands for one type, so that documents merge."""

from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
)

from execution import EXTENSION, Attribute, Call

SHOP = """
enum Color { RED GREEN BLUE }
scalar Odd
input Range { low: Int! = 1, high: Int, colors: [Color!] }
type Query {
  me: Person
  shop(first: Int = 2, range: Range): Shop!
  shops(colors: [Color] = [RED]): [Shop!]!
  odd(value: Odd): Odd
  color: Color
}
type Shop {
  id: ID! name: String open: Boolean! items(first: Int! = 3, odd: Odd): [Item!]
  best: Item! owner: Person
}
type Item {
  id: ID! price: Float! count: Int color: Color! tags: [String!]! matrix: [[Int]!]
  shop: Shop owner: Person!
}
type Person { id: ID! name: String! age: Int friends(first: Int): [Person] boss: Person! odd: Odd! }
"""

NODES = """
interface Node { id: ID! }
interface Named implements Node { id: ID! name: String! }
union Found = Cat | Dog | Rock
type Query {
  node(id: ID!): Node nodes(ids: [ID!]! = ["1"]): [Node]! found(text: String): [Found!]
  named: [Named!]! one: Found!
}
type Cat implements Node & Named { id: ID! name: String! lives: Int! friend: Found kin: [Node!] }
type Dog implements Node & Named { id: ID! name: String! good: Boolean friend: Found best: Named! }
type Rock implements Node { id: ID! weight: Float kin: [Node!] }
"""

DEEP = """
type Query { tree: Tree! grid: [[[Leaf!]]!] cells: [[Tree]]! }
type Tree {
  id: ID! left: Tree right: Tree! leaves: [Leaf!]! kinds: [[Kind!]!]! many(n: Int = 2): [Tree!]
}
type Leaf { id: ID! kind: Kind! kinds: [[Kind!]!]! text: String tree: Tree! }
enum Kind { A B }
"""

PLAINEST = """
type Query { a: A! as: [A!]! maybe: [A] text: String! numbers: [Int!]! }
type A { id: ID! text: String! flag: Boolean! size: Int! rate: Float! b: B! bs: [B!]! again: A }
type B { id: ID! text: String! a: A! numbers: [Int!]! }
"""

TEXTS = {"shop": SHOP, "nodes": NODES, "deep": DEEP, "plainest": PLAINEST, "judging": NODES}


def _serialize_odd(value: Any) -> Any:
    if value == 7:
        return None
    if value == 8:
        raise ValueError("eight")
    return [value] if isinstance(value, int) else str(value)


def _parse_odd(value: Any) -> Any:
    if value == "bad":
        raise ValueError("bad")
    return {"odd": value}


def _resolver(name: str, type_: Any) -> Any:
    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        return info.context.resolved(source, name, type_, info, arguments)

    return resolve


def _mark(name: str, field: Any, way: int) -> None:
    """Give a field one of the ways in which fields are answered."""
    if way == 0 and not field.args:
        field.resolve = lambda source, info: getattr(source, name)
        field.extensions[EXTENSION] = Attribute(name)
    elif way == 1 and not field.args:

        def function(source: Any) -> Any:
            return getattr(source, name)

        field.resolve = lambda source, info: function(source)
        field.extensions[EXTENSION] = Call(function)
    elif way >= 3:
        field.resolve = _resolver(name, field.type)


def _judge(type_: GraphQLObjectType) -> Any:
    return lambda value, info: info.context.judged(type_.name, value, info)


@cache
def schema_of(name: str, salt: int) -> GraphQLSchema:
    """One of the schemas; `salt` decides how each field is answered."""
    schema = build_schema(TEXTS[name])
    schema.extensions = {"name": name}
    number = salt
    for type_ in schema.type_map.values():
        if is_introspection_type(type_):
            continue
        if isinstance(type_, GraphQLEnumType) and salt % 2:
            for n, value in enumerate(type_.values.values()):
                value.value = n
        if isinstance(type_, GraphQLScalarType) and type_.name == "Odd":
            type_.coerce_output_value = _serialize_odd
            type_.coerce_input_value = _parse_odd
        if isinstance(type_, GraphQLObjectType):
            for field_name, field in type_.fields.items():
                number = number * 1103515245 + 12345 & 0x7FFFFFFF
                _mark(
                    field_name,
                    field,
                    (number >> 8) % 5 if name != "plainest" else (number >> 8) % 2,
                )
            if name == "judging" or (salt % 3 == 2 and type_.name in ("Shop", "Tree")):
                type_.is_type_of = _judge(type_)
        elif name == "nodes" and hasattr(type_, "resolve_type") and salt % 2:
            type_.resolve_type = lambda value, info, of: info.context.typed(of, value, info)
    return schema
