"""How a fulfillment's state follows from a provider's word and the units we counted."""

from domain.orders import FulfillmentStatus, OrderStatus, Progress

# Decided by us or by an operator: no word of a provider moves these by itself.
OURS = frozenset(
    {
        FulfillmentStatus.READY,
        FulfillmentStatus.SENDING,
        FulfillmentStatus.UNKNOWN,
        FulfillmentStatus.REJECTED,
        FulfillmentStatus.NEEDS_REVIEW,
    }
)
ENDED_BADLY = {
    OrderStatus.FAILED: FulfillmentStatus.FAILED,
    OrderStatus.CANCELLED: FulfillmentStatus.CANCELLED,
}


GIVEN_UP = frozenset({*ENDED_BADLY, OrderStatus.PARTIALLY_DELIVERED})


def accepted_state(word: OrderStatus, quantity: int, delivered: int) -> FulfillmentStatus:
    """The state of a fulfillment that the provider has accepted.

    Units decide first: what is stored stays delivered whatever the provider says later. A word
    that claims more than the stored units leaves it open until they are stored.
    """
    if delivered and delivered >= quantity:
        return FulfillmentStatus.FULFILLED
    if delivered:
        return FulfillmentStatus.PARTIALLY_FULFILLED
    return ENDED_BADLY.get(word, FulfillmentStatus.ACCEPTED)


def never_coming(word: OrderStatus, quantity: int, delivered: int, *, final: bool) -> int:
    """Units that will not be delivered any more: those missing once the provider has finished.

    "Delivered" with missing units is not believed: they are waited for.
    """
    return quantity - delivered if final and word in GIVEN_UP else 0


def heard(progress: Progress, word: OrderStatus, *, final: bool) -> Progress:
    """The progress with what a provider has just said; stored units are left as they are."""
    state, quantity, delivered = progress.state, progress.quantity, progress.delivered
    if state not in OURS:
        # "Delivered" is not believed before the units are here: until then more is to come.
        final = final and (word is not OrderStatus.DELIVERED or delivered >= quantity)
        state = accepted_state(word, quantity, delivered)
    return Progress(state, word, final, quantity, delivered, progress.failed)
