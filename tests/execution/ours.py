"""Our own schema over records in memory: its resolvers and guards as they are, no database."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID
from zlib import crc32

from aiodataloader import DataLoader
from graphql import GraphQLSchema

from db.wallets import Moved
from domain.catalog import DeliverySpeed, FixedDenominations, Listing, Product, VoucherType
from domain.ids import uuid7
from domain.money import zero
from domain.orders import FulfillmentStatus, LiveStatus, OrderEvent, OrderEventType, OrderStatus
from domain.pages import Page
from domain.problems import invalid
from domain.providers import Provider
from domain.secret import Secret
from domain.viewers import Scope, Viewer
from execution import EXTENSION, Attribute, Call, Shows
from resolvers.live import status as as_answered
from resolvers.paging import Connection, Cursors
from schema import build_schema, permissions
from schema.plain import plain_attributes, plain_functions, shown_records
from tests.db import samples

ACCOUNT = UUID(int=7)
ALL = frozenset(Scope)
NOBODY = (None, frozenset[Scope](), frozenset({Scope.ORDERS_READ}), ALL)


def viewer(scopes: frozenset[Scope] | None) -> Viewer | None:
    return None if scopes is None else Viewer(ACCOUNT, "acme", UUID(int=8), "tester", scopes)


class Loader(DataLoader[Any, Any]):
    """Finds by a function; the desk's seed decides which keys fail."""

    def __init__(self, desk: "Desk", name: str, find: Callable[[Any], Any]) -> None:
        super().__init__()
        self.desk = desk
        self.name = name
        self.find = find

    async def batch_load_fn(self, keys: list[Any]) -> list[Any]:
        self.desk.log.append((self.name, list(map(str, keys))))
        return [self.found(key) for key in keys]

    def found(self, key: Any) -> Any:
        drawn = self.desk.draw(self.name, str(key))
        if drawn % 100 >= self.desk.chaos:
            return self.find(key)
        return (ValueError(f"no {self.name}"), invalid("refused", "by"), None)[drawn // 100 % 3]


class Words(Loader):
    """Answers for the records that it was told of."""

    def __init__(self, desk: "Desk") -> None:
        super().__init__(desk, "live", self.asked)
        self.known: dict[UUID, Any] = {}

    def know(self, found: Any) -> None:
        self.known.update({fulfillment.id: fulfillment for fulfillment in found})

    def asked(self, id: UUID) -> LiveStatus:
        return replace(as_answered(self.known[id], None), live=bool(self.desk.draw(id) % 2))


class Desk:
    """What resolvers ask of a request's context; `loaders` is itself."""

    def __init__(self, records: "Records", scopes: Any, seed: int, chaos: int) -> None:
        self.records = records
        self.viewer = viewer(scopes)
        self.seed = seed
        self.chaos = chaos
        self.log: list[Any] = []
        self.operator_fields: set[str | int] = set()
        self.orders_live: dict[UUID, Any] = {}
        self.account = ACCOUNT
        self.loaders = self
        for name, find in records.tables.items():
            setattr(self, name, Loader(self, name, find))
        self.live = Words(self)
        self.pages: dict[Any, Loader] = {}

    def draw(self, *parts: Any) -> int:
        return crc32(repr((self.seed, *parts)).encode())

    def denied(self, source: Any, type_name: str, field_name: str) -> None:
        self.log.append(("denied", type_name, field_name))

    def withheld(self, account: UUID, voucher_id: UUID, *fields: Any) -> None:
        self.log.append(("withheld", str(voucher_id), fields))

    def provider(self, name: str) -> Provider:
        return Provider(name, name.title(), frozenset())

    def vouchers_of_order(self, wanted: Any) -> Loader:
        return self.paged("vouchers", wanted, self.records.vouchers)

    def events_of_order(self, wanted: Any) -> Loader:
        return self.paged("events", wanted, self.records.events)

    def paged(self, name: str, wanted: Any, items: Mapping[UUID, Any]) -> Loader:
        def find(id: UUID) -> Page[Any]:
            found = items[id][: wanted.limit]
            keys = [(item.id,) if name == "vouchers" else (item.sequence,) for item in found]
            return Page(tuple(found), tuple(keys), len(items[id]) > wanted.limit, False)

        if (name, wanted) not in self.pages:
            self.pages[name, wanted] = Loader(self, f"{name} {wanted.limit}", find)
        return self.pages[name, wanted]

    async def orders(self) -> Connection[Any]:
        orders = tuple(whole.order for whole in self.records.wholes)
        found = Page(orders, tuple((o.placed_at, o.id) for o in orders), True, False)
        return Connection(found, Cursors(ACCOUNT, "orders"), self.count)

    async def count(self) -> int:
        self.log.append("counted")
        return 4_000


class Records:
    """Orders with a line, a fulfillment, vouchers and events each; half of them open."""

    def __init__(self, orders: int, vouchers: int) -> None:
        states = (FulfillmentStatus.FULFILLED, FulfillmentStatus.ACCEPTED)
        self.wholes = [
            self.settled(samples.whole(ACCOUNT, n, states[n % 2]), n % 2 == 0)
            for n in range(orders)
        ]
        self.vouchers = {
            w.order.id: [samples.voucher(w, f"CODE{n}").voucher for n in range(vouchers)]
            for w in self.wholes
        }
        self.events = {w.order.id: [self.event(w, n) for n in range(2)] for w in self.wholes}
        listing = Listing(
            "sku-1", "A card", "Acme", "INR", FixedDenominations(()),
            VoucherType.CODE, DeliverySpeed.FAST,
        )  # fmt: skip
        product = Product(uuid7(), "acme", listing, samples.NOON)
        orders_by_id = {w.order.id: w for w in self.wholes}
        lines = {w.line.id: w.line for w in self.wholes}
        none = zero("INR")
        self.tables: dict[str, Callable[[Any], Any]] = {
            "order": lambda id: orders_by_id[id].order,
            "line": lambda id: lines[id],
            "lines_of_order": lambda id: (orders_by_id[id].line,),
            "fulfillments_of_order": lambda id: (orders_by_id[id].fulfillment,),
            "product_by_key": lambda key: product,
            "voucher_count": lambda id: vouchers,
            "moved_of_order": lambda id: {"INR": Moved(none, none, none, none)},
            "attempts": lambda id: (),
            "secret": lambda key: Secret("ABCD-1234"),
        }

    def settled(self, whole: samples.Whole, settled: bool) -> samples.Whole:
        status = OrderStatus.DELIVERED if settled else OrderStatus.PROCESSING
        return replace(whole, order=replace(whole.order, settled=settled, status=status))

    def event(self, whole: samples.Whole, n: int) -> OrderEvent:
        order = whole.order
        return OrderEvent(
            uuid7(), ACCOUNT, n + 1, order.placed_at, order.id, OrderEventType.PLACED, order.status
        )


def mark(schema: GraphQLSchema) -> None:
    """Tell the plans of our schema what need not be asked, as app/compiled.py does."""
    for field, name in plain_attributes(schema):
        field.extensions[EXTENSION] = Attribute(name)
    for field, function in plain_functions(schema):
        field.extensions[EXTENSION] = Call(function)
    for kind, classes in shown_records(schema):
        kind.extensions[EXTENSION] = Shows(classes)


@cache
def our_schema(*, marked: bool) -> GraphQLSchema:
    """Our schema; `orders` comes from the desk, behind the guard that it has."""
    schema = build_schema()._schema
    assert schema.query_type is not None
    orders = schema.query_type.fields["orders"]
    wanted = permissions.requirements(schema, schema.query_type, "orders")

    async def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        return await info.context.orders()

    orders.resolve = permissions._guarded(resolve, wanted)
    if marked:
        mark(schema)
    return schema
