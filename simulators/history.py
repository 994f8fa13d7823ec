"""Orders from before the start: one in every word a provider has for a status."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulators.catalog import Kind, Product
from simulators.world import Order, Price, Purchase, State, Step, World

DAY = 86400.0
QUANTITIES = (1, 2, 3, 12, 5, 4, 1, 6, 2, 8)


@dataclass(frozen=True)
class Past:
    """An old order: the provider's word, what it means, and which part of its units came."""

    word: str
    state: State
    units: str = "none"  # or half, all

    def count(self, quantity: int) -> int:
        return {"none": 0, "half": quantity // 2, "all": quantity}[self.units]


def delivered(word: str, times: int = 4) -> tuple[Past, ...]:
    """Fully delivered ones, one for each kind of voucher."""
    return (Past(word, State.DELIVERED, "all"),) * times


def relive(
    world: World,
    pasts: Sequence[Past],
    started: float,
    *,
    order_id: Callable[[str], str],
    price: Callable[[Product, Decimal, int], Price],
) -> list[Order]:
    """Put the past into the world, oldest first, spread over the ten days before `started`.

    Ids, codes and references are the same at every start; the dates move with it.
    """
    by_kind = {
        kind: [p for p in world.products.values() if p.kind is kind and p.available and not p.habit]
        for kind in Kind
    }
    orders = []
    for n, past in enumerate(pasts):
        goods = by_kind[list(Kind)[n % 4]]
        product = goods[n % len(goods)]
        quantity = QUANTITIES[n % len(QUANTITIES)]
        if past.units == "half":
            quantity = max(quantity, 4)
        placed = started - 10 * DAY * (len(pasts) - n) / len(pasts) + 37 * n
        reference = f"PO-2041-{n + 1:04d}"
        face_value = product.usual_value
        cost = price(product, face_value, quantity)
        purchase = Purchase(order_id(reference), reference, product, quantity, face_value, cost)
        course = [Step(placed, past.state, past.count(quantity), past.word)]
        orders.append(world.accept(purchase, course, seeded=True))
    return orders
