"""The wallet's arithmetic: a frozen total is used up exactly, unit by unit."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from uuid import UUID

from domain.money import Money


class EntryKind(StrEnum):
    """TOP_UP: external to available; HOLD: available to held; CAPTURE: held to spent;
    RELEASE: held to available; REFUND: spent to available; ADJUSTMENT: external with available.
    """

    TOP_UP = "TOP_UP"
    HOLD = "HOLD"
    CAPTURE = "CAPTURE"
    RELEASE = "RELEASE"
    REFUND = "REFUND"
    ADJUSTMENT = "ADJUSTMENT"


@dataclass(frozen=True, slots=True)
class Balance:
    """One currency of an account's wallet: free to spend, and held for orders under way."""

    available: Money
    held: Money


@dataclass(frozen=True, slots=True)
class WalletEntry:
    """One movement, and the balance after it; `amount` is negative for ADJUSTMENTs that take."""

    id: UUID
    account: UUID
    at: datetime
    kind: EntryKind
    amount: Money
    order_id: UUID | None
    balance_after: Money
    held_after: Money


def captured(total: Money, units: int, quantity: int) -> Money:
    """What k of n delivered units have cost so far: the last unit takes the remainder."""
    return _share(total, units, quantity)


def released(total: Money, failed: int, quantity: int) -> Money:
    """What f of n failed units give back so far; with `captured` the hold is used up exactly."""
    return total - _share(total, quantity - failed, quantity)


def _share(total: Money, units: int, quantity: int) -> Money:
    if not 0 <= units <= quantity or quantity <= 0:
        raise ValueError(f"{units} of {quantity} units")
    smallest = Decimal(1).scaleb(-total.minor_digits)
    exact = (total.amount * units / quantity).quantize(smallest, ROUND_HALF_EVEN)
    return Money(total.amount if units == quantity else exact, total.currency)
