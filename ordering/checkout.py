"""Checkout: a cart becomes an order exactly once, and what was promised survives a crash."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from db import carts as cart_rows
from db import events, limits, orders, wallets
from db.fulfillments import NewFulfillment
from db.orders import Conflict
from db.pool import Connection, Database
from db.wallets import Insufficient
from domain.carts import Cart, CartLine, Recipient
from domain.ids import uuid7
from domain.money import Money, zero
from domain.orders import (
    Fulfillment,
    FulfillmentStatus,
    Order,
    OrderEventType,
    OrderLine,
    OrderOrigin,
    OrderStatus,
    Progress,
)
from domain.problems import Problem, ProblemCode, Refused, RetryAdvice, invalid
from domain.viewers import Viewer
from ordering.bodies import RECIPIENT, Bodies
from ordering.carts import Carts
from ordering.fulfill import Fulfiller
from ordering.idempotency import fingerprint
from ordering.imports import own_reference
from ordering.keys import Keys
from ordering.recipients import kept
from ordering.references import References
from ordering.refusals import unsendable
from providers.errors import Rejected
from providers.port import Provider

# A mutation waits this long for its own calls; they go on without it.
PATIENCE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An orderPlace as it was sent. `cart` is the row id, None when the global id is malformed."""

    key: str
    cart: UUID | None
    max_totals: tuple[Money, ...] | None = None
    recipient: Recipient | None = None

    def input(self) -> Mapping[str, object]:
        """What makes two requests the same: everything but the key."""
        caps = sorted((cap.currency, cap.amount) for cap in self.max_totals or ())
        to = self.recipient
        return {
            "cartId": self.cart,
            "maxTotals": None if self.max_totals is None else caps,
            "recipient": to
            and {
                "name": to.name.reveal(),
                "email": to.email.reveal(),
                "phone": to.phone.reveal() if to.phone else None,
            },
        }


@dataclass(frozen=True, slots=True)
class Placed:
    """The order as it stands, and whether it had been placed by this key before."""

    order: Order
    replayed: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the order with its fulfillment and the sealed body of its request."""

    line: OrderLine
    fulfillment: NewFulfillment


class Checkout:
    """Places orders; built once by app/."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[str, Provider],
        keys: Keys,
        bodies: Bodies,
        references: References,
        carts: Carts,
        fulfiller: Fulfiller,
    ) -> None:
        self._database = database
        self._providers = providers
        self._keys = keys
        self._bodies = bodies
        self._references = references
        self._carts = carts
        self._fulfiller = fulfiller
        self._running: set[asyncio.Task[None]] = set()

    async def place(self, viewer: Viewer, wanted: Wanted) -> Placed:
        """The order of this key: accepted now, or the same one again.

        Refused, with nothing written, for whatever is wrong before it is accepted.
        """
        print_ = fingerprint(await self._keys.reference(), "orderPlace", wanted.input())
        known = await self._known(viewer.account, wanted.key, print_)
        if known is not None:
            return known
        try:
            cart = await self._quoted(viewer, wanted)
            parts, order, recipient = await self._prepared(viewer, wanted, cart)
            accepted = await self._accept(viewer, wanted, cart, print_, order, parts, recipient)
        except (Conflict, Refused) as error:
            # Somebody was faster, with this key or with this cart.
            known = await self._known(viewer.account, wanted.key, print_)
            if known is not None:
                return known
            if isinstance(error, Conflict):
                raise _checked_out() from None
            raise
        if accepted is not None:
            return accepted
        await self._fulfill([part.fulfillment.fulfillment for part in parts])
        return Placed(await self._read(viewer.account, order.id), replayed=False)

    async def drain(self, patience: timedelta) -> None:
        """Wait a moment for calls under way; what is not settled then is found after its lease."""
        if self._running:
            await asyncio.wait(self._running, timeout=patience.total_seconds())

    async def _known(self, account: UUID, key: str, print_: bytes) -> Placed | None:
        async with self._database.viewer(account) as conn:
            return await _by_key(conn, account, key, print_)

    async def _read(self, account: UUID, order_id: UUID) -> Order:
        async with self._database.viewer(account) as conn:
            return (await orders.by_ids(conn, [order_id]))[order_id]

    async def _quoted(self, viewer: Viewer, wanted: Wanted) -> Cart:
        """The cart at the prices of now; Refused when it cannot be bought like that."""
        shown = await self._carts.read(viewer.account, wanted.cart, ask=False)
        if shown is None:
            raise Refused(
                Problem(ProblemCode.NOT_FOUND, "there is no such cart", ("input", "cartId"))
            )
        if shown.order_id is not None:
            raise _checked_out()
        if not shown.lines:
            raise Refused(Problem(ProblemCode.CART_EMPTY, "there is nothing to buy in the cart"))
        cart = await self._carts.confirmed(shown)
        _within(wanted.max_totals, totals(shown.lines), totals(cart.lines))
        return cart

    async def _prepared(
        self, viewer: Viewer, wanted: Wanted, cart: Cart
    ) -> tuple[list[Part], Order, bytes | None]:
        """Every record of the order, its references and request bodies; nothing is written yet."""
        now = datetime.now(UTC)
        order = Order(
            id=uuid7(),
            account=viewer.account,
            reference=own_reference(),
            origin=OrderOrigin.PLACED,
            status=OrderStatus.PENDING,
            settled=False,
            placed_at=now,
            updated_at=now,
            last_sequence=0,
        )
        key = await self._keys.reference()
        parts = []
        for number, bought in enumerate(cart.lines):
            provider = self._providers.get(bought.product.provider_name)
            if provider is None:
                raise _unavailable(number, "its provider is not set up here any more")
            reference = self._references.make(
                key, provider.name, viewer.account, wanted.key, number
            )
            try:
                body = provider.render(reference, bought.item, wanted.recipient)
            except Rejected as error:
                problem = replace(unsendable(error), path=("input", "cartId"))
                raise Refused(problem) from None
            parts.append(await self._part(order, bought, provider, reference, body))
        recipient = None
        if wanted.recipient is not None:
            text = kept(wanted.recipient)
            recipient = await self._bodies.seal(viewer.account, order.id, text, RECIPIENT)
        return parts, order, recipient

    async def _part(
        self, order: Order, bought: CartLine, provider: Provider, reference: str, body: bytes
    ) -> Part:
        line = OrderLine(
            id=uuid7(),
            order_id=order.id,
            provider_name=provider.name,
            sku=bought.product.listing.sku,
            product_id=bought.product.id,
            product_name=bought.product.listing.name,
            face_value=bought.face_value,
            quantity=bought.quantity,
            fee=bought.fee,
            total=bought.total,
            delivered=0,
            failed=0,
        )
        fulfillment = Fulfillment(
            id=uuid7(),
            account=order.account,
            order_id=order.id,
            line_id=line.id,
            provider_name=provider.name,
            credential=provider.credential,
            reference=reference,
            provider_order_id=None,
            progress=Progress(
                FulfillmentStatus.READY, OrderStatus.PENDING, False, bought.quantity, 0
            ),
            provider_status=None,
            observed_at=order.placed_at,
            placed_at=order.placed_at,
            charged=None,
            problem=None,
            version=1,
        )
        # The body may name the recipient.
        sealed = await self._bodies.seal(order.account, fulfillment.id, body)
        return Part(
            line,
            NewFulfillment(fulfillment, due_at=order.placed_at, total=bought.total, body=sealed),
        )

    async def _accept(
        self,
        viewer: Viewer,
        wanted: Wanted,
        cart: Cart,
        print_: bytes,
        order: Order,
        parts: Sequence[Part],
        recipient: bytes | None,
    ) -> Placed | None:
        """One transaction: from its commit on the order survives anything. None: accepted now."""
        due = totals(cart.lines)
        async with self._database.worker() as conn:
            locked = await cart_rows.lock(conn, cart.id)
            known = await _by_key(conn, viewer.account, wanted.key, print_)
            if known is not None:
                return known
            if locked is None or locked.account != viewer.account or locked.order_id is not None:
                raise _checked_out()
            if locked.updated_at != cart.updated_at:
                raise _changed("the cart was changed in the meantime; look at it again")
            await _within_limits(conn, viewer, due, order.placed_at)
            await orders.add(
                conn,
                order,
                [part.line for part in parts],
                [part.fulfillment for part in parts],
                idempotency_key=wanted.key,
                fingerprint=print_,
                cart_id=cart.id,
                client_id=viewer.client_id,
                recipient=recipient,
            )
            await cart_rows.set_ordered(conn, cart.id, order.id)
            held = [(part.fulfillment.fulfillment.id, part.line.total) for part in parts]
            try:
                await wallets.hold(conn, viewer.account, order.id, held)
            except Insufficient as short:
                raise _insufficient(short, due) from None
            await events.append(
                conn, viewer.account, [(order.id, OrderEventType.PLACED, order.status)]
            )
        return None

    async def _fulfill(self, fulfillments: Sequence[Fulfillment]) -> None:
        """Start every part at once, as tasks of the process: no client's leaving cancels one."""
        tasks = set()
        for fulfillment in fulfillments:
            work = self._fulfiller.fulfill(fulfillment.id, fulfillment.provider_name)
            task = asyncio.create_task(work)
            self._running.add(task)
            task.add_done_callback(self._done)
            tasks.add(task)
        await asyncio.shield(asyncio.wait(tasks, timeout=PATIENCE.total_seconds()))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # The worker carries it on when its lease ends.
            self._fulfiller.lost(task.exception())


async def _by_key(conn: Connection, account: UUID, key: str, print_: bytes) -> Placed | None:
    found = await orders.by_key(conn, account, key)
    if found is None:
        return None
    order, recorded = found
    if recorded != print_:
        raise Refused(
            Problem(
                ProblemCode.KEY_REUSED,
                "this idempotency key was used for another request",
                ("input", "idempotencyKey"),
                retry=RetryAdvice.NEW_KEY,
            )
        )
    return Placed(order, replayed=True)


async def _within_limits(
    conn: Connection, viewer: Viewer, due: Mapping[str, Money], at: datetime
) -> None:
    amounts = {currency: money.amount for currency, money in due.items()}
    over = await limits.spend(conn, viewer.client_id, amounts, at.date())
    if over is not None:
        raise Refused(
            Problem(
                ProblemCode.SPEND_LIMIT,
                f"this would go above what this client may spend in {over}",
                retry=RetryAdvice.NEW_KEY,
            )
        )


def totals(lines: Sequence[CartLine]) -> dict[str, Money]:
    """What the lines cost, by price currency: currencies are never added."""
    found: dict[str, Money] = {}
    for line in lines:
        currency = line.total.currency
        found[currency] = found.get(currency, zero(currency)) + line.total
    return found


def _within(
    caps: Sequence[Money] | None, shown: Mapping[str, Money], due: Mapping[str, Money]
) -> None:
    """Refuse a price above the caps, or, without any, above what the cart showed last."""
    most = shown if caps is None else {cap.currency: cap for cap in caps}
    for currency, money in due.items():
        cap = most.get(currency)
        if cap is None:
            raise invalid(f"maxTotals has no amount for {currency}", "input", "maxTotals")
        if money.amount > cap.amount:
            raise _changed(
                f"the price is now {money} {currency}, above {cap} {currency}",
            )


def _checked_out() -> Refused:
    return Refused(Problem(ProblemCode.CART_CHECKED_OUT, "this cart was ordered already"))


def _changed(message: str) -> Refused:
    return Refused(
        Problem(ProblemCode.PRICE_CHANGED, message, ("input", "cartId"), retry=RetryAdvice.SAME_KEY)
    )


def _unavailable(line: int, why: str) -> Refused:
    path = ("cart", "lines", str(line))
    return Refused(Problem(ProblemCode.PRODUCT_UNAVAILABLE, f"line {line + 1}: {why}", path))


def _insufficient(short: Insufficient, due: Mapping[str, Money]) -> Refused:
    wanted = due.get(short.currency, Money(Decimal(0), short.currency))
    return Refused(
        Problem(
            ProblemCode.INSUFFICIENT_FUNDS,
            f"{wanted} {short.currency} are needed, and {short.available} are available",
            retry=RetryAdvice.SAME_KEY,
        )
    )
