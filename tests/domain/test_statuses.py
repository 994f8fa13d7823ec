"""A provider's word and counted units together decide a fulfillment's state."""

import pytest

from domain.orders import FulfillmentStatus as F
from domain.orders import OrderStatus as O
from domain.orders import Progress
from ordering.statuses import accepted_state, heard, never_coming


@pytest.mark.parametrize(
    ("word", "quantity", "delivered", "state"),
    [
        (O.PENDING, 2, 0, F.ACCEPTED),
        (O.PROCESSING, 2, 0, F.ACCEPTED),
        (O.DELIVERED, 2, 0, F.ACCEPTED),
        (O.PARTIALLY_DELIVERED, 2, 0, F.ACCEPTED),
        (O.PROCESSING, 2, 1, F.PARTIALLY_FULFILLED),
        (O.FAILED, 2, 1, F.PARTIALLY_FULFILLED),
        (O.PROCESSING, 2, 2, F.FULFILLED),
        (O.FAILED, 2, 2, F.FULFILLED),
        (O.CANCELLED, 2, 2, F.FULFILLED),
        (O.FAILED, 2, 0, F.FAILED),
        (O.CANCELLED, 2, 0, F.CANCELLED),
        (O.FAILED, 0, 0, F.FAILED),
    ],
)
def test_units_decide_before_words(word: O, quantity: int, delivered: int, state: F) -> None:
    assert accepted_state(word, quantity, delivered) is state


@pytest.mark.parametrize(
    ("word", "final", "gone"),
    [
        (O.PROCESSING, False, 0),
        (O.PARTIALLY_DELIVERED, False, 0),
        (O.PARTIALLY_DELIVERED, True, 3),
        (O.FAILED, True, 3),
        (O.CANCELLED, True, 3),
        (O.DELIVERED, True, 0),
    ],
)
def test_units_are_given_up_only_when_the_provider_has_finished(
    word: O, gone: int, *, final: bool
) -> None:
    assert never_coming(word, 5, 2, final=final) == gone


def test_delivered_is_not_believed_before_the_units_are_stored() -> None:
    recorded = Progress(F.ACCEPTED, O.PROCESSING, final=False, quantity=2, delivered=0)
    now = heard(recorded, O.DELIVERED, final=True)
    assert (now.state, now.is_open) == (F.ACCEPTED, True)


@pytest.mark.parametrize("state", [F.READY, F.SENDING, F.UNKNOWN, F.NEEDS_REVIEW, F.REJECTED])
def test_a_word_does_not_move_what_we_decide(state: F) -> None:
    recorded = Progress(state, O.PENDING, final=False, quantity=1, delivered=0)
    assert heard(recorded, O.FAILED, final=True).state is state
