"""After an order was placed: cancelling it, and having its vouchers sent again."""

from domain.orders import Order
from domain.problems import not_found
from ordering.cancel import Cancelled
from ordering.resend import Resent
from resolvers import orders
from resolvers.context import Context
from resolvers.operations import LONGEST_REASON, given

NO_ORDER = "there is no such order"


async def cancel(context: Context, order: str, reason: str) -> Cancelled:
    """What could be cancelled is, or will be; Refused when there is no such order."""
    why = given(reason, LONGEST_REASON, "input", "reason")
    found = await _order(context, order)
    return await context.services.canceller.cancel(found, why)


async def resend(context: Context, order: str) -> Resent:
    return await context.services.resender.resend(await _order(context, order))


async def _order(context: Context, id: str) -> Order:
    found = await orders.by_id(context, id)
    if found is None:
        raise not_found(NO_ORDER)
    return found
