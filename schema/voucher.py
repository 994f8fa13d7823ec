"""Vouchers: what was bought. The four secrets stay sealed until asked for."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import catalog, vouchers
from domain.viewers import Scope
from resolvers import paging
from resolvers import vouchers as resolve
from schema.audit import AuditEventConnection
from schema.faces import answer, shows
from schema.money import Money
from schema.node import Node, PageInfo
from schema.permissions import needs, needs_or_implied
from schema.product import Product

if TYPE_CHECKING:
    from schema.order import Order, OrderLine

REVEAL = needs(Scope.VOUCHERS_REVEAL)


@shows(vouchers.Voucher, keys=("id",), scopes=needs_or_implied(Scope.ORDERS_READ))
class Voucher(Node):
    """A voucher that was bought. Its secrets stay sealed until asked for; reveals are recorded."""

    id: strawberry.ID = answer(resolve.global_id, "Opaque and globally unique.")
    order: Annotated["Order", strawberry.lazy("schema.order")] = answer(
        resolve.order, "The order it belongs to."
    )
    line: Annotated["OrderLine", strawberry.lazy("schema.order")] = answer(
        resolve.line, "The order line it belongs to."
    )
    product: Product | None = answer(resolve.product, "What was bought, while it is listed.")
    type: catalog.VoucherType = answer(description="What it consists of.")
    state: vouchers.VoucherState = answer(description="Whether it can be opened.")
    face_value: Money = answer(description="What is printed on it.")
    expires_at: datetime | None = answer(
        lambda root: root.expiry.at, "The last instant it is valid; null: it never expires."
    )
    expires_on: date | None = answer(
        lambda root: root.expiry.on, "The last day it is valid, where it was issued."
    )
    never_expires: bool = answer(lambda root: root.expiry.at is None, "Whether it stays valid.")
    expires_in_days: int | None = answer(
        lambda root: root.expiry.days_left(), "Whole days left, 0 when it has ended."
    )
    masked_code: str = answer(
        description="Stars and the last four of a code of 12 characters or more; a link's host."
    )
    code: str | None = answer(resolve.code, "The code. Recorded when read.", scopes=REVEAL)
    pin: str | None = answer(resolve.pin, "The PIN. Recorded when read.", scopes=REVEAL)
    claim_url: str | None = answer(
        resolve.claim_url, "The link that redeems it. Recorded when read.", scopes=REVEAL
    )
    reference_number: str | None = answer(
        resolve.reference_number,
        "The issuer's number of it. Recorded when read.",
        scopes=REVEAL,
    )

    reveals: AuditEventConnection | None = answer(
        resolve.reveals, "Who opened it and when, newest first.", scopes=needs(Scope.AUDIT_READ)
    )


@shows(paging.Edge)
class VoucherEdge:
    cursor: str = answer(description="This item's place in the list.")
    node: Voucher = answer(description="The item.")


@shows(paging.Connection)
class VoucherConnection:
    edges: list[VoucherEdge] = answer(description="The items with their cursors.")
    nodes: list[Voucher] = answer(description="The items.")
    page_info: PageInfo = answer(description="Where this page stands.")
    total_count: int | None = answer(paging.total_count, "Vouchers of this order.")
