"""The recorded catalog: products of all providers, how they are searched, how fresh they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from db.keyset import Conditions, keyset
from db.listings import COLUMNS, columns, folded, product, question
from db.pool import Connection
from domain.catalog import (
    Listing,
    Product,
    ProductFilter,
    ProductSort,
    SourceOutcome,
    SourceReport,
)
from domain.pages import Page, Slice
from domain.pages import page as sliced
from domain.problems import Problem, ProblemCode, RetryAdvice

# Sort columns with their types, the id last; and whether they run downward. Keys of pages hold the
# same values. A rank is a whole number so that a cursor holds it exactly.
SORTS: Mapping[ProductSort, tuple[tuple[tuple[str, str], ...], bool]] = {
    ProductSort.NAME: ((("p.name_key", "text"), ("p.id", "uuid")), False),
    ProductSort.BRAND: (
        (("p.brand_key", "text"), ("p.name_key", "text"), ("p.id", "uuid")),
        False,
    ),
    ProductSort.DISCOUNT: ((("p.discount", "numeric"), ("p.id", "uuid")), True),
}
RANK = "(ts_rank(p.search, {query}::tsquery) * 1000000000)::bigint"

SEEN = """n (
    id uuid, sku text, name text, name_key text, brand text, brand_key text, description text,
    categories text[], category_keys text[], image_url text, country text, currency text,
    denominations jsonb, face_values numeric[], min_face numeric, max_face numeric, step numeric,
    discount numeric, voucher_type text, delivery_speed text, validity text, terms text,
    how_to_redeem text, available boolean, search tsvector)"""

# Each changes on every refresh, except the identity.
WRITTEN = """name, name_key, brand, brand_key, description, categories, category_keys, image_url,
    country, currency, denominations, face_values, min_face, max_face, step, discount,
    voucher_type, delivery_speed, validity, terms, how_to_redeem, available, search"""
UPDATED = ", ".join(f"{name} = excluded.{name}" for name in WRITTEN.replace(",", " ").split())

RECORD = f"""
WITH seen AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($2::jsonb) AS {SEEN}),
written AS (
    INSERT INTO products AS p (id, provider, sku, {WRITTEN}, listed, as_of)
    SELECT id, $1, sku, {WRITTEN}, true, $3
      FROM seen ORDER BY sku
    ON CONFLICT (provider, sku) DO UPDATE
       SET {UPDATED}, listed = true, as_of = excluded.as_of
     WHERE p.as_of <= excluded.as_of)
UPDATE products SET listed = false, available = false
 WHERE provider = $1 AND listed AND as_of < $3 AND sku NOT IN (SELECT sku FROM seen)"""  # noqa: S608


async def record(
    conn: Connection, provider: str, seen: Sequence[tuple[UUID, Listing]], as_of: datetime
) -> None:
    """Record a provider's whole catalog as read at `as_of`, in one statement. As worker.

    A product that is known keeps its id; the id given is for a new one. What was not seen is no
    longer listed nor available. An older reading than the recorded one changes nothing.
    """
    unique = {listing.sku: columns(new_id, listing) for new_id, listing in seen}
    payload = msgspec.json.encode(list(unique.values())).decode()
    await conn.execute(RECORD, provider, payload, as_of)


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Product]:
    """Products by id, those no longer listed too: an order may hold one."""
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM products p WHERE p.id = ANY($1)", list(ids))  # noqa: S608
    return {row["id"]: product(row) for row in rows}


async def by_keys(
    conn: Connection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Product]:
    """Products by (provider, SKU), those no longer listed too."""
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM products p"  # noqa: S608
        " JOIN unnest($1::text[], $2::text[]) AS k (provider, sku)"
        " ON p.provider = k.provider AND p.sku = k.sku",
        [provider for provider, _ in keys],
        [sku for _, sku in keys],
    )
    return {(row["provider"], row["sku"]): product(row) for row in rows}


def effective_sort(wanted: ProductFilter, sort: ProductSort | None) -> ProductSort:
    """Relevance needs words to be relevant to; without them, or a wish, products go by name."""
    searched = bool(wanted.search and question(wanted.search))
    if sort is None or sort is ProductSort.RELEVANCE:
        return ProductSort.RELEVANCE if searched else ProductSort.NAME
    return sort


async def page(
    conn: Connection, wanted: ProductFilter, sort: ProductSort | None, cut: Slice
) -> Page[Product]:
    """Listed products in that order. Keys, by the effective sort: RELEVANCE (rank: int, id),
    NAME (text, id), BRAND (text, text, id), DISCOUNT (Decimal, id).
    """
    conditions, query = _conditions(wanted)
    effective = effective_sort(wanted, sort)
    by, descending = SORTS.get(effective) or (
        ((RANK.format(query=query), "bigint"), ("p.id", "uuid")),
        True,
    )
    keys = ", ".join(f"{expression} AS key_{n}" for n, (expression, _) in enumerate(by))
    tail = keyset(conditions, cut, by, descending=descending)
    rows = await conn.fetch(
        f"SELECT {COLUMNS}, {keys} FROM products p WHERE {conditions.where()} {tail}",  # noqa: S608
        *conditions.arguments,
    )
    return sliced(
        [(tuple(row[f"key_{n}"] for n in range(len(by))), product(row)) for row in rows], cut
    )


async def count(conn: Connection, wanted: ProductFilter, limit: int = 10_000) -> int | None:
    """How many listed products match, exactly; None for more than the limit."""
    conditions, _ = _conditions(wanted)
    most = conditions.argument(limit + 1, "bigint")
    number: int = await conn.fetchval(
        f"SELECT count(*) FROM"  # noqa: S608
        f" (SELECT FROM products p WHERE {conditions.where()} LIMIT {most}) found",
        *conditions.arguments,
    )
    return None if number > limit else number


async def record_source(conn: Connection, report: SourceReport) -> None:
    """Keep how a catalog refresh went; without a new `as_of` the last one stays. As worker."""
    problem = report.problem
    await conn.execute(
        "INSERT INTO catalog_sources AS s (provider, outcome, as_of, problem_code, problem_message)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider) DO UPDATE"
        " SET outcome = excluded.outcome, as_of = coalesce(excluded.as_of, s.as_of),"
        " problem_code = excluded.problem_code, problem_message = excluded.problem_message",
        *(report.provider_name, report.outcome.value, report.as_of),
        *(problem and problem.code.value, problem and problem.message),
    )


async def price_currencies(conn: Connection) -> list[str]:
    """The currencies that the listed products are paid in, as far as their listings tell."""
    rows = await conn.fetch(
        "SELECT DISTINCT coalesce(denominations -> 'min' ->> 1,"
        " denominations -> 'values' -> 0 ->> 3) AS currency"
        " FROM products WHERE listed ORDER BY currency"
    )
    return [row["currency"] for row in rows if row["currency"]]


async def sources(conn: Connection) -> dict[str, SourceReport]:
    """The last report of each provider that was ever asked."""
    rows = await conn.fetch(
        "SELECT provider, outcome, as_of, problem_code, problem_message FROM catalog_sources"
    )
    return {
        row["provider"]: SourceReport(
            row["provider"],
            SourceOutcome(row["outcome"]),
            row["as_of"],
            row["problem_code"]
            and Problem(
                ProblemCode(row["problem_code"]), row["problem_message"], retry=RetryAdvice.AFTER
            ),
        )
        for row in rows
    }


def _conditions(wanted: ProductFilter) -> tuple[Conditions, str]:
    """The WHERE clause, and the placeholder of the search for ranking ('' without a search)."""
    conditions = Conditions()
    conditions.add("p.listed")
    query = ""
    if wanted.search and wanted.search.strip():
        asked = question(wanted.search)
        query = conditions.argument(asked, "text") if asked else ""
        conditions.add(f"p.search @@ {query}::tsquery" if asked else "false")
    if wanted.provider is not None:
        conditions.add(f"p.provider = ANY({conditions.argument(list(wanted.provider), 'text[]')})")
    if wanted.brand is not None:
        brands = [folded(brand) for brand in wanted.brand]
        conditions.add(f"p.brand_key = ANY({conditions.argument(brands, 'text[]')})")
    if wanted.category is not None:
        categories = [folded(category) for category in wanted.category]
        conditions.add(f"p.category_keys && {conditions.argument(categories, 'text[]')}")
    for column, codes in (("country", wanted.country), ("currency", wanted.currency)):
        if codes is not None:
            upper = [code.upper() for code in codes]
            conditions.add(f"upper(p.{column}) = ANY({conditions.argument(upper, 'text[]')})")
    if wanted.voucher_type is not None:
        types = [kind.value for kind in wanted.voucher_type]
        conditions.add(f"p.voucher_type = ANY({conditions.argument(types, 'text[]')})")
    if wanted.available is not None:
        conditions.add(f"p.available = {conditions.argument(wanted.available, 'boolean')}")
    _face_value(conditions, wanted)
    return conditions, query


def _face_value(conditions: Conditions, wanted: ProductFilter) -> None:
    """A product matches when it offers some face value between the bounds."""
    if wanted.min_face_value is None and wanted.max_face_value is None:
        return
    low = conditions.argument(wanted.min_face_value, "numeric")
    high = conditions.argument(wanted.max_face_value, "numeric")
    least = f"greatest(p.min_face, coalesce({low}, p.min_face))"
    # With a step, the least value offered at or above the lower bound.
    step = "coalesce(nullif(p.step, 0), 0.000001)"
    stepped = f"p.min_face + ceil(({least} - p.min_face) / {step}) * {step}"
    conditions.add(
        f"CASE WHEN p.face_values IS NULL"
        f" THEN {stepped} <= least(p.max_face, coalesce({high}, p.max_face))"
        f" ELSE EXISTS (SELECT FROM unnest(p.face_values) v"
        f" WHERE v >= coalesce({low}, v) AND v <= coalesce({high}, v)) END"
    )
