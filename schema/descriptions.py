"""What is described alike wherever it stands: arguments by their names, pages and their items."""

from graphql import GraphQLObjectType, GraphQLSchema

ARGUMENTS = {
    "first": "How many from the start: 1 to 100. Without `first` and `last` it is 20.",
    "after": "Only what follows this cursor; the same filter and sort as where it came from.",
    "last": "How many from the end: 1 to 100; never together with `first`.",
    "before": "Only what precedes this cursor.",
    "filter": "What to list: every part that is given must hold.",
    "sort": "The order of the list.",
    "input": "What to do. The payload's `problems` say what was wrong with it.",
    "id": "A global id. One that is malformed, unknown or another account's answers null.",
    "ids": "At most 100 global ids; the answers stand in their order.",
    "by": "The order, named in exactly one way.",
    "orderIds": "Events of these orders only, by global id; of all orders without it.",
}
CONNECTION = "One page of a list, with the cursors of its ends."
EDGE = "An item of a page, with its cursor."


def describe(schema: GraphQLSchema) -> None:
    """Write them where the code says nothing of its own."""
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("_"):
            continue
        if kind.name.endswith("Connection"):
            kind.description = kind.description or CONNECTION
        elif kind.name.endswith("Edge"):
            kind.description = kind.description or EDGE
        for field in kind.fields.values():
            for name, argument in field.args.items():
                argument.description = argument.description or ARGUMENTS.get(name)
