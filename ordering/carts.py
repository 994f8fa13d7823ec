"""Carts: what somebody means to buy, at prices that providers confirm whenever they are shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from db import carts, products
from db.carts import CartRow
from db.pool import Connection, Database
from domain.carts import Cart
from domain.catalog import Product
from domain.ids import uuid7
from domain.problems import Problem, ProblemCode, Refused
from ordering.cart_lines import Draft, Update, Wanted, added, updated
from ordering.cart_prices import (
    Prices,
    as_shown,
    caps,
    draft_of,
    drafts_of,
    key,
    lower,
    priced,
    refuse,
    why_not,
)
from ordering.quotes import Quotes

TO_SHOW = timedelta(milliseconds=800)
AT_CHECKOUT = timedelta(seconds=1)
NO_CART = Problem(ProblemCode.NOT_FOUND, "there is no such cart", ("input", "cartId"))
ORDERED = Problem(
    ProblemCode.CART_CHECKED_OUT,
    "this cart was ordered already: make a new one",
    ("input", "cartId"),
)

Change = Callable[[Sequence[Draft], Mapping[UUID, Product]], list[Draft]]


class Carts:
    """Makes, changes and shows carts of one account at a time.

    Prices are asked for outside any transaction. A change is then worked out once more on the
    locked cart, so that two at once both happen; what came in between is priced as recorded.
    """

    def __init__(
        self, database: Database, quotes: Quotes, *, deadline: timedelta = TO_SHOW
    ) -> None:
        self.quotes = quotes
        self._database = database
        self._deadline = deadline

    async def create(self, account: UUID, wanted: Sequence[Wanted]) -> Cart:
        """A new cart. Refused with all that is wrong, and then there is none."""
        async with self._database.viewer(account) as conn:
            known = await _products(conn, wanted)
        drafts = added((), wanted, known)
        prices = await self._prices(drafts)
        refuse(drafts, prices, "productId")
        row = CartRow(uuid7(), account, None, datetime.now(UTC), ())
        lines, warnings = priced(drafts, prices)
        cart = Cart(row.id, account, lines, row.updated_at, warnings=warnings)
        async with self._database.viewer(account) as conn:
            await carts.add(conn, cart)
        return cart

    async def add_lines(
        self, account: UUID, cart_id: UUID | None, wanted: Sequence[Wanted]
    ) -> Cart:
        """Put more into a cart. Refused with all that is wrong, and then it stays as it was."""

        def change(lines: Sequence[Draft], known: Mapping[UUID, Product]) -> list[Draft]:
            return added(lines, wanted, known)

        return await self._change(account, cart_id, change, wanted, field="productId")

    async def update_lines(
        self, account: UUID, cart_id: UUID | None, updates: Sequence[Update]
    ) -> Cart:
        """Other quantities. Refused with all that is wrong, and then it stays as it was."""

        def change(lines: Sequence[Draft], _: Mapping[UUID, Product]) -> list[Draft]:
            return updated(lines, updates)

        return await self._change(account, cart_id, change, (), field="id")

    async def read(self, account: UUID, cart_id: UUID | None, *, ask: bool = True) -> Cart | None:
        """The cart of that id as `show` answers it; None when there is none in the account."""
        if cart_id is None:
            return None
        async with self._database.viewer(account) as conn:
            row = (await carts.by_ids(conn, [cart_id])).get(cart_id)
        return None if row is None else await self.show(row, ask=ask)

    async def show(self, row: CartRow, *, ask: bool = True) -> Cart:
        """The cart with prices confirmed now, as far as that works in time; they are kept.

        Without `ask`, or once it was ordered, as it was last shown. A quantity above what may be
        bought at once is lowered.
        """
        async with self._database.viewer(row.account) as conn:
            known = await _products(conn, (), row)
        drafts = drafts_of(row, known)
        if not ask or row.order_id is not None:
            return Cart(row.id, row.account, as_shown(drafts), row.updated_at, row.order_id)
        capped = [draft.of(min(draft.quantity, draft.cap)) for draft in drafts]
        prices = await self._prices(capped)
        lowered = [draft.of(lower(draft, prices)) for draft in capped]
        lines, warnings = priced(lowered, prices)
        warnings = (*caps(drafts, lowered), *warnings)
        return await self._keep(
            row, Cart(row.id, row.account, lines, row.updated_at, None, warnings)
        )

    async def confirmed(self, cart: Cart, *, within: timedelta = AT_CHECKOUT) -> Cart:
        """The same cart at the prices of now; a provider that is late leaves the one last shown.

        Refused with every line that cannot be bought so just now.
        """
        drafts = [draft_of(line) for line in cart.lines]
        prices = await self._prices(drafts, within)
        problems = [
            replace(problem, path=("cart", "lines", str(number)))
            for number, draft in enumerate(drafts)
            if (problem := why_not(draft, prices)) is not None
        ]
        if problems:
            raise Refused(*problems)
        lines, warnings = priced(drafts, prices)
        return replace(cart, lines=lines, warnings=warnings)

    async def _change(
        self,
        account: UUID,
        cart_id: UUID | None,
        change: Change,
        wanted: Sequence[Wanted],
        *,
        field: str,
    ) -> Cart:
        if cart_id is None:
            raise Refused(NO_CART)
        async with self._database.viewer(account) as conn:
            row = (await carts.by_ids(conn, [cart_id])).get(cart_id)
            known = await _products(conn, wanted, row)
        row = _open(row)
        drafts = change(drafts_of(row, known), known)
        prices = await self._prices(drafts)
        refuse(drafts, prices, field)
        async with self._database.viewer(account) as conn:
            locked = _open(await carts.lock(conn, cart_id))
            if locked.lines != row.lines:
                known = await _products(conn, wanted, locked)
                drafts = change(drafts_of(locked, known), known)
            lines, warnings = priced(drafts, prices)
            changed_at = await carts.put_lines(conn, cart_id, lines) or locked.updated_at
        return Cart(cart_id, account, lines, changed_at, warnings=warnings)

    async def _prices(self, drafts: Sequence[Draft], within: timedelta | None = None) -> Prices:
        asked = [draft.asking for draft in drafts]
        answers = await self.quotes.ask(asked, within=within or self._deadline)
        return {key(draft): answer for draft, answer in zip(drafts, answers, strict=True)}

    async def _keep(self, row: CartRow, cart: Cart) -> Cart:
        """Record what is being shown; a cart that changed meanwhile keeps what it has."""
        live = [line for line in cart.lines if line.live]
        capped = [line.quantity for line in cart.lines] != [line.quantity for line in row.lines]
        if not live and not capped:
            return cart
        async with self._database.viewer(row.account) as conn:
            locked = await carts.lock(conn, row.id)
            if locked is None or locked.order_id or locked.updated_at != row.updated_at:
                return cart
            if capped:
                changed_at = await carts.put_lines(conn, row.id, cart.lines)
                return replace(cart, updated_at=changed_at or row.updated_at)
            quotes = {line.id: (line.fee, line.total, line.quoted_at) for line in live}
            await carts.set_quotes(conn, quotes)
        return cart


async def _products(
    conn: Connection, wanted: Sequence[Wanted], row: CartRow | None = None
) -> dict[UUID, Product]:
    ids = {wish.product_id for wish in wanted if wish.product_id}
    ids.update(line.product_id for line in (row.lines if row else ()))
    return await products.by_ids(conn, list(ids)) if ids else {}


def _open(row: CartRow | None) -> CartRow:
    """The cart, unless it is not there or was ordered."""
    if row is None:
        raise Refused(NO_CART)
    if row.order_id is not None:
        raise Refused(ORDERED)
    return row
