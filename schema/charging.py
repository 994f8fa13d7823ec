"""Every operation is priced and paid for once it is known to be valid, before it is executed."""

from collections.abc import AsyncIterator
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from resolvers.context import Context
from schema.costs import Price, amount, price
from schema.documents import Remembered


class Charging(SchemaExtension):
    """Charges the request's meter; prices are remembered with their documents."""

    def __init__(self, remembered: Remembered) -> None:
        super().__init__()
        self.remembered = remembered

    async def on_execute(self) -> AsyncIterator[None]:
        asked = self.execution_context
        context: Context = asked.context
        cost = amount(self._price(len(context.services.providers)), asked.variables)
        if cost > context.meter.most:
            raise GraphQLError(
                f"This operation would cost {cost}, and one may cost {context.meter.most}:"
                " ask for smaller pages, or in several operations.",
                extensions={
                    "code": "GRAPHQL_VALIDATION_FAILED",
                    "cost": cost,
                    "maximum": context.meter.most,
                },
            )
        await context.meter.charge(cost)
        yield

    async def get_results(self) -> dict[str, Any]:
        """`extensions.cost` of every answer, also of one that was refused before its price."""
        context: Context | None = self.execution_context.context
        cost = await context.meter.shown() if context else None
        return {"cost": cost} if cost else {}

    def _price(self, providers: int) -> Price:
        asked = self.execution_context
        known = self.remembered.prices(asked.query or "")
        name = asked._provided_operation_name  # noqa: SLF001 - the public one guesses
        if name not in known and asked.graphql_document is not None:
            schema = asked.schema._schema  # noqa: SLF001
            known[name] = price(schema, asked.graphql_document, name, providers)
        return known[name]
