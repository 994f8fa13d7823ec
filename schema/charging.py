"""Every operation is priced and paid for once it is known to be valid, before it is executed."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema
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
        await pay(asked.context, self._price(), asked.variables)
        yield

    async def get_results(self) -> dict[str, Any]:
        """`extensions.cost` of every answer, also of one that was refused before its price."""
        context: Context | None = self.execution_context.context
        return await shown_cost(context) if context else {}

    def _price(self) -> Price:
        asked = self.execution_context
        if asked.graphql_document is None:
            return 0
        return priced(
            self.remembered,
            asked.schema._schema,  # noqa: SLF001
            asked.query or "",
            asked.graphql_document,
            asked._provided_operation_name,  # noqa: SLF001 - the public one guesses
            len(asked.context.services.providers),
        )


def priced(
    remembered: Remembered,
    schema: GraphQLSchema,
    text: str,
    document: DocumentNode,
    name: str | None,
    providers: int,
) -> Price:
    """The price of a valid document's operation, found once while the document is known."""
    known = remembered.prices(text)
    if name not in known:
        known[name] = price(schema, document, name, providers)
    return known[name]


async def pay(context: Context, priced: Price, variables: Mapping[str, Any] | None) -> None:
    """Charge an operation's price. Refused: one may not cost that much, or too little is left."""
    cost, meter = amount(priced, variables), context.meter
    if cost > meter.most:
        raise GraphQLError(
            f"This operation would cost {cost}, and one may cost {meter.most}:"
            " ask for smaller pages, or in several operations.",
            extensions={
                "code": "GRAPHQL_VALIDATION_FAILED",
                "cost": cost,
                "maximum": meter.most,
            },
        )
    await meter.charge(cost)


async def shown_cost(context: Context) -> dict[str, Any]:
    """What an answer says of its cost: `cost`, or nothing where nobody knows."""
    cost = await context.meter.shown()
    return {"cost": cost} if cost else {}
