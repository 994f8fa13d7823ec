"""Reading a provider's JSON: lenient about how a value is spelled, strict about what it is.

Numbers may come as text, "" and null mean "none", fields we do not know are ignored. Anything
else that is not what was asked for is Unreadable, whose text names the field and never its value.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import structlog

from domain.money import MAX_EXPONENT, Money
from domain.secret import Secret
from domain.vouchers import Expiry

log = structlog.get_logger()

T = TypeVar("T")
P = ParamSpec("P")
INDIA = ZoneInfo("Asia/Kolkata")
SMALLEST_EXPONENT = -12  # finer than any amount or rate; keeps hostile exponents out
LONGEST_NUMBER = 40
SANE = 10**MAX_EXPONENT


class Unreadable(ValueError):
    """A field does not hold what the contract says."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"{name} is not {wanted}")


class Fields:
    """One JSON object. Each method takes the field's name and other spellings of it.

    A missing field, null and "" are None; `need` turns None into Unreadable.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    @classmethod
    def of(cls, value: Any, name: str = "the body") -> "Fields":
        """The object that a value should be."""
        if not isinstance(value, dict):
            raise Unreadable(name, "an object")
        return cls(value)

    def __repr__(self) -> str:
        return f"Fields({len(self._values)})"

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def names(self) -> Iterator[str]:
        return iter(self._values)

    def raw(self, *names: str) -> Any:
        """The first value that is neither null nor empty text, as it came."""
        values = self._values
        for name in names:
            value = values.get(name)
            if value is not None and (not isinstance(value, str) or value.strip()):
                return value
        return None

    def text(self, *names: str) -> str | None:
        """Text without space around it; a number is its text."""
        value = self.raw(*names)
        if value is None:
            return None
        if type(value) is str:
            return value.strip()
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise Unreadable(names[0], "text")
        return str(value).strip()

    def secret(self, *names: str) -> Secret | None:
        """Text that nobody must see."""
        text = self.text(*names)
        return None if text is None else Secret(text)

    def decimal(self, *names: str) -> Decimal | None:
        value = self.raw(*names)
        return None if value is None else number(value, names[0])

    def integer(self, *names: str) -> int | None:
        stated = self.raw(*names)
        if stated is None:
            return None
        if type(stated) is int and -SANE < stated < SANE:
            return stated
        value = number(stated, names[0])
        if value != value.to_integral_value():
            raise Unreadable(names[0], "a whole number")
        return int(value)

    def count(self, *names: str) -> int | None:
        """A whole number that is not negative."""
        value = self.integer(*names)
        if value is not None and value < 0:
            raise Unreadable(names[0], "a count")
        return value

    def flag(self, *names: str) -> bool | None:
        """true or false, also as 1, 0 or text."""
        value = self.raw(*names)
        if value is None or isinstance(value, bool):
            return value
        known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        found = known.get(str(value).strip().lower())
        if found is None:
            raise Unreadable(names[0], "true or false")
        return found

    def money(self, currency: str, *names: str) -> Money | None:
        """An amount in that currency, as it was stated."""
        value = self.decimal(*names)
        return None if value is None else Money(value, currency)

    def fields(self, *names: str) -> "Fields | None":
        """An object; an empty list stands for none, as some providers write it."""
        value = self.raw(*names)
        if value is None or value == []:
            return None
        return Fields.of(value, names[0])

    def each(self, *names: str) -> "list[Fields]":
        """A list of objects; nothing is an empty list."""
        value = self.raw(*names)
        if value is None:
            return []
        return rows(value, names[0])

    def instant(self, *names: str, zone: timezone | ZoneInfo = UTC) -> datetime | None:
        """A date-time; one without a zone is read in `zone`."""
        text = self.text(*names)
        if text is None:
            return None
        return parse_instant(text, names[0], zone)

    def day(self, *names: str) -> date | None:
        """A calendar day, `YYYY-MM-DD`, whatever follows."""
        text = self.text(*names)
        if text is None:
            return None
        try:
            return date.fromisoformat(text[:10])
        except ValueError:
            raise Unreadable(names[0], "a date") from None

    def epoch_ms(self, *names: str) -> datetime | None:
        """Milliseconds since 1970, as a number or text."""
        value = self.integer(*names)
        if value is None:
            return None
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (OverflowError, ValueError, OSError):
            raise Unreadable(names[0], "a time") from None

    def expiry(self, *names: str, zone: timezone | ZoneInfo = UTC) -> Expiry:
        """The end of a voucher. A day alone ends with that day in `zone`; nothing: never."""
        text = self.text(*names)
        if text is None:
            return Expiry()
        if len(text) == 10:
            day = need(self.day(*names), names[0])
            return Expiry(_end_of(day, zone), day)
        at = parse_instant(text, names[0], zone)
        return Expiry(at.astimezone(UTC), at.astimezone(zone).date())


def need(value: T | None, name: str) -> T:
    """The value, or Unreadable where the contract has none to leave out."""
    if value is None:
        raise Unreadable(name, "there")
    return value


def optional(read: Callable[P, T | None], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """A fact that the rest of an answer can do without: None, logged, where it is unreadable."""
    try:
        return read(*args, **kwargs)
    except Unreadable as error:
        field = str(error)
    except (ValueError, ArithmeticError) as error:  # their texts might quote a value
        field = type(error).__name__
    log.warning("provider.unreadable_field", field=field)
    return None


def rows(value: Any, name: str = "the body") -> list[Fields]:
    """The list of objects that a value should be."""
    if not isinstance(value, list):
        raise Unreadable(name, "a list")
    return [Fields.of(item, name) for item in value]


def number(value: Any, name: str) -> Decimal:
    """A decimal from a number or its text, of sane size."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise Unreadable(name, "a number")
    if isinstance(value, str) and len(value) > LONGEST_NUMBER:
        raise Unreadable(name, "a number")
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise Unreadable(name, "a number") from None
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < SMALLEST_EXPONENT:
        raise Unreadable(name, "a number")
    if found.adjusted() > MAX_EXPONENT:
        raise Unreadable(name, "a number")
    return found


def parse_instant(text: str, name: str, zone: timezone | ZoneInfo) -> datetime:
    """An ISO 8601 date-time as an instant; without an offset it is read in `zone`."""
    try:
        at = datetime.fromisoformat(text)
        return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable(name, "a date and time") from None


def _end_of(day: date, zone: timezone | ZoneInfo) -> datetime:
    try:
        midnight = datetime.combine(day + timedelta(days=1), time(), zone)
        return (midnight - timedelta(seconds=1)).astimezone(UTC)
    except OverflowError:
        raise Unreadable("a date", "within our calendar") from None
