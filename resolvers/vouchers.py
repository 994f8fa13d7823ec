"""Vouchers: what they belong to, and their secrets through the one audited way."""

from collections.abc import Awaitable

from strawberry import ID, Parent

from domain.audit import AuditEvent
from domain.catalog import Product
from domain.ids import Kind, row_id
from domain.ids import global_id as make_id
from domain.orders import Order, OrderLine
from domain.problems import Refused
from domain.vouchers import SecretField, Voucher
from resolvers import audit, orders
from resolvers.context import Ask, Context, here
from resolvers.paging import Arguments, Connection


def global_id(root: Parent[Voucher]) -> ID:
    return ID(make_id(Kind.VOUCHER, root.id))


async def by_id(context: Context, id: str) -> Voucher | None:
    key = row_id(id, Kind.VOUCHER)
    return await context.loaders.voucher.load(key) if key else None


def order(root: Parent[Voucher], info: Ask) -> Awaitable[Order | None]:
    return here(info).loaders.order.load(root.order_id)


def line(root: Parent[Voucher], info: Ask) -> Awaitable[OrderLine | None]:
    return here(info).loaders.line.load(root.line_id)


async def product(root: Parent[Voucher], info: Ask) -> Product | None:
    bought = await here(info).loaders.line.load(root.line_id)
    found = orders.product_of_line(here(info), bought) if bought else None
    return await found if found else None


async def _secret(root: Voucher, info: Ask, field: SecretField) -> str | None:
    context = here(info)
    try:
        opened = await context.loaders.secret.load((root.id, field))
    except Refused:
        context.withheld(root.account, root.id, field)
        raise
    return opened.reveal() if opened else None


def code(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return _secret(root, info, SecretField.CODE)


def pin(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return _secret(root, info, SecretField.PIN)


def claim_url(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return _secret(root, info, SecretField.CLAIM_URL)


def reference_number(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return _secret(root, info, SecretField.REFERENCE_NUMBER)


async def reveals(
    root: Parent[Voucher],
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[AuditEvent]:
    return await audit.of_voucher(here(info), root, Arguments(first, after, last, before))
