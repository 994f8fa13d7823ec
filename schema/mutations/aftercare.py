"""After an order was placed: cancelling it, and having its vouchers sent again."""

from dataclasses import dataclass

import strawberry

from domain.orders import Order as OrderRecord
from domain.problems import Problem as ProblemRecord
from domain.problems import Refused
from domain.viewers import Scope
from resolvers import aftercare
from resolvers.context import Ask
from schema.faces import answer, shows
from schema.order import Order
from schema.permissions import needs
from schema.problem import Problem


@strawberry.input(description="An order that is not wanted any more.")
class OrderCancelInput:
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    reason: str = strawberry.field(description="Why.")


@strawberry.input(description="An order whose vouchers did not reach whom they were for.")
class VouchersResendInput:
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    order: OrderRecord | None = None
    pending: bool = False
    problems: tuple[ProblemRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class VouchersResent:
    order: OrderRecord | None = None
    problems: tuple[ProblemRecord, ...] = ()


@shows(OrderCancelled)
class OrderCancelPayload:
    """The order after what could be cancelled was, and what could not be."""

    order: Order | None = answer(description="The order.")
    pending: bool = answer(
        description="Whether a provider was asked and has not confirmed yet; the order will tell."
    )
    problems: list[Problem] = answer(description="Why parts of it, or all, are not cancelled.")


@shows(VouchersResent)
class VouchersResendPayload:
    """The order whose vouchers were sent again, or why they were not."""

    order: Order | None = answer(description="The order.")
    problems: list[Problem] = answer(description="Empty when it worked.")


async def _order_cancel(info: Ask, input: OrderCancelInput) -> object:
    try:
        done = await aftercare.cancel(info.context, input.order_id, input.reason)
        return OrderCancelled(done.order, pending=done.pending, problems=done.problems)
    except Refused as refused:
        return OrderCancelled(problems=refused.problems)


async def _vouchers_resend(info: Ask, input: VouchersResendInput) -> object:
    try:
        done = await aftercare.resend(info.context, input.order_id)
        return VouchersResent(done.order, done.problems)
    except Refused as refused:
        return VouchersResent(problems=refused.problems)


@strawberry.type
class AftercareMutations:
    order_cancel: OrderCancelPayload | None = answer(
        _order_cancel,
        "Cancel what was not sent yet, and ask for the rest where the provider cancels.",
        scopes=needs(Scope.ORDERS_PLACE),
    )
    vouchers_resend: VouchersResendPayload | None = answer(
        _vouchers_resend,
        "Have the provider send an order's vouchers again; once in ten minutes.",
        scopes=needs(Scope.ORDERS_PLACE),
    )
