"""Importing an order: whose it becomes, then the importer's work."""

from domain.ids import Kind, row_id
from domain.orders import Order
from domain.problems import Problem, ProblemCode, Refused, invalid
from domain.viewers import Scope
from resolvers.context import Context

LONGEST_ID = 100


async def order_import(
    context: Context, provider: str, order_id: str, account: str | None
) -> Order:
    """The imported order; Refused with a clear problem and nothing written otherwise."""
    viewer = context.me
    owner = viewer.account if account is None else row_id(account, Kind.ACCOUNT)
    if owner is None:
        raise invalid("this is not the id of an account", "input", "account")
    if owner != viewer.account and Scope.OPERATIONS_WRITE not in viewer.scopes:
        raise invalid("another account than yours needs operations:write", "input", "account")
    known = context.services.providers.get(provider)
    if known is None:
        names = ", ".join(sorted(context.services.providers))
        raise invalid(f"no such provider here; there are: {names}", "input", "provider")
    wanted = order_id.strip()
    if not wanted or len(wanted) > LONGEST_ID or not wanted.isprintable():
        raise Refused(
            Problem(
                ProblemCode.INVALID_INPUT,
                f"an order id has 1 to {LONGEST_ID} printable characters",
                ("input", "orderId"),
            )
        )
    return await context.services.importer.bring_in(known, wanted, owner, viewer)
