"""The graph as clients see it: types, the permission directive, payload problems."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Set
from functools import partial
from typing import Any

from graphql import GraphQLError, GraphQLSchema
from strawberry import federation
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.info import Info
from strawberry.utils.operation import get_operation_type

import schema.enums  # noqa: F401 - registers the enums before any type uses them
from domain.problems import invalid
from resolvers import nodes, reveals
from resolvers.context import Context
from schema.again import answered, ready
from schema.audit import AuditEvent
from schema.cart import Cart
from schema.charging import Charging
from schema.descriptions import describe
from schema.documents import Documents, Remembered, parse_bounded
from schema.inputs import Inputs
from schema.mutation import Mutation
from schema.opening import Opened, opened
from schema.order import Fulfillment, Order, OrderEvent
from schema.permissions import enforce, refusal, type_scopes
from schema.product import Product
from schema.provider import Provider
from schema.query import MOST_IDS, Query
from schema.scalars import SCALARS
from schema.straight import straighten
from schema.subscription import EachFresh, Subscription
from schema.voucher import Voucher
from schema.wallet import WalletEntry
from schema.webhooks import WebhookDelivery, WebhookEndpoint
from schema.weights import weigh

# Reached by id: no field may lead to some of them.
TYPES: tuple[type, ...] = (
    Provider,
    Product,
    Cart,
    Order,
    Fulfillment,
    Voucher,
    OrderEvent,
    WalletEntry,
    AuditEvent,
    WebhookEndpoint,
    WebhookDelivery,
)


class Afterwards(SchemaExtension):
    """What must be written before an operation's answer leaves: who was denied a secret."""

    def on_execute(self) -> Iterator[None]:
        self.execution_context.context.begun = True
        yield

    async def on_operation(self) -> AsyncIterator[None]:
        try:
            yield
        finally:  # also when it took too long, or failed
            await _record(self.execution_context.context)


async def _record(context: Context) -> None:
    try:
        await reveals.record_denials(context)
    except Exception as error:  # noqa: BLE001 - whatever it was, nobody gets an answer
        fault = GraphQLError("", original_error=error)
        fault.path = []  # it was executed: without a path it would be the client's mistake
        raise fault from None


class Schema(federation.Schema):
    """The federation schema with rights, entities and errors as the contract wants them."""

    hides_suggestions = False
    remembered: Remembered
    executed_by: Callable[..., Any] | None = None  # instead of graphql-core's `execute`

    @property
    def core(self) -> GraphQLSchema:
        """What the library built for graphql-core."""
        return self._schema

    def _get_execute_function(self) -> Callable[..., Any]:
        return self.executed_by or super()._get_execute_function()

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """What the library's own answers; shorter where the document is known to be valid."""
        asked = None
        if query and context_value is not None and allowed_operation_types is not None:
            providers = len(context_value.services.providers)
            asked = ready(self._schema, self.remembered, query, operation_name, providers)
            if asked is not None and asked.kind not in allowed_operation_types:
                asked = None
        if asked is None or context_value is None:
            return await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        run = partial(
            self._get_execute_function(),
            self._schema,
            asked.document,
            root_value=root_value,
            variable_values=variable_values,
            operation_name=asked.name,
            context_value=context_value,
            is_awaitable=optimized_is_awaitable,
            executor_class=self.execution_context_class,
            **self._get_custom_context_kwargs(operation_extensions),
        )
        return await answered(asked.price, variable_values, context_value, run, _record)

    async def opened(
        self,
        query: str,
        variables: dict[str, Any] | None,
        context: Context,
        name: str | None,
        extensions: dict[str, Any] | None,
    ) -> Opened | ExecutionResult | None:
        """A subscription that has begun, or why it could not; None: `stream` is to read it."""
        asked = ready(self._schema, self.remembered, query, name, len(context.services.providers))
        if asked is None or asked.kind is not OperationType.SUBSCRIPTION:
            return None
        return await opened(self._schema, asked, variables, context, extensions)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: the library would log stack traces with values; the server presents errors."""

    def _get_custom_context_kwargs(
        self, operation_extensions: dict[str, Any] | None = None, *, sync: bool = False
    ) -> dict[str, Any]:
        # The library's own switch rewrites messages afterwards; the execution can leave them out.
        given = super()._get_custom_context_kwargs(operation_extensions, sync=sync)
        return {**given, "hide_suggestions": self.hides_suggestions}

    def _get_middleware_manager(self, extensions: list[SchemaExtension]) -> Any:
        # One without middleware is asked for every field all the same.
        found = super()._get_middleware_manager(extensions)
        return found if found.middlewares else None

    def entities_resolver(
        self, info: Info[Any, Any], representations: list[FederationAny]
    ) -> list[FederationAny]:
        """Entities in the order asked for; a bad key is null alone, rights hold as everywhere."""
        if len(representations) > MOST_IDS:
            raise invalid(f"at most {MOST_IDS} representations at once", "representations")
        keyed = {kind.name for kind in self._schema.type_map["_Entity"].types}  # type: ignore[attr-defined]
        return [_entity(info, representation, keyed) for representation in representations]  # type: ignore[misc]

    def kind(self, text: str, name: str | None) -> OperationType | None:
        """What an operation is; None where its document does not say so, and will be refused."""
        try:
            document = self.remembered.get(text) or parse_bounded(text)
            return get_operation_type(document, name)
        except (GraphQLError, RuntimeError, RecursionError):
            return None

    def check_type(self, viewer: Any, name: str) -> None:
        """Raise when the viewer may not see that type."""
        scopes = type_scopes(self._schema, name)
        if viewer is None or (scopes and not viewer.may(scopes)):
            raise refusal(viewer)


async def _entity(info: Info[Any, Any], representation: Any, keyed: Set[str]) -> Any:
    if not isinstance(representation, Mapping):
        return None
    type_name, id = representation.get("__typename"), representation.get("id")
    if not isinstance(type_name, str) or type_name not in keyed or not isinstance(id, str):
        return None
    return await nodes.node(info.context, id, type_name)


def build_schema(*, introspection: bool = True) -> Schema:
    """The schema object; built once per process.

    Without `introspection` no document may ask for the schema, and no error suggests names of it.
    """
    remembered = Remembered()
    weigh((Query, Mutation, Subscription, *TYPES))
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=list(TYPES),
        extensions=[
            lambda: Documents(remembered, introspection=introspection),
            lambda: Charging(remembered),
            Afterwards,
        ],
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=EachFresh,
    )
    schema.hides_suggestions = not introspection
    schema.remembered = remembered
    describe(schema._schema)  # noqa: SLF001
    straighten(schema._schema)  # noqa: SLF001
    if (query := schema.core.query_type) is not None:
        Inputs(schema).unwrap(query.fields)
    enforce(schema._schema)  # noqa: SLF001 - the library offers no other way to its graphql-core schema
    return schema


__all__ = ["Opened", "Schema", "build_schema"]
