"""Valid documents for a schema, drawn from a source of randomness, and their variables."""

from random import Random
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

GOOD: dict[str, tuple[str, ...]] = {
    "Int": ("1", "3", "0"),
    "ID": ('"1"', "4"),
    "String": ('"t"', '"é\\n"'),
    "Float": ("1.5",),
    "Boolean": ("true", "false"),
    "Odd": ('"odd"', "3"),
}
GIVEN: dict[str, tuple[Any, ...]] = {
    "Int": (1, 2, "x", 2**40),
    "ID": ("1", 5, 1.5),
    "String": ("t", 4),
    "Float": (1.5, "x"),
    "Boolean": (True, False, "x"),
    "Odd": ("odd", "bad"),
}


class Document:
    """One document under way."""

    def __init__(self, schema: GraphQLSchema, random: Random) -> None:
        self.schema = schema
        self.random = random
        self.variables: dict[str, tuple[Any, str]] = {}
        self.fragments: list[str] = []
        self.room = random.randint(3, 40)

    def text(self) -> str:
        query = self.schema.query_type
        body = self.selection(query, 0)
        declared = ", ".join(f"${name}: {text}" for name, (_, text) in self.variables.items())
        head = f"query Q({declared})" if declared else "query Q"
        return "\n".join([f"{head} {body}", *self.fragments])

    def values(self, wrong: int) -> dict[str, Any]:
        """Values of the variables; each of `wrong` in 100 does not fit."""
        found: dict[str, Any] = {}
        for name, (type_, text) in self.variables.items():
            optional = "!" not in text or "=" in text
            if optional and self.random.randrange(4) == 0:
                continue
            found[name] = self.given(type_, wrong)
        return found

    def given(self, type_: Any, wrong: int) -> Any:
        random = self.random
        if isinstance(type_, GraphQLNonNull):
            return None if random.randrange(100) < wrong else self.given(type_.of_type, wrong)
        if random.randrange(8) == 0:
            return None
        if isinstance(type_, GraphQLList):
            return [self.given(type_.of_type, wrong) for _ in range(random.randrange(3))]
        if isinstance(type_, GraphQLEnumType):
            return "PINK" if random.randrange(100) < wrong else random.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return {
                name: self.given(field.type, wrong)
                for name, field in type_.fields.items()
                if random.randrange(2)
            }
        values = GIVEN[type_.name]
        return random.choice(values) if random.randrange(100) < wrong else values[0]

    def selection(self, type_: Any, depth: int) -> str:
        if self.room <= 0 or depth > 5:
            return "{ __typename }"
        parts = [self.part(type_, depth) for _ in range(self.random.randint(1, 4))]
        return "{ " + " ".join(parts) + " }"

    def part(self, type_: Any, depth: int) -> str:
        random = self.random
        self.room -= 1
        choice = random.randrange(10)
        if choice == 0 and depth < 5:
            return f"...{self.condition()} {self.selection(type_, depth + 1)}"
        if choice == 1 or (is_abstract_type(type_) and choice < 6):
            return self.fragment(type_, depth)
        if choice == 9 or not getattr(type_, "fields", None):
            return f"{random.choice(('', 't0: ', 't1: '))}__typename{self.condition()}"
        return self.field(type_, depth)

    def fragment(self, type_: Any, depth: int) -> str:
        random = self.random
        target = random.choice(self.overlapping(type_))
        if random.randrange(2):
            return f"... on {target.name}{self.condition()} {self.selection(target, depth + 1)}"
        name = f"F{len(self.fragments)}"
        self.fragments.append("")
        place = len(self.fragments) - 1
        self.fragments[place] = (
            f"fragment {name} on {target.name} {self.selection(target, depth + 1)}"
        )
        spread = f"...{name}{self.condition()}"
        return f"{spread} ...{name}" if random.randrange(3) == 0 else spread

    def overlapping(self, type_: Any) -> list[Any]:
        schema = self.schema
        possible = set(schema.get_possible_types(type_)) if is_abstract_type(type_) else {type_}
        return [type_] + [
            other
            for other in schema.type_map.values()
            if is_composite_type(other)
            and not other.name.startswith("__")
            and other is not type_
            and possible
            & (set(schema.get_possible_types(other)) if is_abstract_type(other) else {other})
        ]

    def field(self, type_: Any, depth: int) -> str:
        random = self.random
        name = random.choice(list(type_.fields))
        field = type_.fields[name]
        named = get_named_type(field.type)
        below = ""
        if is_composite_type(named):
            below = " " + self.selection(named, depth + 1)
        arguments = self.arguments(field)
        alias = ""
        if field.args:
            alias = f"{name}_{crc32(arguments.encode()) % 10_000}: "
        elif random.randrange(5) == 0:
            alias = f"{name}_{random.randrange(3)}: "
        return f"{alias}{name}{arguments}{self.condition()}{below}"

    def arguments(self, field: Any) -> str:
        given = [
            f"{name}: {self.literal(argument.type)}"
            for name, argument in field.args.items()
            if self.random.randrange(3)
            or (isinstance(argument.type, GraphQLNonNull) and argument.default is None)
        ]
        return f"({', '.join(given)})" if given else ""

    def literal(self, type_: Any, constant: bool = False) -> str:
        random = self.random
        if not constant and random.randrange(3) == 0:
            return "$" + self.variable(type_)
        if isinstance(type_, GraphQLNonNull):
            return self.literal(type_.of_type, True)
        if isinstance(type_, GraphQLList):
            count = random.randrange(3)
            parts = [self.literal(type_.of_type, constant) for _ in range(count)]
            return "[" + ", ".join(parts) + "]"
        if isinstance(type_, GraphQLEnumType):
            return str(random.choice(list(type_.values)))
        if isinstance(type_, GraphQLInputObjectType):
            parts = [
                f"{name}: {self.literal(field.type, constant)}"
                for name, field in type_.fields.items()
                if random.randrange(2)
            ]
            return "{" + ", ".join(parts) + "}"
        return random.choice(GOOD[type_.name])

    def variable(self, type_: Any) -> str:
        random = self.random
        name = f"v{crc32(str(type_).encode()) % 1000}_{random.randrange(2)}"
        if name not in self.variables:
            text = str(type_)
            if random.randrange(3) == 0:
                text += f" = {self.literal(type_, True)}"
            self.variables[name] = (type_, text)
        return name

    def condition(self) -> str:
        random = self.random
        if random.randrange(6):
            return ""
        word = random.choice(("skip", "include"))
        if random.randrange(2):
            return f" @{word}(if: {random.choice(('true', 'false'))})"
        return f" @{word}(if: ${self.variable(GraphQLNonNull(GraphQLBoolean))})"
