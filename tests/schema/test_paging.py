"""Cursors: opaque, bound to their list, strictly typed; page arguments: bounded."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pages import Slice, page
from domain.problems import Refused
from resolvers.paging import Arguments, Connection, Cursors

TYPES = (datetime, UUID)
AT = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
ID = UUID("01890000-0000-7000-8000-000000000001")


@given(
    st.datetimes(
        min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.just(UTC),
    ),
    st.uuids(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.integers(-(10**15), 10**15),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_a_cursor_leads_back_to_its_key(
    at: datetime, id: UUID, amount: Decimal, number: int, text: str
) -> None:
    cursors = Cursors("list")
    key = (at, id, amount, number, text)
    types = (datetime, UUID, Decimal, int, str)
    assert cursors.decode(cursors.encode(key), "after", types) == key


def test_a_cursor_of_another_list_filter_or_account_is_refused() -> None:
    cursor = Cursors("account 1", "orders", "filter").encode((AT, ID))
    for other in (("account 2", "orders", "filter"), ("account 1", "orders", "other")):
        with pytest.raises(Refused, match="another list"):
            Cursors(*other).decode(cursor, "after", TYPES)


def test_a_cursor_of_other_types_is_refused() -> None:
    cursors = Cursors("list")
    with pytest.raises(Refused):
        cursors.decode(cursors.encode((ID,)), "after", TYPES)
    with pytest.raises(Refused):
        cursors.decode(cursors.encode((ID, AT)), "after", TYPES)


def _raw(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "é",
        "A" * 5000,
        _raw(None),
        _raw(3),
        _raw([]),
        _raw([1, "x", ["t", "1"], ["u", ID.hex]]),
        _raw([1, "x", ["t", 10**30], ["u", ID.hex]]),
        _raw([1, "x", ["t", True], ["u", "zz"]]),
        _raw([1, "x", ["d", "NaN?"]]),
        _raw([2, "x"]),
        _raw({"a": 1}),
        base64.urlsafe_b64encode(b"[" * 3000).decode(),
    ],
)
def test_whatever_else_comes_as_a_cursor_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        Cursors("list").decode(cursor, "after", TYPES)
    assert refused.value.problem.path == ("after",)


@pytest.mark.parametrize(
    ("arguments", "limit", "backward"),
    [
        (Arguments(), 20, False),
        (Arguments(first=1), 1, False),
        (Arguments(first=100), 100, False),
        (Arguments(last=5), 5, True),
    ],
)
def test_neither_is_the_first_twenty(arguments: Arguments, limit: int, *, backward: bool) -> None:
    assert Cursors("list").slice(arguments, TYPES) == Slice(limit, None, None, backward)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (Arguments(first=1, last=1), "last"),
        (Arguments(first=0), "first"),
        (Arguments(first=101), "first"),
        (Arguments(first=-1), "first"),
        (Arguments(last=0), "last"),
        (Arguments(last=1000), "last"),
    ],
)
def test_contradicting_or_unbounded_arguments_are_refused(arguments: Arguments, named: str) -> None:
    with pytest.raises(Refused) as refused:
        Cursors("list").slice(arguments, TYPES)
    assert refused.value.problem.path == (named,)


def test_a_page_knows_its_neighbors() -> None:
    rows = [((n,), n) for n in range(4)]
    forward = page(rows, Slice(limit=3))
    assert (forward.items, forward.has_next, forward.has_previous) == ((0, 1, 2), True, False)
    onward = page(rows[:2], Slice(limit=3, after=(9,)))
    assert (onward.has_next, onward.has_previous) == (False, True)
    backward = page(rows[::-1], Slice(limit=3, backward=True))
    assert (backward.items, backward.has_next, backward.has_previous) == ((1, 2, 3), False, True)


async def test_an_empty_page_has_no_cursors() -> None:
    found: Connection[int] = Connection(page([], Slice()), Cursors("list"))
    assert (found.page_info.start_cursor, found.page_info.end_cursor) == (None, None)
    assert found.edges == ()
