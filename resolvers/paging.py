"""Connections: the arguments of a page, opaque cursors, and the page as clients see it."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from strawberry import Parent

from domain.pages import Key, Page, Slice
from domain.problems import invalid

T = TypeVar("T")

VERSION = 1
MOST = 100
USUAL = 20
SEQUENCE = re.compile(r"0|[1-9][0-9]{0,17}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Arguments:
    """first, after, last, before as a client sent them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


def _pack(value: object) -> list[object]:
    match value:
        case datetime():
            return ["t", (value - EPOCH) // MICROSECOND]
        case UUID():
            return ["u", value.hex]
        case Decimal():
            return ["d", str(value)]
        case int() | str():
            return ["i" if isinstance(value, int) else "s", value]
    raise TypeError(f"a cursor cannot hold a {type(value).__name__}")


def _unpack(kind: object, value: object) -> object:
    match kind, value:
        case "t", int() if abs(value) < 10**18:
            return EPOCH + value * MICROSECOND
        case "u", str():
            return UUID(hex=value)
        case "d", str():
            return Decimal(value)
        case ("i", int()) | ("s", str()):
            return value
    raise ValueError("not a cursor of ours")


@lru_cache(4 * MOST)
def from_the_end(first: int | None, last: int | None) -> Slice:
    """The slice at one end of a list, the same for every order of a page. Refused as below."""
    if first is not None and last is not None:
        raise invalid("give first or last, not both", "last")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MOST:
            raise invalid(f"{name} is from 1 to {MOST}", name)
    return Slice(limit=first or last or USUAL, backward=last is not None)


class Cursors:
    """Cursors of one list: bound to whose list it is, the field, its filter and its order.

    A cursor is base64url of a version, a digest of that binding and the keyset values, each with
    its type. One made for another list is refused with INVALID_INPUT. `numbered` lists take a
    sequence of the order log in place of a cursor.
    """

    def __init__(self, *binding: object, numbered: bool = False) -> None:
        self._binding = binding
        self._numbered = numbered

    @cached_property
    def _digest(self) -> str:
        # Many lists are read without any cursor of theirs.
        return hashlib.sha256(repr(self._binding).encode()).hexdigest()[:16]

    def encode(self, key: Key) -> str:
        raw = json.dumps([VERSION, self._digest, *map(_pack, key)], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()

    def decode(self, text: str | None, argument: str, types: Sequence[type]) -> Key | None:
        """The key in a cursor; Refused when it is malformed or was made for another list."""
        if text is None:
            return None
        if self._numbered and SEQUENCE.fullmatch(text):
            return (int(text),)
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            version, digest, *packed = json.loads(raw)
            key = tuple(_unpack(kind, value) for kind, value in packed)
        except (
            binascii.Error,
            ValueError,
            TypeError,
            InvalidOperation,
            OverflowError,
            RecursionError,
        ):
            raise invalid("this is not a cursor of this API", argument) from None
        if version != VERSION or digest != self._digest or tuple(map(type, key)) != tuple(types):
            raise invalid("this cursor belongs to another list, filter or sort order", argument)
        return key

    def slice(self, arguments: Arguments, types: Sequence[type]) -> Slice:
        """The slice a client asked for; Refused for contradicting or unbounded arguments."""
        end = from_the_end(arguments.first, arguments.last)
        if arguments.after is None and arguments.before is None:
            return end
        return replace(
            end,
            after=self.decode(arguments.after, "after", types),
            before=self.decode(arguments.before, "before", types),
        )


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    cursor: str
    node: T


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page stands. Its cursors are made when they are asked for."""

    page: Page[Any]
    cursors: Cursors

    @property
    def has_next_page(self) -> bool:
        return self.page.has_next

    @property
    def has_previous_page(self) -> bool:
        return self.page.has_previous

    @property
    def start_cursor(self) -> str | None:
        keys = self.page.keys
        return self.cursors.encode(keys[0]) if keys else None

    @property
    def end_cursor(self) -> str | None:
        keys = self.page.keys
        return self.cursors.encode(keys[-1]) if keys else None


@dataclass(frozen=True, slots=True)
class Connection(Generic[T]):
    """One page with its cursors. `count` is asked only when the client wants the total."""

    page: Page[T]
    cursors: Cursors
    count: Callable[[], Awaitable[int | None]] | None = None
    extra: Any = None

    @property
    def nodes(self) -> tuple[T, ...]:
        return self.page.items

    @property
    def edges(self) -> tuple[Edge[T], ...]:
        return tuple(
            Edge(self.cursors.encode(key), node)
            for key, node in zip(self.page.keys, self.page.items, strict=True)
        )

    @property
    def page_info(self) -> PageInfo:
        return PageInfo(self.page, self.cursors)


async def total_count(root: Parent[Connection[Any]]) -> int | None:
    """How many items the whole list holds: exact to 10,000, None above."""
    return await root.count() if root.count else None
