"""Vouchers: what they belong to, and their secrets through the one audited way."""

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any

from strawberry import ID, Parent

from domain.audit import AuditEvent
from domain.catalog import Product
from domain.ids import Kind, row_id, shown_as
from domain.orders import Order, OrderLine
from domain.problems import Refused
from domain.vouchers import SecretField, Voucher
from resolvers import audit, orders
from resolvers.context import Ask, Context, here
from resolvers.paging import Arguments, Connection

shown_id = shown_as(Kind.VOUCHER)


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


class Opened:
    """A secret that is asked for with all others of its tick; awaited, its value or null.

    A page has a thousand of them: each is an object that waits, and no task.
    """

    __slots__ = ("_context", "_field", "_opening", "_voucher")

    def __init__(self, voucher: Voucher, info: Ask, field: SecretField) -> None:
        self._context = here(info)
        self._voucher = voucher
        self._field = field
        # The one future of all who ask; it is shielded where somebody waits for it.
        self._opening = self._context.loaders.secret.load((voucher.id, field))

    def __await__(self) -> Generator[Any, None, str | None]:
        opening, voucher = self._opening, self._voucher
        if not opening.done():
            opening = asyncio.shield(opening)
        try:
            opened = yield from opening
        except Refused:
            self._context.withheld(voucher.account, voucher.id, self._field)
            raise
        return opened.reveal() if opened else None


def code(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return Opened(root, info, SecretField.CODE)


def pin(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return Opened(root, info, SecretField.PIN)


def claim_url(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return Opened(root, info, SecretField.CLAIM_URL)


def reference_number(root: Parent[Voucher], info: Ask) -> Awaitable[str | None]:
    return Opened(root, info, SecretField.REFERENCE_NUMBER)


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
