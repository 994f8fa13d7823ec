"""What a document asks of the orders it reads, so that their parts are read along with them.

A loader answers a field once the field has asked, in a transaction of its own, and every field that
waits is a task of the loop. Where a root field reads orders, its document says already what will be
asked of them. So their parts are read in the orders' own transaction, one statement each, their
providers are asked meanwhile, and the loaders are told: fields find their answers there.

Nothing depends on it. What was not foreseen, or could not be read, a field asks its loader for.
"""

import asyncio
from asyncio import Future
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    SelectionNode,
    get_argument_values,
    get_directive_values,
)
from graphql.execution.values import VariableValues

from db import events, fulfillments, order_lines, products, vouchers, wallets
from db.pool import Connection
from domain.orders import Fulfillment, LiveStatus, Order, OrderLine
from domain.pages import Slice
from domain.problems import Refused
from resolvers.context import Ask, Context
from resolvers.live import order_live
from resolvers.paging import from_the_end
from resolvers.together import Wanted

WORDS = frozenset({"status", "live", "asOf"})
PART_WORDS = WORDS | {"providerStatus"}
Told: TypeAlias = GraphQLResolveInfo[Any]
Words: TypeAlias = Mapping[UUID, Future[LiveStatus]]
MOVED = frozenset({"held", "captured", "released", "refunded"})


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Which parts of some orders are asked for. `words`: the live status of what is open."""

    lines: bool
    products: bool
    moved: bool
    fulfillments: bool
    words: bool
    part_words: bool
    vouchers: tuple[Slice, ...]
    events: tuple[Slice, ...]

    @property
    def is_short(self) -> bool:
        """Whether that is at most the parts and the words of their providers."""
        return not (self.lines or self.moved or self.vouchers or self.events)

    @property
    def along(self) -> Wanted:
        """The parts that this needs of an order on its own."""
        return Wanted(parts=self.fulfillments, open_parts=self.words)


# What was found of single fields that ask the same of everybody, the least recent forgotten first.
_known: OrderedDict[int, tuple[FieldNode, Foreseen | None]] = OrderedDict()
MOST_KNOWN = 1_000


def of_order(info: Ask) -> Foreseen | None:
    """What is asked of the order that the field answers; None where that needs nothing else."""
    told = _told(info)
    first = told.field_nodes[0]
    known = _known.get(id(first))
    if known is not None and known[0] is first and len(told.field_nodes) == 1:
        _known.move_to_end(id(first))
        return known[1]
    document = _Document(told)
    found = document.foreseen(told.field_nodes)
    if not document.varies and len(told.field_nodes) == 1:
        _known[id(first)] = first, found
        if len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return found


def of_page(info: Ask) -> Foreseen | None:
    """The same for a field that answers a page of orders."""
    told = _told(info)
    document = _Document(told)
    pages = document.fields(told.field_nodes)
    nodes = pages.get("nodes", [])
    edges = document.fields(pages.get("edges", []))
    return document.foreseen([*nodes, *edges.get("node", [])])


def _told(info: Any) -> Told:
    """What graphql-core tells of a field: the library's own info, which roots get, holds it."""
    told: Told = getattr(info, "_raw_info", info)
    return told


class _Document:
    """One execution's document, as far as it asks for orders."""

    def __init__(self, told: Told) -> None:
        self._fragments = told.fragments
        known: Any = told.variable_values
        # Plans hand over graphql-core's container; the library only what is in it.
        container = isinstance(known, VariableValues)
        self._variables = known if container else VariableValues({}, known)
        self._order: Any = told.schema.type_map["Order"]
        self._context = told.context
        # Whether variables or rights decide what is asked.
        self.varies = False

    def foreseen(self, orders: Sequence[FieldNode]) -> Foreseen | None:
        order = self.fields(orders)
        line = self.fields(order.get("lines", []))
        total = self.fields(order.get("totals", []))
        parts = [*order.get("fulfillments", []), *line.get("fulfillments", [])]
        part = self.fields(parts)
        found = Foreseen(
            lines="lines" in order or "totals" in order,
            products="product" in line and self._may_see_products(),
            moved=not MOVED.isdisjoint(total),
            fulfillments=bool(parts),
            words=not WORDS.isdisjoint(order),
            part_words=not PART_WORDS.isdisjoint(part),
            vouchers=tuple(self._firsts("vouchers", order)),
            events=tuple(self._firsts("events", order)),
        )
        return found if found != NOTHING else None

    def fields(self, nodes: Iterable[FieldNode]) -> dict[str, list[FieldNode]]:
        """What is selected below these fields, by name, through fragments and conditions."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                for field in self._selected(node.selection_set.selections, seen):
                    found.setdefault(field.name.value, []).append(field)
        return found

    def _selected(self, selections: Iterable[SelectionNode], seen: set[str]) -> Iterator[FieldNode]:
        # The parent is no abstract type: a fragment that may stand here always holds.
        for node in selections:
            if node.directives and not self._holds(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, FragmentSpreadNode):
                if node.name.value not in seen:
                    seen.add(node.name.value)
                    fragment = self._fragments[node.name.value]
                    yield from self._selected(fragment.selection_set.selections, seen)
            else:
                yield from self._selected(node.selection_set.selections, seen)  # type: ignore[attr-defined]

    def _may_see_products(self) -> bool:
        self.varies = True
        return _may_see(self._context, "Product")

    def _holds(self, node: SelectionNode) -> bool:
        self.varies = True
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _firsts(self, name: str, order: dict[str, list[FieldNode]]) -> Iterator[Slice]:
        """The slices from the start of a list, the only ones that fit more than one order."""
        slices: dict[Slice, None] = {}
        for node in order.get(name, ()):
            self.varies = True  # sizes may be variables
            try:
                asked = get_argument_values(self._order.fields[name], node, self._variables)
                if asked.get("after") is None and asked.get("before") is None:
                    slices[from_the_end(asked.get("first"), asked.get("last"))] = None
            except (GraphQLError, Refused):
                continue  # the field says so itself
        return iter(slices)


NOTHING = Foreseen(
    lines=False,
    products=False,
    moved=False,
    fulfillments=False,
    words=False,
    part_words=False,
    vouchers=(),
    events=(),
)


def _may_see(context: Context, type_name: str) -> bool:
    try:
        context.check_type(type_name)
    except GraphQLError:
        return False
    return True


class Ahead:
    """Reads what is foreseen of some orders, in the transaction that read them."""

    def __init__(self, context: Context, foreseen: Foreseen) -> None:
        self._context = context
        self._foreseen = foreseen
        self._orders: Sequence[Order] = ()
        self._parts: dict[UUID, list[Fulfillment]] = {}
        self._missing = 0  # words that were asked for and did not come yet
        self._all_came: Future[None] | None = None

    async def read(self, conn: Connection, orders: Sequence[Order]) -> None:
        """One statement for each kind of part. The providers are asked before the rest is read."""
        if not orders:
            return
        self._orders = orders
        wanted, loaders = self._foreseen, self._context.loaders
        ids = [order.id for order in orders]
        if parts_of := ids if wanted.fulfillments else self._unsettled():
            self._parts = await fulfillments.by_orders(conn, parts_of)
            loaders.fulfillments_of_order.tell(self._parts)
            self._ask()
            if self._missing:
                await asyncio.sleep(0)  # requests go out before the next statement is sent
        if wanted.lines:
            lines = await order_lines.by_orders(conn, ids)
            loaders.lines_of_order.tell(lines)
            if wanted.products and (keys := _sold(lines.values())):
                known = await products.by_keys(conn, keys)
                loaders.product_by_key.tell({key: known.get(key) for key in keys})
        if wanted.moved:
            moved = await wallets.totals_of_orders(conn, ids)
            loaders.moved_of_order.tell({id: moved.get(id, {}) for id in ids})
        for cut in wanted.vouchers:
            loaders.vouchers_of_order(cut).tell(await vouchers.first_of_orders(conn, ids, cut))
        for cut in wanted.events:
            loaders.events_of_order(cut).tell(await events.first_of_orders(conn, ids, cut))

    async def heard(self) -> None:
        """Wait, outside the transaction, until the providers have answered or are given up."""
        if self._missing:
            self._all_came = asyncio.get_running_loop().create_future()
            await self._all_came

    def _unsettled(self) -> list[UUID]:
        if not self._foreseen.words:
            return []
        return [order.id for order in self._orders if not order.settled]

    def _ask(self) -> None:
        """Have providers asked for all that is open, at once."""
        wanted = self._foreseen
        settled = set() if wanted.part_words else {o.id for o in self._orders if o.settled}
        if not wanted.words and not wanted.part_words:
            return
        asked = [
            part
            for order_id, parts in self._parts.items()
            if order_id not in settled
            for part in parts
            if part.is_open
        ]
        words = self._context.loaders.live.begin(asked)
        self._missing = len(words)
        for order in self._orders:
            parts = self._parts.get(order.id, [])
            own = {part.id: words[part.id] for part in parts if part.id in words}
            if parts and not own:
                self._know(order, parts, own)
            came = partial(self._came, order, parts, own)
            for word in own.values():
                word.add_done_callback(came)

    def _came(
        self, order: Order, parts: Sequence[Fulfillment], words: Words, word: Future[LiveStatus]
    ) -> None:
        """A provider's word is there: with the last one of an order it is known how that is."""
        # Where asking failed the field asks again, and says what it meets.
        if word.exception() is None and all(
            one.done() and one.exception() is None for one in words.values()
        ):
            self._know(order, parts, words)
        self._missing -= 1
        if not self._missing and self._all_came is not None and not self._all_came.done():
            self._all_came.set_result(None)

    def _know(self, order: Order, parts: Sequence[Fulfillment], words: Words) -> None:
        known = self._context.orders_live
        if not order.settled and order.id not in known:
            told = {id: word.result() for id, word in words.items()}
            known[order.id] = order_live(order, parts, told)


def _sold(lines: Iterable[Sequence[OrderLine]]) -> list[tuple[str, str]]:
    """Provider and SKU of what was bought, each once."""
    return list(
        {
            (line.provider_name, line.sku): None
            for of_order in lines
            for line in of_order
            if line.sku is not None
        }
    )
