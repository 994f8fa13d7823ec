"""Who may see what, in one place: `@requiresScopes` on fields and types, printed and enforced.

Federation directives are only declared by the library, so every field is wrapped once when the
schema is built. A field is refused when its own scopes, or those of the type it leads to, are not
held; its resolver is then not called. A subscription asks at its start and at every event. `node`,
`nodes` and `_entities` lead to any type: what they load is checked item by item in
resolvers/nodes.py with the same table.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
    get_named_type,
)
from strawberry.federation.schema_directives import RequiresScopes

from domain.viewers import Scope, alternatives

Scopes = tuple[tuple[str, ...], ...]

# Wrappers around a guarded type: whoever asks for a page of orders asks for orders.
WRAPPERS = ("Connection", "Edge")
FOR_ANYONE = frozenset({"_service"})
ROOTS = frozenset({"Query", "Mutation", "Subscription"})


def needs(scope: Scope) -> Scopes:
    """One scope, exactly as the directive prints it."""
    return ((scope.value,),)


def needs_or_implied(scope: Scope) -> Scopes:
    """A scope or any that implies it, as alternatives: gateways read the directive literally."""
    return tuple(tuple(s.value for s in together) for together in alternatives(scope))


def declared(definition: Any) -> Scopes:
    """The scopes printed on a strawberry field or type definition."""
    for directive in getattr(definition, "directives", None) or ():
        if isinstance(directive, RequiresScopes):
            return tuple(tuple(together) for together in directive.scopes)
    return ()


def _definition(thing: GraphQLField | GraphQLObjectType) -> Any:
    return thing.extensions.get("strawberry-definition")


def type_scopes(schema: GraphQLSchema, name: str) -> Scopes:
    """The scopes that a type's directive asks for; those of its node for a connection or edge."""
    for suffix in WRAPPERS:
        name = name.removesuffix(suffix)
    found = schema.type_map.get(name)
    return declared(_definition(found)) if isinstance(found, GraphQLObjectType) else ()


def refusal(viewer: Any) -> GraphQLError:
    """What a viewer is told who may not: log in first, or ask for more rights."""
    if viewer is None:
        return GraphQLError(
            "Send your API key and secret in the headers X-API-Key and X-API-Secret.",
            extensions={"code": "UNAUTHENTICATED"},
        )
    return GraphQLError(
        "Your credentials do not carry the scope that this field needs.",
        extensions={"code": "FORBIDDEN"},
    )


def _guarded(resolve: Callable[..., Any], requirements: Iterable[Scopes]) -> Callable[..., Any]:
    wanted = tuple(dict.fromkeys(scopes for scopes in requirements if scopes))
    # The viewer who was let in last, one object in all of an operation that never changes.
    let_in: Any = None

    @wraps(resolve)
    def guard(source: Any, info: GraphQLResolveInfo[Any], **kwargs: Any) -> Any:
        nonlocal let_in
        context = info.context
        viewer = context.viewer
        if viewer is not None and viewer is let_in:
            return resolve(source, info, **kwargs)
        if viewer is None or not all(viewer.may(scopes) for scopes in wanted):
            context.denied(source, info.parent_type.name, info.field_name)
            raise refusal(viewer)
        let_in = viewer
        return resolve(source, info, **kwargs)

    return guard


def requirements(schema: GraphQLSchema, parent: GraphQLObjectType, name: str) -> list[Scopes]:
    """What a field asks: its own scopes, and its type's unless its parent asked those."""
    field = parent.fields[name]
    of_type = type_scopes(schema, get_named_type(field.type).name)
    of_parent = type_scopes(schema, parent.name)
    wanted = [declared(_definition(field)), of_type if of_type != of_parent else ()]
    return [scopes for scopes in wanted if scopes]


def enforce(schema: GraphQLSchema) -> None:
    """Put the guard around every field that needs one; root fields need at least a viewer."""
    for parent in schema.type_map.values():
        if not isinstance(parent, GraphQLObjectType) or parent.name.startswith("__"):
            continue
        for name, field in parent.fields.items():
            wanted = requirements(schema, parent, name)
            root = parent.name in ROOTS and name not in FOR_ANYONE
            if wanted or root:
                # What has no resolver is read from the record: behind the guard as well.
                field.resolve = _guarded(field.resolve or default_field_resolver, wanted)
            if field.subscribe is not None:
                field.subscribe = _guarded(field.subscribe, wanted)
