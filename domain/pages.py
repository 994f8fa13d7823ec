"""A slice of an ordered list, by keyset: stable under inserts, as cheap deep down as at the top."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """At most `limit` items strictly after and before the keys; backward: the last such ones.

    A key holds the sort values of one item, its id last.
    """

    limit: int = 20
    after: Key | None = None
    before: Key | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The items in list order, the key of each, and whether there are more on either side."""

    items: tuple[T, ...]
    keys: tuple[Key, ...]
    has_next: bool
    has_previous: bool


def page(rows: Sequence[tuple[Key, T]], wanted: Slice) -> Page[T]:
    """A page from rows read with `limit + 1`, in reading order (backward: from the end)."""
    more = len(rows) > wanted.limit
    kept = list(rows[: wanted.limit])
    if wanted.backward:
        kept.reverse()
    keys, items = zip(*kept, strict=True) if kept else ((), ())
    return Page(
        items=items,
        keys=keys,
        has_next=wanted.before is not None if wanted.backward else more,
        has_previous=more if wanted.backward else wanted.after is not None,
    )
