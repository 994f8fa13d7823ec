"""Documents before they are registered: they must run here, within what one operation may cost."""

from collections.abc import Iterable

from graphql import DefinitionNode, GraphQLError, OperationDefinitionNode, OperationType

from schema import Schema
from schema.costs import price
from schema.documents import check, parse_bounded

MAX_MESSAGE = 300


def faults(schema: Schema, text: str, *, providers: int, most: int) -> list[str]:
    """What is wrong with a document, in words; nothing for one that may be registered.

    `most` is what one operation may cost where so many providers are set up; what depends on
    variables is decided when they are known.
    """
    try:
        document = parse_bounded(text)
    except GraphQLError as error:
        return [_line(error.message)]
    except RecursionError:
        return ["It nests too deep."]
    plain = schema._schema  # noqa: SLF001
    if errors := check(plain, document):
        return [_line(error.message) for error in errors]
    found = []
    for operation in _operations(document.definitions):
        name = operation.name.value if operation.name else None
        cost = price(plain, document, name, providers)
        if isinstance(cost, int) and cost > most:
            found.append(f"It would cost {cost}, and one operation may cost {most}.")
    return found


def names(text: str) -> list[str]:
    """What a document holds, such as "query Products"; empty where it cannot be read."""
    try:
        definitions = parse_bounded(text).definitions
    except (GraphQLError, RecursionError):
        return []
    return [
        f"{OperationType(one.operation).value} {one.name.value if one.name else '(no name)'}"
        for one in _operations(definitions)
    ]


def _operations(definitions: Iterable[DefinitionNode]) -> list[OperationDefinitionNode]:
    return [one for one in definitions if isinstance(one, OperationDefinitionNode)]


def _line(message: str) -> str:
    return " ".join(message.split())[:MAX_MESSAGE]
