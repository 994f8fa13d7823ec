"""Products: the recorded catalog, searched and paged, and how fresh each provider's part is."""

from decimal import Decimal
from uuid import UUID

from strawberry import ID, Parent

from db import products as rows
from domain.catalog import Product, ProductFilter, ProductSort, SourceOutcome, SourceReport
from domain.ids import Kind, row_id, shown_as
from domain.problems import Problem, ProblemCode, RetryAdvice
from domain.providers import Provider
from resolvers.context import Ask, Context
from resolvers.paging import Arguments, Connection, Cursors

KEYS: dict[ProductSort, tuple[type, ...]] = {
    ProductSort.RELEVANCE: (int, UUID),
    ProductSort.NAME: (str, UUID),
    ProductSort.BRAND: (str, str, UUID),
    ProductSort.DISCOUNT: (Decimal, UUID),
}
NEVER_READ = Problem(
    ProblemCode.PROVIDER_UNAVAILABLE,
    "this catalog was not read yet",
    retry=RetryAdvice.AFTER,
    retry_after_ms=5_000,
)


shown_id = shown_as(Kind.PRODUCT)


def global_id(root: Parent[Product]) -> ID:
    return ID(shown_id(root.id))


def provider(root: Parent[Product], info: Ask) -> Provider:
    return info.context.provider(root.provider_name)


def source_provider(root: Parent[SourceReport], info: Ask) -> Provider:
    return info.context.provider(root.provider_name)


async def by_id(context: Context, id: str) -> Product | None:
    key = row_id(id, Kind.PRODUCT)
    return await context.loaders.product.load(key) if key else None


async def page(
    context: Context,
    arguments: Arguments,
    wanted: ProductFilter | None,
    sort: ProductSort | None,
) -> Connection[Product]:
    """Sorted by relevance when searched for, else by name, unless a sort is given."""
    wanted = wanted or ProductFilter()
    effective = rows.effective_sort(wanted, sort)
    cursors = Cursors("products", wanted, effective)
    part = cursors.slice(arguments, KEYS[effective])
    async with context.services.database.viewer(context.account) as conn:
        found = await rows.page(conn, wanted, effective, part)

    async def count() -> int | None:
        async with context.services.database.viewer(context.account) as conn:
            return await rows.count(conn, wanted)

    return Connection(found, cursors, count, extra=wanted)


async def sources(root: Parent[Connection[Product]], info: Ask) -> list[SourceReport]:
    """One report per provider that is set up here."""
    context = info.context
    wanted: ProductFilter = root.extra
    async with context.services.database.viewer(context.account) as conn:
        recorded = await rows.sources(conn)
    reports = []
    for name in sorted(context.services.providers):
        if wanted.provider is not None and name not in wanted.provider:
            reports.append(SourceReport(name, SourceOutcome.SKIPPED))
            continue
        never = SourceReport(name, SourceOutcome.FAILED, problem=NEVER_READ)
        reports.append(recorded.get(name, never))
    return reports
