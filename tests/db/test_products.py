from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import products
from db.listings import question, vector
from db.pool import Database
from domain.catalog import (
    DeliverySpeed,
    Denomination,
    DenominationRange,
    FixedDenominations,
    Listing,
    Product,
    ProductFilter,
    ProductSort,
    SourceOutcome,
    SourceReport,
    VoucherType,
)
from domain.ids import uuid7
from domain.money import Money
from domain.pages import Key, Slice
from domain.problems import Problem, ProblemCode, RetryAdvice
from tests.db.samples import NOON


def inr(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


def fixed(*faces: str, off: str = "0.95") -> FixedDenominations:
    return FixedDenominations(
        tuple(Denomination(inr(face), inr(str(Decimal(face) * Decimal(off))), 10) for face in faces)
    )


def spread(low: str, high: str, step: str | None = None) -> DenominationRange:
    return DenominationRange(
        inr(low), inr(high), Decimal("2.5"), Decimal(step) if step else None, 5
    )


COFFEE = Listing(
    "c-1", "Coffee House E-Gift Card", "Café Noir", "INR", fixed("100", "1000"), VoucherType.CODE,
    DeliverySpeed.FAST, "Freshly roasted <b>coffee</b>", ("Food", "Drinks"), "https://i/1", "IN",
    "1 year", "terms", "redeem",
)  # fmt: skip
BOOKS = replace(
    COFFEE, sku="b-1", name="books & coffee", brand="Reader", categories=("Books",), country="US",
    denominations=spread("50", "5000", "50"), voucher_type=VoucherType.URL, description=None,
)  # fmt: skip
SHOES = replace(
    COFFEE, sku="s-1", name="Shoes", brand="acme", categories=(), country=None, available=False,
    denominations=fixed("500", off="0.80"), description="Not for coffee",
)  # fmt: skip
EVERYTHING = (COFFEE, BOOKS, SHOES)


async def recorded(
    database: Database, *listings: Listing, provider: str = "acme", minutes: int = 0
) -> None:
    async with database.worker() as conn:
        await products.record(
            conn,
            provider,
            [(uuid7(), item) for item in listings],
            NOON + timedelta(minutes=minutes),
        )


async def found(
    database: Database,
    wanted: ProductFilter | None = None,
    sort: ProductSort | None = None,
) -> list[str]:
    wanted = wanted or ProductFilter()
    async with database.viewer(uuid7()) as conn:
        page = await products.page(conn, wanted, sort, Slice(50))
        assert await products.count(conn, wanted) == len(page.items)
    return [product.listing.sku for product in page.items]


async def by_key(database: Database, sku: str) -> Product:
    async with database.viewer(uuid7()) as conn:
        return (await products.by_keys(conn, [("acme", sku), ("acme", "none")]))["acme", sku]


async def test_what_is_recorded_is_read_back(database: Database) -> None:
    await recorded(database, *EVERYTHING)
    for listing in EVERYTHING:
        product = await by_key(database, listing.sku)
        assert (product.listing, product.provider_name, product.as_of) == (listing, "acme", NOON)
        async with database.viewer(uuid7()) as conn:
            assert await products.by_ids(conn, [product.id, uuid7()]) == {product.id: product}


async def test_a_refresh_keeps_ids_and_unlists_what_is_gone(database: Database) -> None:
    await recorded(database, *EVERYTHING)
    await recorded(database, BOOKS, provider="bolt")
    before = await by_key(database, "c-1")
    await recorded(database, replace(COFFEE, name="New name"), COFFEE, minutes=1)
    after = await by_key(database, "c-1")
    assert (after.id, after.listing.name) == (before.id, COFFEE.name)
    assert sorted(await found(database)) == ["b-1", "c-1"]
    gone = await by_key(database, "b-1")
    assert not gone.listing.available
    await recorded(database, BOOKS, minutes=2)
    assert await by_key(database, "b-1") == replace(
        gone, listing=BOOKS, as_of=NOON + timedelta(minutes=2)
    )


async def test_an_older_reading_changes_nothing(database: Database) -> None:
    await recorded(database, COFFEE, minutes=5)
    await recorded(database, replace(COFFEE, name="Old name"), SHOES, minutes=3)
    assert (await by_key(database, "c-1")).listing.name == COFFEE.name
    await recorded(database, minutes=4)
    assert "c-1" in await found(database)


@pytest.mark.parametrize(
    ("wanted", "skus"),
    [
        (ProductFilter(search="coffee"), ["c-1", "b-1", "s-1"]),
        (ProductFilter(search="COF hous"), ["c-1"]),
        (ProductFilter(search="cafe"), ["c-1"]),
        (ProductFilter(search="e-gift"), ["c-1"]),
        (ProductFilter(search="coffee & !books | 'x':*"), []),
        (ProductFilter(search="drinks"), ["c-1"]),
        (ProductFilter(search="!!!"), []),
        (ProductFilter(search="  "), ["b-1", "c-1", "s-1"]),
        (ProductFilter(brand=("CAFÉ NOIR", "x")), ["c-1"]),
        (ProductFilter(category=("books", "FOOD")), ["b-1", "c-1"]),
        (ProductFilter(category=()), []),
        (ProductFilter(country=("in",)), ["c-1"]),
        (ProductFilter(currency=("INR",)), ["b-1", "c-1", "s-1"]),
        (ProductFilter(currency=("USD",)), []),
        (ProductFilter(provider=("bolt",)), []),
        (ProductFilter(voucher_type=(VoucherType.URL,)), ["b-1"]),
        (ProductFilter(available=True), ["b-1", "c-1"]),
        (ProductFilter(available=False, search="shoes"), ["s-1"]),
        (ProductFilter(min_face_value=Decimal(1000)), ["b-1", "c-1"]),
        (ProductFilter(max_face_value=Decimal(99)), ["b-1"]),
        (ProductFilter(min_face_value=Decimal(200), max_face_value=Decimal(600)), ["b-1", "s-1"]),
        (ProductFilter(min_face_value=Decimal(201), max_face_value=Decimal(249)), []),
        (ProductFilter(min_face_value=Decimal(201), max_face_value=Decimal(250)), ["b-1"]),
        (ProductFilter(min_face_value=Decimal(5001)), []),
    ],
)
async def test_search_and_filters(
    database: Database, wanted: ProductFilter, skus: list[str]
) -> None:
    await recorded(database, *EVERYTHING)
    assert await found(database, wanted) == skus


@pytest.mark.parametrize(
    ("sort", "search", "skus"),
    [
        (ProductSort.NAME, None, ["b-1", "c-1", "s-1"]),
        (None, None, ["b-1", "c-1", "s-1"]),
        (ProductSort.RELEVANCE, None, ["b-1", "c-1", "s-1"]),
        (ProductSort.BRAND, None, ["s-1", "c-1", "b-1"]),
        (ProductSort.DISCOUNT, None, ["s-1", "c-1", "b-1"]),
        (ProductSort.NAME, "coffee", ["b-1", "c-1", "s-1"]),
        (None, "coffee", ["c-1", "b-1", "s-1"]),
    ],
)
async def test_sorts(
    database: Database, sort: ProductSort | None, search: str | None, skus: list[str]
) -> None:
    await recorded(database, *EVERYTHING)
    assert await found(database, ProductFilter(search=search), sort) == skus


@pytest.mark.parametrize("sort", list(ProductSort))
async def test_every_sort_pages_both_ways_without_loss(
    database: Database, sort: ProductSort
) -> None:
    # Equal names, brands, discounts and ranks: only the id tells them apart.
    await recorded(
        database,
        *(replace(COFFEE, sku=f"{n}", name=f"Coffee {n % 2}", brand=f"{n % 3}") for n in range(9)),
        *(replace(SHOES, sku=f"s{n}") for n in range(2)),
    )
    wanted = ProductFilter(search="coffee")
    expected = await found(database, wanted, sort)
    assert len(expected) == 11
    async with database.viewer(uuid7()) as conn:
        forward: list[str] = []
        after: Key | None = None
        more = True
        while more:
            page = await products.page(conn, wanted, sort, Slice(4, after=after))
            forward += [product.listing.sku for product in page.items]
            after, more = page.keys[-1], page.has_next
        backward: list[str] = []
        before: Key | None = None
        more = True
        while more:
            page = await products.page(conn, wanted, sort, Slice(4, before=before, backward=True))
            backward = [product.listing.sku for product in page.items] + backward
            before, more = page.keys[0], page.has_previous
    assert forward == backward == expected


async def test_counts_stop_at_the_limit(database: Database) -> None:
    await recorded(database, *EVERYTHING)
    async with database.viewer(uuid7()) as conn:
        assert await products.count(conn, ProductFilter(), limit=3) == 3
        assert await products.count(conn, ProductFilter(), limit=2) is None


async def test_a_refresh_that_failed_keeps_the_last_reading_time(database: Database) -> None:
    problem = Problem(ProblemCode.PROVIDER_TIMEOUT, "no answer", retry=RetryAdvice.AFTER)
    async with database.worker() as conn:
        await products.record_source(conn, SourceReport("acme", SourceOutcome.LIVE, NOON))
        await products.record_source(conn, SourceReport("bolt", SourceOutcome.SKIPPED))
        failed = SourceReport("acme", SourceOutcome.FAILED, None, problem)
        await products.record_source(conn, failed)
    async with database.viewer(uuid7()) as conn:
        assert await products.sources(conn) == {
            "acme": replace(failed, as_of=NOON),
            "bolt": SourceReport("bolt", SourceOutcome.SKIPPED),
        }


async def test_hostile_texts_are_recorded_and_searched(database: Database) -> None:
    name = "a'b \\ \0 :* ॐ हिन्दी ' OR 1=1 -- " + "x" * 3000
    await recorded(database, replace(COFFEE, name=name, description="word " * 50_000))
    for search in ("a'b", "हिन्दी", "x" * 3000, "OR 1=1 --", "\\", "\0", "word"):
        assert await found(database, ProductFilter(search=search)) in (["c-1"], [])
    assert await found(database, ProductFilter(search="हिन्दी")) == ["c-1"]


@given(st.text(max_size=200))
def test_questions_and_vectors_are_made_of_quoted_words_only(text: str) -> None:
    asked = question(text)
    made = vector(replace(COFFEE, name=text, brand="", categories=(), description=None))
    for part in (asked or "").split(" & ") + made.split(" "):
        if part:
            quoted, _, rest = part.rpartition(":")
            assert quoted[0] == quoted[-1] == "'"
            assert quoted[1:-1].isalnum() or quoted[1:-1].replace("'", "").isprintable()
            assert "'" not in quoted[1:-1]
            assert rest == "*" or all(place[-1] in "ABD" for place in rest.split(","))
