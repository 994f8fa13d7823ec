"""Scalars as clients read them."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import SCALARS

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FIRST, LAST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - the zone is drawn
INSTANTS = st.datetimes(FIRST, LAST, timezones=st.one_of(st.just(UTC), ZONES))
AMOUNTS = st.decimals(-(10**19), 10**19, allow_nan=False, places=4) | st.sampled_from(
    [Decimal("1E+6"), Decimal("1E-7"), Decimal("-0.0000001"), Decimal("10.50")]
)


def scalar(of: type) -> Any:
    return SCALARS[of]


@given(INSTANTS)
def test_an_instant_is_shown_in_utc_and_read_back(instant: datetime) -> None:
    shown = scalar(datetime).serialize(instant)
    assert shown == f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    assert scalar(datetime).parse_value(shown) == instant


@given(AMOUNTS)
def test_a_decimal_is_shown_without_an_exponent_and_read_back(amount: Decimal) -> None:
    shown = scalar(Decimal).serialize(amount)
    assert shown == f"{amount:f}"
    assert scalar(Decimal).parse_value(shown) == amount
