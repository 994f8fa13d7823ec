"""Money as clients see it."""

from decimal import Decimal

from strawberry import Parent

from domain import money
from schema.faces import answer, shows


def _amount(root: Parent[money.Money]) -> Decimal:
    return root.shown


@shows(money.Money, shareable=True)
class Money:
    """An exact amount in major units of an ISO 4217 currency."""

    amount: Decimal = answer(_amount, 'The amount as a decimal string: "1234.50".')
    currency: str = answer(description="ISO 4217 code, three capitals.")
