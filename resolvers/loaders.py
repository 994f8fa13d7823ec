"""Data loaders of one request: each turns a page of keys into one statement or one fan-out."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Generic, TypeVar
from uuid import UUID

from aiodataloader import DataLoader

from db import (
    attempts,
    audit,
    carts,
    deliveries,
    endpoints,
    events,
    fulfillments,
    order_lines,
    orders,
    products,
    vouchers,
    wallets,
)
from db.carts import CartRow
from db.pool import Connection
from db.wallets import Moved
from domain.audit import AuditEvent
from domain.catalog import Product
from domain.ledger import WalletEntry
from domain.orders import (
    Fulfillment,
    FulfillmentAttempt,
    LiveStatus,
    Order,
    OrderEvent,
    OrderLine,
)
from domain.pages import Page, Slice
from domain.vouchers import Voucher
from domain.webhooks import Delivery, Endpoint
from resolvers.ahead import Ahead, Foreseen
from resolvers.context import Context
from resolvers.live import Asked
from resolvers.reveals import Secrets

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
R = TypeVar("R")


def at_once(found: asyncio.Future[V]) -> V | asyncio.Future[V]:
    """What is there already, which nobody need wait for; else what is to be awaited."""
    return found.result() if found.done() else found


def then(found: asyncio.Future[V], make: Callable[[V], R]) -> R | Awaitable[R]:
    """What a function makes of it, at once where it is there already."""
    return make(found.result()) if found.done() else _then(found, make)


async def _then(found: Awaitable[V], make: Callable[[V], R]) -> R:
    return make(await found)


class Patient(DataLoader[K, V], Generic[K, V]):
    """A loader whose callers may be cancelled, and which may be told what was read before."""

    def load(self, key: K) -> asyncio.Future[V]:
        """What was found for the key, each caller's own.

        A field that may not be null and fails cancels its neighbors, and with them what they wait
        for: others of the operation wait for the same load.
        """
        found = self._cache.get(key)
        if found is not None and found.done():
            return found
        return asyncio.shield(super().load(key))

    def tell(self, found: Mapping[K, V]) -> None:
        """What was read before anybody asked."""
        for key, value in found.items():
            self.prime(key, value)


class Loader(Patient[K, V]):
    """Loads by a function from all keys at once to what was found; anything else is `missing`."""

    def __init__(
        self, load: Callable[[list[K]], Awaitable[Mapping[K, V]]], *, missing: Any = None
    ) -> None:
        super().__init__()
        self._load = load
        self._missing = missing

    async def batch_load_fn(self, keys: list[K]) -> list[V]:
        found = await self._load(keys)
        return [found.get(key, self._missing) for key in keys]


class Words(Patient[UUID, LiveStatus]):
    """What providers say of open fulfillments."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._known: dict[UUID, Fulfillment] = {}

    def know(self, found: Sequence[Fulfillment]) -> None:
        """The records of the ids that will be asked for."""
        self._known.update({fulfillment.id: fulfillment for fulfillment in found})

    async def batch_load_fn(self, keys: list[UUID]) -> list[LiveStatus]:
        statuses, seen = await self._context.services.live.read([self._known[id] for id in keys])
        self._context.seen.extend(seen)
        return [statuses[id] for id in keys]

    def begin(self, found: Sequence[Fulfillment]) -> dict[UUID, asyncio.Future[LiveStatus]]:
        """Ask now, without a turn of the loader; each word is there once its provider answered."""
        words: dict[UUID, asyncio.Future[LiveStatus]] = {}
        new = []
        for fulfillment in found:
            word = self._cache.get(fulfillment.id)
            if word is None:
                word = self._cache[fulfillment.id] = self.loop.create_future()
                new.append(fulfillment)
            words[fulfillment.id] = word
        for asked in self._context.services.live.ask(new) if new else ():
            if asked.flight is None:
                self._told(asked)
            else:
                asked.flight.add_done_callback(partial(self._told, asked))
        return words

    def _told(self, asked: Asked, _: object = None) -> None:
        try:
            statuses, seen = asked.told()
        except Exception as error:  # noqa: BLE001 - who waits for it says what it was
            for fulfillment in asked.fulfillments:
                self._cache.pop(fulfillment.id).set_exception(error)
            return
        self._context.seen.extend(seen)
        for id, word in statuses.items():
            self._cache[id].set_result(word)


class Loaders:
    """Every loader reads what its context may see, in a short transaction of its own."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def forget(self) -> None:
        """Let go of what was read. Who is still reading is not disturbed."""
        loaders = [name for name, part in vars(self).items() if isinstance(part, DataLoader)]
        for name in loaders:
            delattr(self, name)
        self._pages.clear()

    def _reading(
        self, read: Callable[[Connection, list[K]], Awaitable[Mapping[K, V]]]
    ) -> Callable[[list[K]], Awaitable[Mapping[K, V]]]:
        async def load(keys: list[K]) -> Mapping[K, V]:
            async with self._context.reading() as conn:
                return await read(conn, keys)

        return load

    @cached_property
    def order(self) -> Loader[UUID, Order | None]:
        return Loader(self._orders)

    @cached_property
    def foreseen(self) -> dict[UUID, Foreseen]:
        """What is known to be asked of orders that are not read yet."""
        return {}

    async def _orders(self, ids: list[UUID]) -> Mapping[UUID, Order]:
        """Orders, and in the same transaction what is foreseen of them."""
        ahead: list[Ahead] = []
        found: Mapping[UUID, Order] | None = None
        try:
            async with self._context.reading() as conn:
                found = await orders.by_ids(conn, ids)
                for foreseen in {self.foreseen[id]: None for id in ids if id in self.foreseen}:
                    ahead.append(Ahead(self._context, foreseen))
                    asked = [o for id, o in found.items() if self.foreseen.get(id) == foreseen]
                    await ahead[-1].read(conn, asked)
        except Exception:
            if found is None:
                raise
        for part in ahead:
            await part.heard()
        return found

    @cached_property
    def line(self) -> Loader[UUID, OrderLine | None]:
        return Loader(self._reading(order_lines.by_ids))

    @cached_property
    def lines_of_order(self) -> Loader[UUID, Sequence[OrderLine]]:
        return Loader(self._reading(order_lines.by_orders), missing=())

    @cached_property
    def fulfillment(self) -> Loader[UUID, Fulfillment | None]:
        return Loader(self._reading(fulfillments.by_ids))

    @cached_property
    def fulfillments_of_order(self) -> Loader[UUID, Sequence[Fulfillment]]:
        return Loader(self._reading(fulfillments.by_orders), missing=())

    @cached_property
    def attempts(self) -> Loader[UUID, Sequence[FulfillmentAttempt]]:
        return Loader(self._reading(attempts.of), missing=())

    @cached_property
    def product(self) -> Loader[UUID, Product | None]:
        return Loader(self._reading(products.by_ids))

    @cached_property
    def product_by_key(self) -> Loader[tuple[str, str], Product | None]:
        """Products by provider and SKU: an order may be older than our catalog."""
        return Loader(self._reading(products.by_keys))

    @cached_property
    def voucher(self) -> Loader[UUID, Voucher | None]:
        return Loader(self._reading(vouchers.by_ids))

    @cached_property
    def cart(self) -> Loader[UUID, CartRow | None]:
        return Loader(self._reading(carts.by_ids))

    @cached_property
    def wallet_entry(self) -> Loader[UUID, WalletEntry | None]:
        return Loader(self._reading(wallets.by_ids))

    @cached_property
    def moved_of_order(self) -> Loader[UUID, Mapping[str, Moved]]:
        """What the wallet moved for orders, by currency."""
        return Loader(self._reading(wallets.totals_of_orders), missing={})

    @cached_property
    def event(self) -> Loader[UUID, OrderEvent | None]:
        return Loader(self._reading(events.by_ids))

    @cached_property
    def webhook_endpoint(self) -> Loader[UUID, Endpoint | None]:
        return Loader(self._reading(endpoints.by_ids))

    @cached_property
    def webhook_delivery(self) -> Loader[UUID, Delivery | None]:
        return Loader(self._reading(deliveries.by_ids))

    @cached_property
    def audit_event(self) -> Loader[UUID, AuditEvent | None]:
        return Loader(self._reading(audit.by_ids))

    @cached_property
    def live(self) -> Words:
        """Status of open fulfillments by id, from their providers; prime it with `know` first."""
        return Words(self._context)

    def _first_of_orders(
        self, name: str, read: Callable[..., Awaitable[Mapping[UUID, Page[Any]]]], wanted: Slice
    ) -> Loader[UUID, Page[Any]]:
        """One loader for each set of page arguments: aliases may ask for different pages."""
        loader = self._pages.get((name, wanted))
        if loader is None:
            loader = self._pages[name, wanted] = Loader(
                self._reading(lambda conn, ids: read(conn, ids, wanted)),
                missing=Page((), (), has_next=False, has_previous=False),
            )
        return loader

    @cached_property
    def _pages(self) -> dict[tuple[str, Slice], Loader[UUID, Page[Any]]]:
        return {}

    def vouchers_of_order(self, wanted: Slice) -> Loader[UUID, Page[Voucher]]:
        return self._first_of_orders("vouchers", vouchers.first_of_orders, wanted)

    def events_of_order(self, wanted: Slice) -> Loader[UUID, Page[OrderEvent]]:
        return self._first_of_orders("events", events.first_of_orders, wanted)

    @cached_property
    def secret(self) -> Secrets:
        """Opened secrets by voucher and field, through the one audited way."""
        return Secrets(self._context)

    @cached_property
    def voucher_count(self) -> Loader[UUID, int]:
        return Loader(self._reading(vouchers.count_by_orders), missing=0)
