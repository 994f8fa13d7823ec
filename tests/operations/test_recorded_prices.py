"""The price from a recorded listing: exact for fixed face values, rounded once for percentages."""

from decimal import Decimal

import pytest

from domain.catalog import Denomination, DenominationRange, FixedDenominations
from domain.money import Money, zero
from ordering.quotes import not_offered, recorded

FIXED = FixedDenominations(
    (
        Denomination(Money.of("25", "USD"), Money.of("23.125", "USD"), 10),
        Denomination(Money.of("50", "USD"), Money.of("4100.00", "INR")),
    )
)


@pytest.mark.parametrize(
    ("face", "currency", "percent", "quantity", "total"),
    [
        ("25", "INR", "7.5", 1, "23.12"),  # 23.125: half to even
        ("25", "INR", "7.5", 3, "69.38"),  # 69.375, not three times 23.12
        ("1", "INR", "0.5", 1, "1.00"),  # 0.995
        ("1", "INR", "1.5", 1, "0.98"),  # 0.985
        ("333", "JPY", "10", 1, "300"),  # 299.7
        ("5", "JPY", "10", 1, "4"),  # 4.5
        ("1.001", "KWD", "50", 1, "0.500"),  # 0.5005
        ("100", "INR", "0", 2, "200.00"),
        ("100", "INR", "-1", 1, "101.00"),  # a fee
    ],
)
def test_a_percentage_is_rounded_half_even_once(
    face: str, currency: str, percent: str, quantity: int, total: str
) -> None:
    offered = DenominationRange(
        Money.of("1", currency), Money.of("1000", currency), Decimal(percent), max_quantity=7
    )
    quote = recorded(offered, Money.of(face, currency), quantity)
    assert quote is not None
    assert (str(quote.total), quote.total.currency) == (total, currency)
    assert (quote.fee, quote.max_quantity) == (zero(currency), 7)


def test_fixed_face_values_cost_their_price_in_its_currency() -> None:
    three = recorded(FIXED, Money.of("25.00", "USD"), 3)
    assert three is not None
    assert (three.total, three.max_quantity) == (Money.of("69.38", "USD"), 10)
    two = recorded(FIXED, Money.of("50", "USD"), 2)
    assert two is not None
    assert (two.total, two.max_quantity) == (Money.of("8200.00", "INR"), None)
    assert recorded(FIXED, Money.of("26", "USD"), 1) is None


def test_a_refused_face_value_names_what_is_offered() -> None:
    assert not_offered(FIXED).message.endswith("offered: 25.00, 50.00 USD")
    offered = DenominationRange(
        Money.of("10", "EUR"), Money.of("100", "EUR"), Decimal(0), step=Decimal(5)
    )
    assert not_offered(offered).message.endswith("offered: 10.00 to 100.00 EUR in steps of 5")
    assert "none" in not_offered(FixedDenominations(())).message
