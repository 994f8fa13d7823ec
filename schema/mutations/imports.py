"""Bringing in orders that were placed elsewhere."""

from dataclasses import dataclass

import strawberry

from domain.orders import Order as OrderRecord
from domain.problems import Problem as ProblemRecord
from domain.problems import Refused
from domain.viewers import Scope
from resolvers import imports
from resolvers.context import Ask, operate
from schema.faces import answer, shows
from schema.order import Order
from schema.permissions import needs
from schema.problem import Problem


@strawberry.input(description="An order that was placed elsewhere with our provider account.")
class OrderImportInput:
    provider: str = strawberry.field(description='The provider\'s name, such as "enkash".')
    order_id: str = strawberry.field(description="The provider's own order id.")
    account: strawberry.ID | None = strawberry.field(
        default=None,
        description="Whose order it becomes; another account than yours needs operations:write.",
    )


@dataclass(frozen=True, slots=True)
class Imported:
    order: OrderRecord | None = None
    problems: tuple[ProblemRecord, ...] = ()


@shows(Imported)
class OrderImportPayload:
    """The imported order, or why there is none."""

    order: Order | None = answer(description="The order, also when it had been imported before.")
    problems: list[Problem] = answer(description="Empty when it worked.")


async def _order_import(info: Ask, input: OrderImportInput) -> object:
    try:
        order = await imports.order_import(
            info.context, input.provider, input.order_id, input.account
        )
        if order.account != info.context.account:
            operate(info)  # operations:write was asked: whose account it is shows from here down
        return Imported(order)
    except Refused as refused:
        return Imported(problems=refused.problems)


@strawberry.type
class ImportMutations:
    order_import: OrderImportPayload | None = answer(
        _order_import,
        "Bring in an order that was placed elsewhere, with its vouchers. Repeating it is safe.",
        scopes=needs(Scope.ORDERS_IMPORT),
    )
