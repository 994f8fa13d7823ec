"""Scalars: decimals as strings, instants in UTC, days."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import NewType

from graphql import GraphQLError
from msgspec import to_builtins
from strawberry import scalar
from strawberry.types.scalar import ScalarDefinition

DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?")
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
IDEMPOTENCY_KEY = re.compile(r"[!-~]{8,255}")

IdempotencyKey = NewType("IdempotencyKey", str)


def _refuse(text: str) -> GraphQLError:
    return GraphQLError(text, extensions={"code": "INVALID_INPUT"})


def parse_decimal(value: object) -> Decimal:
    """A decimal from a string or an integer. A float is refused: it has already lost the amount."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _refuse('a Decimal is a string such as "1234.50"')
    if not DECIMAL.fullmatch(str(value)):
        raise _refuse('a Decimal has at most 20 digits and 12 decimals, such as "1234.50"')
    try:
        return Decimal(value)
    except InvalidOperation:
        raise _refuse('a Decimal is a string such as "1234.50"') from None


def parse_instant(value: object) -> datetime:
    """An instant from RFC 3339 text; one without a zone is refused."""
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        raise _refuse('a DateTime is RFC 3339 with a zone, such as "2026-01-31T09:30:00Z"')
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refuse(
            'a DateTime is RFC 3339 with a zone, such as "2026-01-31T09:30:00Z"'
        ) from None


def parse_day(value: object) -> date:
    """A calendar day from its ISO 8601 text."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise _refuse('a Date is a day such as "2026-01-31"') from None


def parse_key(value: object) -> str:
    """An idempotency key: 8 to 255 visible ASCII characters."""
    if not isinstance(value, str) or not IDEMPOTENCY_KEY.fullmatch(value):
        raise _refuse("an IdempotencyKey has 8 to 255 visible ASCII characters")
    return value


def _show_decimal(value: Decimal) -> str:
    # As text an amount is there in a third of the time, but very small and large ones have an E.
    text = str(value)
    return text if "E" not in text else f"{value:f}"


def _show_instant(value: datetime) -> str:
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    # The same text as that of isoformat, with Z, in a tenth of the time.
    shown: str = to_builtins(value)
    return shown


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: scalar(
        name="Decimal",
        description='A decimal as a string, never a float: "1234.50".',
        serialize=_show_decimal,
        parse_value=parse_decimal,
    ),
    datetime: scalar(
        name="DateTime",
        description="An instant: RFC 3339, in UTC.",
        serialize=_show_instant,
        parse_value=parse_instant,
    ),
    IdempotencyKey: scalar(
        name="IdempotencyKey",
        description="What makes a request the same again: 8 to 255 visible ASCII characters.",
        serialize=str,
        parse_value=parse_key,
    ),
    date: scalar(
        name="Date",
        description="A calendar day: ISO 8601.",
        serialize=date.isoformat,
        parse_value=parse_day,
    ),
}
