from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MINOR_DIGITS, Money, zero

amounts = st.decimals(
    min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False
)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1234.5", "INR", "1234.50"),
        ("1234.500", "INR", "1234.50"),
        ("1500", "JPY", "1500"),
        ("1.5", "KWD", "1.500"),
        ("0", "USD", "0.00"),
        ("41.655", "INR", "41.655"),
        ("1E+3", "INR", "1000.00"),
        ("-5", "EUR", "-5.00"),
    ],
)
def test_money_is_shown_with_its_minor_digits_and_never_rounded(
    amount: str, currency: str, shown: str
) -> None:
    assert str(Money.of(amount, currency)) == shown


def test_exact_money_refuses_what_the_smallest_unit_cannot_express() -> None:
    assert Money.exact("10.25", "INR") == Money(Decimal("10.25"), "INR")
    with pytest.raises(ValueError, match="finer"):
        Money.exact("10.255", "INR")
    with pytest.raises(ValueError, match="finer"):
        Money.exact("10.5", "JPY")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1E+20", "", "ten", "1,000"])
def test_what_is_not_an_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError):
        Money.of(amount, "INR")


@pytest.mark.parametrize("currency", ["", "IN", "RUPEE", "1NR", "₹₹₹"])
def test_what_is_not_a_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money.of(1, currency)


def test_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="never added"):
        Money.of(1, "INR") + Money.of(1, "USD")
    with pytest.raises(ValueError, match="never added"):
        Money.of(1, "INR") - Money.of(1, "USD")


@given(amounts, amounts)
def test_adding_and_taking_away_again_loses_nothing(first: Decimal, second: Decimal) -> None:
    money = Money(first, "INR")
    assert money + Money(second, "INR") - Money(second, "INR") == money


@given(amounts, st.integers(min_value=0, max_value=1000))
def test_times_is_repeated_addition(amount: Decimal, quantity: int) -> None:
    money = Money(amount, "INR")
    assert money.times(quantity) == sum((money for _ in range(quantity)), zero("INR"))


@given(amounts)
def test_what_is_shown_reads_back_as_the_same_amount(amount: Decimal) -> None:
    assert Money.of(str(Money(amount, "KWD")), "KWD") == Money(amount, "KWD")


def test_minor_digits_are_those_of_iso_4217() -> None:
    # A sample of each class, written from the standard's table A.1.
    expected = {"JPY": 0, "KRW": 0, "VND": 0, "ISK": 0, "UGX": 0, "CLP": 0, "XOF": 0}
    expected |= {"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4}
    assert {code: MINOR_DIGITS.get(code, 2) for code in expected} == expected
    # Where CLDR and ISO 4217 differ, ISO counts.
    for code in ("ALL", "AFN", "COP", "HUF", "IDR", "LBP", "PKR", "TWD", "MGA", "MRU"):
        assert MINOR_DIGITS.get(code, 2) == 2
