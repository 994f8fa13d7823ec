"""Global identities: any record by its id, each with the rights of its own type."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from domain.audit import AuditEvent
from domain.catalog import Product
from domain.ids import Kind, parse
from domain.ledger import WalletEntry
from domain.orders import Fulfillment, Order, OrderEvent
from domain.providers import Provider
from domain.vouchers import Voucher
from domain.webhooks import Delivery, Endpoint
from resolvers import audit, carts, orders, products, vouchers, wallets, webhooks
from resolvers.context import Context

Record = (
    Provider
    | Product
    | carts.Shown
    | Order
    | Fulfillment
    | Voucher
    | OrderEvent
    | WalletEntry
    | AuditEvent
    | Endpoint
    | Delivery
)

# The name of the schema type whose scopes a record needs.
TYPES: dict[Kind, str] = {
    Kind.PROVIDER: "Provider",
    Kind.PRODUCT: "Product",
    Kind.CART: "Cart",
    Kind.ORDER: "Order",
    Kind.FULFILLMENT: "Fulfillment",
    Kind.VOUCHER: "Voucher",
    Kind.ORDER_EVENT: "OrderEvent",
    Kind.WALLET_ENTRY: "WalletEntry",
    Kind.AUDIT_EVENT: "AuditEvent",
    Kind.WEBHOOK_ENDPOINT: "WebhookEndpoint",
    Kind.WEBHOOK_DELIVERY: "WebhookDelivery",
}
READ: dict[Kind, Callable[[Context, str], Any]] = {
    Kind.PRODUCT: products.by_id,
    Kind.CART: carts.by_id,
    Kind.ORDER: orders.by_id,
    Kind.FULFILLMENT: orders.fulfillment_by_id,
    Kind.VOUCHER: vouchers.by_id,
    Kind.ORDER_EVENT: orders.event_by_id,
    Kind.WALLET_ENTRY: wallets.entry_by_id,
    Kind.AUDIT_EVENT: audit.by_id,
    Kind.WEBHOOK_ENDPOINT: webhooks.by_id,
    Kind.WEBHOOK_DELIVERY: webhooks.delivery_by_id,
}


async def node(context: Context, id: str, type_name: str | None = None) -> Record | None:
    """The record with that global id; None when it is malformed, unknown or somebody else's.

    Raises what the guard of its type raises; `type_name` narrows to one type.
    """
    parsed = parse(id)
    if parsed is None or parsed[0] not in TYPES:
        return None
    kind, key = parsed
    if type_name is not None and TYPES[kind] != type_name:
        return None
    context.check_type(TYPES[kind])
    if kind is Kind.PROVIDER:
        known = context.services.providers.get(key.decode("ascii", "replace"))
        return known.face() if known else None
    found: Record | None = await READ[kind](context, id)
    return found


async def nodes(context: Context, ids: Sequence[str]) -> list[Record | BaseException | None]:
    """One answer per id, in order; a refusal stands at its own place."""
    return await asyncio.gather(*(node(context, id) for id in ids), return_exceptions=True)
