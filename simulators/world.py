"""What really happened at a provider: its goods and the orders it accepted, in no wire format."""

import hmac
import random
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Any

from simulators.catalog import Product
from simulators.settings import Settings


class State(StrEnum):
    """How far an order is, whatever word the provider has for it."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    PARTIALLY_DELIVERED = "PARTIALLY_DELIVERED"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


REFUNDED = (State.FAILED, State.CANCELLED)


@dataclass(frozen=True)
class Step:
    """From `at` (simulator's clock) on: the state, the units issued, the provider's own word."""

    at: float
    state: State
    units: int = 0
    word: str = ""


@dataclass(frozen=True)
class Voucher:
    """One unit. `expires_on` is its last day; None: it never ends."""

    code: str | None = field(repr=False)
    pin: str | None = field(repr=False)
    claim_url: str | None = field(repr=False)
    serial: str = field(repr=False)
    expires_on: date | None


@dataclass(frozen=True)
class Price:
    """What an order costs: the face value of all units, less discount, plus fee, in `currency`."""

    total: Decimal
    discount: Decimal
    fee: Decimal
    payable: Decimal
    currency: str
    discount_percent: Decimal
    rate: Decimal = Decimal(1)


@dataclass
class Purchase:
    """What a client ordered. `face_value` is of one unit; `extra` are facts of one provider."""

    order_id: str
    reference: str
    product: Product
    quantity: int
    face_value: Decimal
    price: Price
    extra: dict[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass
class Order(Purchase):
    """An accepted order. Its course is laid down when it is accepted; `at` reads it."""

    course: list[Step]
    vouchers: tuple[Voucher, ...] = field(repr=False)
    seeded: bool = False

    @property
    def placed_at(self) -> float:
        return self.course[0].at

    def at(self, now: float) -> Step:
        """The step that holds now."""
        return next((step for step in reversed(self.course) if step.at <= now), self.course[0])

    def issued(self, now: float) -> tuple[Voucher, ...]:
        return self.vouchers[: self.at(now).units]

    def turn(self, step: Step) -> None:
        """Change its course from that step on."""
        self.course = [old for old in self.course if old.at < step.at] + [step]


class Mint:
    """Makes codes, PINs and ids from the seed: the same order gets the same ones at every start."""

    def __init__(self, name: str, seed: int, code: Callable[[random.Random], str], pin_digits: int):
        self._key = f"{name}:{seed}".encode()
        self._code = code
        self._pin_digits = pin_digits

    def digest(self, purpose: str) -> bytes:
        return hmac.digest(self._key, purpose.encode(), "sha256")

    def number(self, purpose: str, digits: int) -> int:
        """A number of that many digits, as good as unique."""
        low = int("1" + "0" * (digits - 1))
        return low + int.from_bytes(self.digest(purpose)[:12]) % (9 * low)

    def voucher(self, purpose: str, product: Product, placed: date) -> Voucher:
        dice = random.Random(self.digest(purpose))
        link = f"https://claim.example.com/v/{letters(dice, 22)}" if product.kind.is_link else None
        code = None if link else self._code(dice)
        pin = digits(dice, self._pin_digits) if product.kind.has_pin else None
        days = product.validity_days
        return Voucher(
            code, pin, link, f"SV-{digits(dice, 8)}", placed + timedelta(days) if days else None
        )


class World:
    """The goods and the orders of one provider."""

    def __init__(self, products: Iterable[Product], mint: Mint, funds: dict[str, Decimal]) -> None:
        self.products = {product.sku: product for product in products}
        self.mint = mint
        self.funds = funds
        self._orders: list[Order] = []
        self._by_id: dict[str, Order] = {}
        self._by_reference: dict[str, Order] = {}
        self._spent: dict[str, Decimal] = dict.fromkeys(funds, Decimal(0))

    def add(self, order: Order) -> None:
        self._orders.append(order)
        self._by_id[order.order_id] = order
        self._by_reference[order.reference] = order
        if not order.seeded:
            self._spent[order.price.currency] += order.price.payable

    def by_id(self, order_id: str) -> Order | None:
        return self._by_id.get(order_id)

    def by_reference(self, reference: str) -> Order | None:
        return self._by_reference.get(reference)

    def newest_first(self) -> Iterator[Order]:
        return reversed(self._orders)

    def can_pay(self, price: Price) -> bool:
        return self.funds[price.currency] - self._spent[price.currency] >= price.payable

    def balance(self, currency: str, now: float) -> Decimal:
        """What is left: the funds at the start less what was charged and not given back."""
        spent = sum(
            order.price.payable
            for order in self._orders
            if not order.seeded
            and order.price.currency == currency
            and order.at(now).state not in REFUNDED
        )
        return self.funds[currency] - spent

    def accept(self, purchase: Purchase, course: list[Step], *, seeded: bool = False) -> Order:
        """Take an order in and lay down its units."""
        day = datetime.fromtimestamp(course[0].at, UTC).date()
        units = tuple(
            self.mint.voucher(f"{purchase.reference}:{n}", purchase.product, day)
            for n in range(purchase.quantity)
        )
        order = Order(**vars(purchase), course=course, vouchers=units, seeded=seeded)
        self.add(order)
        return order

    def ledger(self, now: float) -> list[dict[str, Any]]:
        """Every order, oldest first, as `GET /_sim/ledger` shows it."""
        return [_row(order, now) for order in self._orders]


def course_of(
    product: Product, quantity: int, settings: Settings, twists: frozenset[str]
) -> list[Step]:
    """What becomes of an order accepted now, the faults that struck it included."""
    now, wait = settings.now(), settings.delivery_seconds
    pending = Step(now, State.PENDING)
    if "stuck" in twists:
        return [pending]
    if "processing" in twists:  # a sandbox SKU's habit
        return [Step(now, State.PROCESSING)]
    if "fail_later" in twists:
        return [pending, Step(now + wait, State.FAILED)]
    if "late" in twists:
        failed = Step(now + wait, State.FAILED)
        return [pending, failed, Step(failed.at + max(wait, 1), State.DELIVERED, quantity)]
    if "partial" in twists:
        done = _partial(now, quantity, settings)
    else:
        done = [Step(now, State.DELIVERED, quantity)]
    if settings.instant and not product.delayed:
        return done
    later = [Step(step.at + wait, step.state, step.units) for step in done]
    return [pending, Step(now + wait / 2, State.PROCESSING), *later]


def _partial(now: float, quantity: int, settings: Settings) -> list[Step]:
    units = quantity // 2
    if units == 0:  # half of a single unit is none
        return [Step(now, State.FAILED)]
    some = Step(now, State.PARTIALLY_DELIVERED, units)
    if settings.partial_seconds is None:
        return [some]
    return [some, Step(now + settings.partial_seconds, State.CANCELLED, units)]


def price_of(
    product: Product,
    face_value: Decimal,
    quantity: int,
    *,
    currency: str | None = None,
    rate: Decimal = Decimal(1),
    drifted: bool = False,
) -> Price:
    """The price, each amount rounded once. A drifted price has lost its discount."""
    paid_in = currency or product.currency
    percent = Decimal(0) if drifted else product.discount
    exact = face_value * quantity * rate
    total = rounded(exact, paid_in)
    fee = rounded(exact * product.fee / 100, paid_in)
    payable = rounded(exact * (100 - percent + product.fee) / 100, paid_in)
    return Price(
        total=total,
        discount=total + fee - payable,
        fee=fee,
        payable=payable,
        currency=paid_in,
        discount_percent=percent,
        rate=rate,
    )


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's smallest unit, half to even."""
    smallest = Decimal(1) if currency == "JPY" else Decimal("0.01")
    return amount.quantize(smallest, ROUND_HALF_EVEN)


def digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choices(string.digits, k=count))


def letters(dice: random.Random, count: int) -> str:
    return "".join(dice.choices(string.ascii_letters + string.digits, k=count))


def capitals(dice: random.Random, count: int) -> str:
    return "".join(dice.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=count))


def _row(order: Order, now: float) -> dict[str, Any]:
    return {
        "reference": order.reference,
        "providerOrderId": order.order_id,
        "sku": order.product.sku,
        "quantity": order.quantity,
        "faceValue": f"{order.face_value:.2f}",
        "charged": f"{order.price.payable:.2f}",
        "status": order.at(now).state.value,
        "createdAt": datetime.fromtimestamp(order.placed_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "vouchers": [
            {"code": unit.code, "pin": unit.pin, "claimUrl": unit.claim_url}
            for unit in order.issued(now)
        ],
    }
