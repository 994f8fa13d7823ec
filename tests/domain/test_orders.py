import pytest

from domain.orders import FulfillmentStatus as F
from domain.orders import OrderStatus as O
from domain.orders import Progress, is_settled, order_status


def part(
    state: F,
    word: O = O.PROCESSING,
    *,
    of: int = 2,
    delivered: int = 0,
    failed: int = 0,
    final: bool = False,
) -> Progress:
    return Progress(state, word, final, of, delivered, failed)


DONE = part(F.FULFILLED, O.DELIVERED, delivered=2, final=True)
HALF_OPEN = part(F.PARTIALLY_FULFILLED, O.PARTIALLY_DELIVERED, delivered=1)
HALF_CLOSED = part(F.PARTIALLY_FULFILLED, O.FAILED, delivered=1, failed=1, final=True)
FAILED = part(F.FAILED, O.FAILED, failed=2, final=True)
REJECTED = part(F.REJECTED, O.PENDING, failed=2)
CANCELLED = part(F.CANCELLED, O.CANCELLED, failed=2, final=True)
ACCEPTED = part(F.ACCEPTED)
WAITING = part(F.ACCEPTED, O.PENDING)
READY = part(F.READY, O.PENDING)
UNKNOWN = part(F.UNKNOWN, O.PENDING)
REVIEW = part(F.NEEDS_REVIEW, O.PROCESSING)


@pytest.mark.parametrize(
    ("parts", "status", "settled"),
    [
        ([DONE], O.DELIVERED, True),
        ([DONE, DONE], O.DELIVERED, True),
        ([DONE, ACCEPTED], O.PARTIALLY_DELIVERED, False),
        ([DONE, READY], O.PARTIALLY_DELIVERED, False),
        ([DONE, FAILED], O.PARTIALLY_DELIVERED, True),
        ([DONE, CANCELLED], O.PARTIALLY_DELIVERED, True),
        ([DONE, REVIEW], O.PARTIALLY_DELIVERED, False),
        ([HALF_OPEN], O.PARTIALLY_DELIVERED, False),
        ([HALF_CLOSED], O.PARTIALLY_DELIVERED, True),
        ([FAILED], O.FAILED, True),
        ([REJECTED], O.FAILED, True),
        ([FAILED, CANCELLED], O.FAILED, True),
        ([CANCELLED], O.CANCELLED, True),
        ([CANCELLED, CANCELLED], O.CANCELLED, True),
        ([CANCELLED, ACCEPTED], O.PROCESSING, False),
        ([ACCEPTED], O.PROCESSING, False),
        ([WAITING], O.PENDING, False),
        ([WAITING, ACCEPTED], O.PROCESSING, False),
        ([READY], O.PENDING, False),
        ([READY, FAILED], O.PROCESSING, False),
        ([UNKNOWN], O.PENDING, False),
        ([REVIEW], O.PROCESSING, False),
        ([part(F.FULFILLED, O.DELIVERED, of=0)], O.FAILED, True),
    ],
)
def test_an_order_is_what_its_parts_and_their_units_make_it(
    parts: list[Progress], status: O, *, settled: bool
) -> None:
    assert (order_status(parts), is_settled(parts)) == (status, settled)


def test_a_delivered_unit_outweighs_whatever_the_provider_says_later() -> None:
    late = part(F.PARTIALLY_FULFILLED, O.CANCELLED, delivered=1, failed=1, final=True)
    assert order_status([late]) is O.PARTIALLY_DELIVERED
