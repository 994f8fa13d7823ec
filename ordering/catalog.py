"""The recorded catalog: read from all providers at once, cleaned, and kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog

from db import products
from db.pool import Database
from domain.catalog import Listing, SourceOutcome, SourceReport
from domain.ids import uuid7
from domain.problems import Problem
from ordering.refusals import problem_of
from providers.errors import ProviderError
from providers.pacing import Asker, asked_by
from providers.port import Provider

log = structlog.get_logger()

# What a catalog text may hold; everything else is dropped, scripts with their content.
TAGS = {"a", "b", "br", "em", "h3", "h4", "i", "li", "ol", "p", "span", "strong", "u", "ul"}
LONGEST_TEXT = 50_000


@dataclass(frozen=True, slots=True)
class Refreshed:
    """One provider's part of a refresh: how many products it lists, or why it could not be read."""

    provider: str
    products: int = 0
    problem: Problem | None = None


async def refresh(
    database: Database,
    providers: Mapping[str, Provider],
    *,
    older_than: timedelta = timedelta(0),
) -> list[Refreshed]:
    """Read every catalog that was last read longer ago than that, concurrently, and record it.

    A provider that fails keeps what was recorded before; its failure is recorded beside it.
    """
    async with database.worker() as conn:
        sources = await products.sources(conn)
    limit = datetime.now(UTC) - older_than
    stale = [
        provider
        for name, provider in providers.items()
        if name not in sources or (as_of := sources[name].as_of) is None or as_of <= limit
    ]
    return list(await asyncio.gather(*(_refresh(database, provider) for provider in stale)))


async def _refresh(database: Database, provider: Provider) -> Refreshed:
    started = datetime.now(UTC)
    try:
        with asked_by(Asker.CATALOG):
            listings = [(uuid7(), clean(listing)) async for listing in provider.catalog()]
    except ProviderError as error:
        problem = problem_of(error)
        async with database.worker() as conn:
            report = SourceReport(provider.name, SourceOutcome.FAILED, problem=problem)
            await products.record_source(conn, report)
        log.warning("catalog.failed", provider=provider.name, code=problem.code.value)
        return Refreshed(provider.name, problem=problem)
    async with database.worker() as conn:
        await products.record(conn, provider.name, listings, started)
        report = SourceReport(provider.name, SourceOutcome.RECORDED, as_of=started)
        await products.record_source(conn, report)
    log.info("catalog.read", provider=provider.name, products=len(listings))
    return Refreshed(provider.name, len(listings))


def clean(listing: Listing) -> Listing:
    """The listing without anything that could run in a reader's browser."""
    return replace(
        listing,
        name=plain(listing.name),
        brand=plain(listing.brand),
        description=_html(listing.description),
        terms=_html(listing.terms),
        how_to_redeem=_html(listing.how_to_redeem),
        validity=plain(listing.validity) if listing.validity else None,
        categories=tuple(plain(category) for category in listing.categories),
        image_url=_web_address(listing.image_url),
    )


def plain(text: str) -> str:
    """Text without control characters: PostgreSQL refuses NUL, terminals obey the others."""
    return "".join(c if c.isprintable() else " " for c in text).strip()[:LONGEST_TEXT]


def _html(text: str | None) -> str | None:
    if not text:
        return None
    import nh3  # noqa: PLC0415 - only who reads catalogs needs its megabyte and a half

    cleaned = nh3.clean(text.replace("\0", "")[:LONGEST_TEXT], tags=TAGS, url_schemes={"https"})
    return cleaned.strip() or None


def _web_address(text: str | None) -> str | None:
    try:
        return text if text and urlsplit(text).scheme in {"http", "https"} else None
    except ValueError:
        return None
