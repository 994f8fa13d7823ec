"""The graph as clients see it: types, the permission directive, payload problems."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from graphql import GraphQLError
from strawberry import federation
from strawberry.extensions import SchemaExtension
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.info import Info

import schema.enums  # noqa: F401 - registers the enums before any type uses them
from domain.problems import invalid
from resolvers import nodes, reveals
from schema.audit import AuditEvent
from schema.cart import Cart
from schema.documents import Documents, Remembered
from schema.mutation import Mutation
from schema.order import Fulfillment, Order, OrderEvent
from schema.permissions import enforce, refusal, type_scopes
from schema.product import Product
from schema.provider import Provider
from schema.query import MOST_IDS, Query
from schema.scalars import SCALARS
from schema.voucher import Voucher
from schema.wallet import WalletEntry


class Afterwards(SchemaExtension):
    """What must be written before an operation's answer leaves: who was denied a secret."""

    async def on_operation(self) -> AsyncIterator[None]:
        yield
        await reveals.record_denials(self.execution_context.context)


class Schema(federation.Schema):
    """The federation schema with rights, entities and errors as the contract wants them."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: the library would log stack traces with values; the server presents errors."""

    def entities_resolver(
        self, info: Info[Any, Any], representations: list[FederationAny]
    ) -> list[FederationAny]:
        """Entities in the order asked for; a bad key is null alone, rights hold as everywhere."""
        if len(representations) > MOST_IDS:
            raise invalid(f"at most {MOST_IDS} representations at once", "representations")
        return [_entity(info, representation) for representation in representations]  # type: ignore[misc]

    def check_type(self, viewer: Any, name: str) -> None:
        """Raise when the viewer may not see that type."""
        scopes = type_scopes(self._schema, name)
        if viewer is None or (scopes and not viewer.may(scopes)):
            raise refusal(viewer)


async def _entity(info: Info[Any, Any], representation: Any) -> Any:
    if not isinstance(representation, Mapping):
        return None
    type_name, id = representation.get("__typename"), representation.get("id")
    if not isinstance(type_name, str) or not isinstance(id, str):
        return None
    return await nodes.node(info.context, id, type_name)


def build_schema() -> Schema:
    """The schema object; built once per process."""
    remembered = Remembered()
    schema = Schema(
        query=Query,
        mutation=Mutation,
        types=[
            Provider,
            Product,
            Cart,
            Order,
            Fulfillment,
            Voucher,
            OrderEvent,
            WalletEntry,
            AuditEvent,
        ],
        extensions=[lambda: Documents(remembered), Afterwards],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    enforce(schema._schema)  # noqa: SLF001 - the library offers no other way to its graphql-core schema
    return schema


__all__ = ["Schema", "build_schema"]
