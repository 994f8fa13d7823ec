"""Vouchers: what they belong to, and their secrets through the one audited way."""

from collections.abc import Awaitable

from strawberry import ID, Parent

from domain.audit import AuditEvent
from domain.catalog import Product
from domain.ids import Kind, row_id, shown_as
from domain.orders import Order, OrderLine
from domain.vouchers import SecretField, Voucher
from resolvers import audit, orders
from resolvers.context import Ask, Context, here
from resolvers.paging import Arguments, Connection

shown_id = shown_as(Kind.VOUCHER)
# An enum's member costs a call of the interpreter's wherever it is named.
CODE = SecretField.CODE
PIN = SecretField.PIN
CLAIM_URL = SecretField.CLAIM_URL
REFERENCE_NUMBER = SecretField.REFERENCE_NUMBER


def global_id(root: Parent[Voucher]) -> ID:
    return ID(shown_id(root.id))


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
    return await found if isinstance(found, Awaitable) else found


def code(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return here(info).loaders.secret.opened(root, CODE)


def pin(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return here(info).loaders.secret.opened(root, PIN)


def claim_url(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return here(info).loaders.secret.opened(root, CLAIM_URL)


def reference_number(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return here(info).loaders.secret.opened(root, REFERENCE_NUMBER)


SECRETS = (code, pin, claim_url, reference_number)


async def reveals(
    root: Parent[Voucher],
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[AuditEvent]:
    return await audit.of_voucher(here(info), root, Arguments(first, after, last, before))
