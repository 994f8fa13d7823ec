"""Fulfillments as recorded: reading them, adding them, and what a read of the provider saw.

Working on them (claim, settle) is in `db/claims.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from db.keyset import Conditions, keyset
from db.pool import Connection, Record
from db.records import make_money, maker
from domain.money import Money
from domain.orders import (
    Fulfillment,
    FulfillmentFilter,
    FulfillmentStatus,
    OrderStatus,
    Progress,
)
from domain.pages import Page, Slice
from domain.pages import page as sliced
from domain.problems import Problem

# A word seen by a read counts until the row is settled; whether it is final is for settling to say.
COLUMNS = """f.id, f.account, f.order_id, f.line_id, f.provider, f.credential, f.reference,
    f.provider_order_id, f.state, coalesce(f.observed ->> 'word', f.word) AS word,
    CASE WHEN f.observed IS NULL THEN f.raw_status ELSE f.observed ->> 'raw' END AS raw_status,
    f.final, f.quantity, f.delivered, f.failed, f.charged, f.charged_currency, f.problem,
    f.placed_at, f.observed_at, f.version"""

STATES = {state.lower(): state for state in FulfillmentStatus}
WORDS = {word.value: word for word in OrderStatus}
make_fulfillment = maker(Fulfillment)
make_progress = maker(Progress)

NEWEST = (("f.placed_at", "timestamptz"), ("f.id", "uuid"))

BY_PROVIDER_ORDER = f"""
SELECT {COLUMNS} FROM fulfillments f WHERE f.id IN (
    SELECT id FROM fulfillments
     WHERE provider = $1 AND credential = $2 AND provider_order_id = $3
    UNION SELECT fulfillment_id FROM fulfillment_aliases
     WHERE provider = $1 AND credential = $2 AND alias = $3)
 ORDER BY f.provider_order_id = $3 DESC LIMIT 1"""  # noqa: S608

BY_REFERENCES = f"""
SELECT {COLUMNS}, named.reference AS wanted
  FROM (SELECT id, reference FROM fulfillments WHERE reference = ANY($2)
        UNION SELECT fulfillment_id, reference FROM fulfillment_attempts
               WHERE reference = ANY($2)) AS named
  JOIN fulfillments f ON f.id = named.id
 WHERE f.provider = $1 AND f.ours"""  # noqa: S608

INSERT = """
INSERT INTO fulfillments (id, account, order_id, line_id, provider, credential, reference, ours,
    provider_order_id, state, word, raw_status, final, quantity, delivered, failed, charged,
    charged_currency, problem, placed_at, observed_at, due_at, version, total, currency, body,
    generation)
SELECT id, account, order_id, line_id, provider, credential, reference, $1,
    provider_order_id, state, word, raw_status, final, quantity, delivered, failed, charged,
    charged_currency, problem::jsonb, placed_at, observed_at, due_at, version, total, currency,
    body, generation
  FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::bool[], $14::bigint[], $15::bigint[],
    $16::bigint[], $17::numeric[], $18::text[], $19::text[], $20::timestamptz[],
    $21::timestamptz[], $22::timestamptz[], $23::bigint[], $24::numeric[], $25::text[],
    $26::bytea[], $27::bigint[])
    AS n (id, account, order_id, line_id, provider, credential, reference, provider_order_id,
    state, word, raw_status, final, quantity, delivered, failed, charged, charged_currency,
    problem, placed_at, observed_at, due_at, version, total, currency, body, generation)"""

# What somebody else is writing is passed over: they know more. Pages of the same orders, written
# back at the same time, would wait for each other, and end in deadlocks.
OBSERVE = """
WITH n AS (
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::bool[])
                  AS n (id, version, observed, as_of, wake)),
free AS (
    SELECT f.id FROM fulfillments f JOIN n ON n.id = f.id
     WHERE f.version = n.version AND f.state IN ('accepted', 'partially_fulfilled', 'unknown')
     ORDER BY f.id FOR NO KEY UPDATE OF f SKIP LOCKED)
UPDATE fulfillments f
   SET observed = coalesce(n.observed::jsonb, f.observed),
       observed_at = CASE WHEN n.observed IS NULL THEN f.observed_at ELSE n.as_of END,
       version = f.version + 1,
       due_at = CASE WHEN n.wake THEN least(f.due_at, now()) ELSE f.due_at END
  FROM n JOIN free ON free.id = n.id
 WHERE f.id = n.id
RETURNING f.id"""


@dataclass(frozen=True, slots=True)
class NewFulfillment:
    """A fulfillment to be added: `due_at` is when the worker looks at it first, None: never.

    `total` is its frozen price, None for imported ones; `body` its request, sealed; `generation`
    is that of its reference.
    """

    fulfillment: Fulfillment
    due_at: datetime | None = None
    total: Money | None = None
    body: bytes | None = field(default=None, repr=False)
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """What a provider said while somebody looked; `as_of` is when it was asked.

    `version` is that of the fulfillment the question was about. `wake` asks the worker to come at
    once, because the word says more than what is stored. A `word` of None: the provider's list did
    not hold the order, and what is recorded stays.
    """

    fulfillment_id: UUID
    version: int
    word: OrderStatus | None
    raw_status: str | None
    as_of: datetime
    wake: bool = True


@dataclass(frozen=True, slots=True)
class Attention:
    """How many of a provider's fulfillments have no known outcome, and how many need a person."""

    unknown: int
    needs_review: int


async def by_orders(conn: Connection, order_ids: Sequence[UUID]) -> dict[UUID, list[Fulfillment]]:
    """The fulfillments of each order; an order without any has an empty list."""
    found: dict[UUID, list[Fulfillment]] = {order_id: [] for order_id in order_ids}
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM fulfillments f WHERE f.order_id = ANY($1) ORDER BY f.id",  # noqa: S608
        list(order_ids),
    )
    for row in rows:
        found[row["order_id"]].append(fulfillment(row))
    return found


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Fulfillment]:
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM fulfillments f WHERE f.id = ANY($1)",  # noqa: S608
        list(ids),
    )
    return {row["id"]: fulfillment(row) for row in rows}


async def generation(conn: Connection, id: UUID) -> int:
    """How often a fulfillment was begun anew; 0 for one that is not there."""
    number: int | None = await conn.fetchval(
        "SELECT generation FROM fulfillments WHERE id = $1", id
    )
    return number or 0


async def by_provider_order(
    conn: Connection, provider: str, credential: str, order_id: str
) -> Fulfillment | None:
    """The fulfillment that the provider knows by this id, or by which an import once asked."""
    row = await conn.fetchrow(BY_PROVIDER_ORDER, provider, credential, order_id)
    return fulfillment(row) if row else None


async def page(conn: Connection, wanted: FulfillmentFilter, cut: Slice) -> Page[Fulfillment]:
    """Fulfillments newest first; keys are (placed_at, id). As worker: of all accounts."""
    conditions = _conditions(wanted)
    tail = keyset(conditions, cut, NEWEST, descending=True)
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM fulfillments f WHERE {conditions.where()} {tail}",  # noqa: S608
        *conditions.arguments,
    )
    return sliced([((row["placed_at"], row["id"]), fulfillment(row)) for row in rows], cut)


async def count(conn: Connection, wanted: FulfillmentFilter, limit: int = 10_000) -> int | None:
    """How many fulfillments match, exactly; None for more than the limit."""
    conditions = _conditions(wanted)
    most = conditions.argument(limit + 1, "bigint")
    number: int = await conn.fetchval(
        f"SELECT count(*) FROM"  # noqa: S608
        f" (SELECT FROM fulfillments f WHERE {conditions.where()} LIMIT {most}) found",
        *conditions.arguments,
    )
    return None if number > limit else number


async def by_references(
    conn: Connection, provider: str, references: Sequence[str]
) -> dict[str, Fulfillment]:
    """The fulfillments placed here under these references, also under one given up since.

    As worker, for comparing with a provider's list.
    """
    rows = await conn.fetch(BY_REFERENCES, provider, list(references))
    return {row["wanted"]: fulfillment(row) for row in rows}


async def add(conn: Connection, new: Sequence[NewFulfillment], *, ours: bool) -> None:
    """Insert fulfillments whose lines are there. `ours`: we made their references, unique."""
    items = [item.fulfillment for item in new]
    await conn.execute(
        INSERT,
        ours,
        [item.id for item in items],
        [item.account for item in items],
        [item.order_id for item in items],
        [item.line_id for item in items],
        [item.provider_name for item in items],
        [item.credential for item in items],
        [item.reference for item in items],
        [item.provider_order_id for item in items],
        [item.progress.state.lower() for item in items],
        [item.progress.word.value for item in items],
        [item.provider_status for item in items],
        [item.progress.final for item in items],
        [item.progress.quantity for item in items],
        [item.progress.delivered for item in items],
        [item.progress.failed for item in items],
        [item.charged and item.charged.amount for item in items],
        [item.charged and item.charged.currency for item in items],
        [problem_json(item.problem) for item in items],
        [item.placed_at for item in items],
        [item.observed_at for item in items],
        [item.due_at for item in new],
        [item.version for item in items],
        [item.total and item.total.amount for item in new],
        [item.total and item.total.currency for item in new],
        [item.body for item in new],
        [item.generation for item in new],
    )


async def add_alias(conn: Connection, found: Fulfillment, alias: str) -> None:
    """Remember another id of the same order at the provider; the provider's own id is none."""
    await conn.execute(
        "INSERT INTO fulfillment_aliases (provider, credential, alias, account, fulfillment_id)"
        " SELECT $1, $2, $3, $4, $5 WHERE $3 IS DISTINCT FROM $6::text ON CONFLICT DO NOTHING",
        *(found.provider_name, found.credential, alias, found.account, found.id),
        found.provider_order_id,
    )


async def observe(conn: Connection, rows: Sequence[Observation]) -> set[UUID]:
    """Write back what reads saw, in one statement; the ids that took it.

    It moves no state, units or money. A row that changed since it was read, or that is not in the
    provider's hands, is left alone: somebody newer was there.
    """
    rows = sorted(rows, key=lambda row: row.fulfillment_id)
    taken = await conn.fetch(
        OBSERVE,
        [row.fulfillment_id for row in rows],
        [row.version for row in rows],
        [
            row.word and msgspec.json.encode({"word": row.word, "raw": row.raw_status}).decode()
            for row in rows
        ],
        [row.as_of for row in rows],
        [row.wake for row in rows],
    )
    return {row["id"] for row in taken}


async def counts_by_provider(conn: Connection) -> dict[str, Attention]:
    """Unknown outcomes and reviews by provider, those without either left out. As worker."""
    rows = await conn.fetch(
        "SELECT provider, count(*) FILTER (WHERE state = 'unknown') AS unknown,"
        " count(*) FILTER (WHERE state = 'needs_review') AS needs_review"
        " FROM fulfillments WHERE state IN ('unknown', 'needs_review') GROUP BY provider"
    )
    return {row["provider"]: Attention(row["unknown"], row["needs_review"]) for row in rows}


def _conditions(wanted: FulfillmentFilter) -> Conditions:
    conditions = Conditions()
    if wanted.status is not None:
        states = conditions.argument([status.lower() for status in wanted.status], "text[]")
        conditions.add(f"f.state = ANY({states})")
    if wanted.provider is not None:
        providers = conditions.argument(list(wanted.provider), "text[]")
        conditions.add(f"f.provider = ANY({providers})")
    if wanted.account is not None:
        conditions.add(f"f.account = {conditions.argument(wanted.account, 'uuid')}")
    return conditions


def fulfillment(row: Record) -> Fulfillment:
    """A row that begins with COLUMNS as a record."""
    id, account, order_id, line_id, provider, credential, reference, provider_order_id, *rest = row
    state, word, raw_status, final, quantity, delivered, failed, charged, currency, *rest = rest
    problem, placed_at, observed_at, version, *_ = rest
    return make_fulfillment(
        *(id, account, order_id, line_id, provider, credential, reference, provider_order_id),
        make_progress(STATES[state], WORDS[word], final, quantity, delivered, failed),
        *(raw_status, observed_at, placed_at, currency and make_money(charged, currency)),
        problem and msgspec.json.decode(problem, type=Problem),
        version,
    )


def problem_json(problem: Problem | None) -> str | None:
    return None if problem is None else msgspec.json.encode(problem).decode()
