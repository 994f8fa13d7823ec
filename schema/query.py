"""What can be read."""

from datetime import datetime
from typing import Annotated

import strawberry
from graphql import GraphQLError

from domain.catalog import ProductSort
from domain.orders import CountInterval
from domain.problems import invalid
from domain.viewers import Scope
from resolvers import (
    ahead,
    audit,
    carts,
    nodes,
    operations,
    orders,
    products,
    providers,
    vouchers,
    wallets,
    webhooks,
)
from resolvers.context import Ask, operate
from resolvers.paging import Arguments
from schema.audit import AuditChain, AuditEventConnection
from schema.cart import Cart
from schema.faces import answer
from schema.node import Node
from schema.operations import (
    FulfillmentConnection,
    FulfillmentFilter,
    OrderCount,
    account_of,
)
from schema.order import Order, OrderConnection, OrderEventConnection, OrderFilter, OrderLookup
from schema.permissions import needs
from schema.product import Product, ProductConnection, ProductFilter
from schema.provider import Provider
from schema.viewer import Viewer
from schema.voucher import Voucher
from schema.wallet import READ, Wallet
from schema.webhooks import WebhookEndpoint

MOST_IDS = 100


async def _node(info: Ask, id: strawberry.ID) -> object:
    return await nodes.node(info.context, id)


async def _nodes(info: Ask, ids: list[strawberry.ID]) -> object:
    if len(ids) > MOST_IDS:
        raise invalid(f"at most {MOST_IDS} ids at once", "ids")
    return await nodes.nodes(info.context, ids)


def _viewer(info: Ask) -> object:
    return info.context.viewer


def _providers(info: Ask) -> object:
    return providers.listed(info.context)


async def _product(info: Ask, id: strawberry.ID) -> object:
    return await products.by_id(info.context, id)


async def _products(
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    filter: ProductFilter | None = None,
    sort: ProductSort | None = None,
) -> object:
    page = Arguments(first, after, last, before)
    return await products.page(info.context, page, filter.wanted() if filter else None, sort)


async def _cart(info: Ask, id: strawberry.ID) -> object:
    return await carts.by_id(info.context, id)


async def _order(info: Ask, by: OrderLookup) -> object:
    given = [way for way in (by.id, by.reference, by.provider_order) if way]
    # Gateways drop @oneOf, so it is checked here again.
    if len(given) != 1:
        raise invalid("name the order in exactly one way: id, reference or providerOrder", "by")
    if by.id:
        return await orders.by_id(info.context, by.id, ahead.of_order(info))
    if by.reference:
        return await orders.by_reference(info.context, by.reference)
    key = by.provider_order
    if key is None:
        raise GraphQLError("unreachable: one way was given")
    return await orders.by_provider_order(info.context, key.provider, key.order_id)


async def _orders(
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    filter: OrderFilter | None = None,
) -> object:
    page = Arguments(first, after, last, before)
    wanted = filter.wanted() if filter else None
    return await orders.page(info.context, page, wanted, ahead.of_page(info))


async def _order_events(
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> object:
    return await orders.events(info.context, Arguments(first, after, last, before))


async def _voucher(info: Ask, id: strawberry.ID) -> object:
    return await vouchers.by_id(info.context, id)


def _wallet(info: Ask) -> object:
    return wallets.mine(info.context)


async def _webhook_endpoints(info: Ask) -> object:
    return await webhooks.listed(info.context)


async def _audit_events(
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> object:
    return await audit.page(info.context, Arguments(first, after, last, before))


async def _audit_chain(info: Ask) -> object:
    return await audit.chain(info.context)


async def _fulfillments(
    info: Ask,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    filter: FulfillmentFilter | None = None,
) -> object:
    page = Arguments(first, after, last, before)
    return await operations.page(operate(info), page, filter.wanted() if filter else None)


async def _order_counts(
    info: Ask,
    since: Annotated[
        datetime, strawberry.argument(name="from", description="Orders placed then or later.")
    ],
    until: Annotated[
        datetime,
        strawberry.argument(
            name="to", description="Orders placed before: at most 744 hours or days after `from`."
        ),
    ],
    by: Annotated[
        CountInterval, strawberry.argument(description="What is counted together, in UTC.")
    ] = CountInterval.DAY,
    account: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="Orders of this account only; of all without it."),
    ] = None,
) -> object:
    return await operations.counts(operate(info), since, until, by, account_of(account, "account"))


@strawberry.type(description="What can be read.")
class Query:
    node: Node | None = answer(_node, "Anything by its global id; null when there is none for you.")
    nodes: list[Node | None] = answer(_nodes, "Many at once, in the order of the ids.")
    viewer: Viewer | None = answer(_viewer, "Who you are here.")
    providers: list[Provider] | None = answer(_providers, "The providers that are set up here.")
    product: Product | None = answer(_product, "One product by its global id.")
    products: ProductConnection | None = answer(_products, "The catalogs of all providers.")
    cart: Cart | None = answer(_cart, "One cart by its global id.")
    order: Order | None = answer(_order, "One order, named in one of three ways.")
    orders: OrderConnection | None = answer(_orders, "The account's orders, newest first.")
    order_events: OrderEventConnection | None = answer(
        _order_events, "The account's order log, oldest first."
    )
    voucher: Voucher | None = answer(_voucher, "One voucher by its global id.")
    wallet: Wallet | None = answer(_wallet, "The account's money.", scopes=READ)
    audit_events: AuditEventConnection | None = answer(
        _audit_events, "The account's audit chain, newest first.", scopes=needs(Scope.AUDIT_READ)
    )
    audit_chain: AuditChain | None = answer(
        _audit_chain, "Whether the account's audit chain holds.", scopes=needs(Scope.AUDIT_READ)
    )
    webhook_endpoints: list[WebhookEndpoint] | None = answer(
        _webhook_endpoints, "Where the account is told about its orders, at most 20 places."
    )
    fulfillments: FulfillmentConnection | None = answer(
        _fulfillments,
        "The fulfillments of all accounts, newest first.",
        scopes=needs(Scope.OPERATIONS_READ),
    )
    order_counts: list[OrderCount] | None = answer(
        _order_counts,
        "How many orders of all accounts were placed when, by status: oldest first, without the"
        " hours or days that have none.",
        scopes=needs(Scope.OPERATIONS_READ),
    )
