"""The right to act on a fulfillment, and what came of it.

`due_at` is new work, back-off and lease in one column. A claim raises the attempt; settling
compares it, and only stale negatives are dropped: a provider order id or a unit is always recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from db.fulfillments import COLUMNS, fulfillment, problem_json
from db.orders import Conflict
from db.pool import Connection, Record
from domain.money import Money
from domain.orders import Fulfillment, FulfillmentStatus, OrderStatus, Progress
from domain.problems import Outcome, Problem, ProblemCode

log = structlog.get_logger()

CLAIM = """
WITH due AS ({due} FOR UPDATE OF d SKIP LOCKED)
UPDATE fulfillments f
   SET attempt = f.attempt + 1, version = f.version + 1, due_at = now() + due.lease,
       state = CASE due.state WHEN 'ready' THEN 'sending' ELSE due.state END,
       first_sent_at = coalesce(f.first_sent_at, CASE due.state WHEN 'ready' THEN now() END)
  FROM due WHERE f.id = due.id
RETURNING f.id, f.account, f.order_id, f.line_id, f.provider, f.credential, f.reference,
          f.provider_order_id, f.attempt, due.state AS was, f.first_sent_at, f.placed_at,
          f.quantity, f.delivered, f.failed, due.due_at AS was_due_at"""

CLAIMABLE = (
    "'ready', 'sending', 'accepted', 'partially_fulfilled', 'unknown', 'failed', 'cancelled'"
)

ONE = f"""
    SELECT d.id, d.state, d.due_at, $2::interval AS lease FROM fulfillments d
     WHERE d.id = $1 AND d.due_at <= now() AND d.state IN ({CLAIMABLE})"""  # noqa: S608

DUE = f"""
    SELECT d.id, d.state, d.due_at, p.lease
      FROM fulfillments d
      JOIN unnest($1::text[], $2::interval[]) AS p (provider, lease) ON p.provider = d.provider
     WHERE d.due_at <= now() AND d.state IN ({CLAIMABLE})
     ORDER BY d.due_at LIMIT $3"""  # noqa: S608

LOCK = f"SELECT {COLUMNS}, f.attempt FROM fulfillments f WHERE f.id = $1 FOR NO KEY UPDATE"  # noqa: S608

SETTLE = f"""
UPDATE fulfillments f
   SET state = $2, word = $3, raw_status = $4, final = $5, quantity = $6, delivered = $7,
       failed = $8, provider_order_id = $9, observed_at = $10, observed = NULL,
       charged = $11, charged_currency = $12, problem = $13::jsonb, version = f.version + 1,
       due_at = CASE WHEN $14::interval IS NULL THEN NULL ELSE now() + $14::interval END
 WHERE f.id = $1
RETURNING {COLUMNS}"""  # noqa: S608

# States that say that nothing is there, or that nothing is known: never news from a stale attempt.
NEGATIVE: Final = frozenset(
    {
        FulfillmentStatus.READY,
        FulfillmentStatus.SENDING,
        FulfillmentStatus.REJECTED,
        FulfillmentStatus.UNKNOWN,
        FulfillmentStatus.NEEDS_REVIEW,
    }
)
# Given up already: a unit or an order that turns up afterwards is for a person to decide.
CLOSED: Final = frozenset(
    {FulfillmentStatus.REJECTED, FulfillmentStatus.FAILED, FulfillmentStatus.CANCELLED}
)
SECOND_ORDER = Problem(
    ProblemCode.INTERNAL,
    "the provider has a second order for this fulfillment",
    outcome=Outcome.DONE,
    provider_code="DUPLICATED",
)
CAME_LATE = Problem(
    ProblemCode.INTERNAL,
    "the provider accepted this after it had been given up here",
    outcome=Outcome.DONE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to act on a fulfillment until its lease ends; `was` is its state before."""

    id: UUID
    account: UUID
    order_id: UUID
    line_id: UUID
    provider_name: str
    credential: str
    reference: str
    provider_order_id: str | None
    attempt: int
    was: FulfillmentStatus
    was_due_at: datetime
    first_sent_at: datetime | None
    placed_at: datetime
    quantity: int
    delivered: int
    failed: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of a claim. `delivered` and `failed` are all units so far, not the new ones.

    `quantity`, `provider_order_id`, `charged`, `raw_status` of None leave what is recorded.
    `due_in` is when to look again; None: never.
    """

    state: FulfillmentStatus
    word: OrderStatus
    final: bool
    delivered: int
    observed_at: datetime
    failed: int = 0
    quantity: int | None = None
    raw_status: str | None = None
    provider_order_id: str | None = None
    charged: Money | None = None
    problem: Problem | None = None
    due_in: timedelta | None = None


async def claim(conn: Connection, fulfillment_id: UUID, lease: timedelta) -> Claim | None:
    """Take the right to act on a fulfillment; None when it is not due or somebody has it."""
    row = await conn.fetchrow(CLAIM.format(due=ONE), fulfillment_id, lease)
    return _claim(row) if row else None


async def claim_due(conn: Connection, limit: int, leases: Mapping[str, timedelta]) -> list[Claim]:
    """Take what is due of the given providers, longest overdue first; leases by provider."""
    rows = await conn.fetch(CLAIM.format(due=DUE), list(leases), list(leases.values()), limit)
    return [_claim(row) for row in sorted(rows, key=lambda row: row["was_due_at"])]


async def lock(conn: Connection, fulfillment_id: UUID) -> Fulfillment | None:
    """The fulfillment as it stands, held until the transaction ends."""
    row = await conn.fetchrow(LOCK, fulfillment_id)
    return fulfillment(row) if row else None


async def wake(conn: Connection, ids: Sequence[UUID]) -> None:
    """Make fulfillments due now, unless they are being sent or need no more work.

    One that is being read meanwhile is read twice; the fence and the units' identity bear that.
    """
    await conn.execute(
        "UPDATE fulfillments SET due_at = least(due_at, now()) WHERE id = ANY($1)"
        " AND state IN ('ready', 'accepted', 'partially_fulfilled', 'unknown')",
        list(ids),
    )


async def settle(conn: Connection, claimed: Claim, told: Settlement) -> Fulfillment | None:
    """Record what came of a claim; the fulfillment as it stands now, or None when it was dropped.

    Dropped is a negative of an attempt that somebody has overtaken. Another provider order id than
    the recorded one makes it NEEDS_REVIEW. Lock the order before, derive its status afterwards.
    Raises Conflict when the provider order id belongs to another fulfillment.
    """
    row = await conn.fetchrow(LOCK, claimed.id)
    if row is None:
        return None
    recorded = fulfillment(row)
    merged = merge(recorded, told, fresh=row["attempt"] == claimed.attempt)
    if merged is None:
        log.info("fulfillment.stale_negative", fulfillment=str(claimed.id), state=told.state.value)
        return None
    charged = merged.charged
    try:
        settled = await conn.fetchrow(
            SETTLE,
            *(claimed.id, merged.state.lower(), merged.word.value, merged.raw_status, merged.final),
            *(merged.quantity, merged.delivered, merged.failed, merged.provider_order_id),
            *(merged.observed_at, charged and charged.amount, charged and charged.currency),
            *(problem_json(merged.problem), merged.due_in),
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(error.constraint_name or "unknown") from None
    return fulfillment(settled) if settled else None


def merge(recorded: Fulfillment, told: Settlement, *, fresh: bool) -> Settlement | None:
    """What is to be recorded, given what is there; None: nothing. Units never become fewer."""
    before = recorded.progress
    gained = told.delivered > before.delivered
    new_id = told.provider_order_id is not None and recorded.provider_order_id is None
    if not fresh and told.state in NEGATIVE and not gained and not new_id:
        return None
    delivered = max(told.delivered, before.delivered)
    kept = replace(
        told,
        delivered=delivered,
        # Only an import learns its quantity later; that of a placed line is a promise, and checked.
        quantity=before.quantity
        if told.quantity is None
        else max(told.quantity, delivered + told.failed),
        raw_status=recorded.provider_status if told.raw_status is None else told.raw_status,
        provider_order_id=recorded.provider_order_id or told.provider_order_id,
        charged=told.charged or recorded.charged,
    )
    if told.provider_order_id is not None and kept.provider_order_id != told.provider_order_id:
        return _review(kept, before, SECOND_ORDER)
    if fresh:
        return kept
    if before.state in CLOSED and (gained or new_id):
        return _review(kept, before, CAME_LATE)
    kept = replace(kept, due_in=timedelta())
    overtaken = before.state not in {
        FulfillmentStatus.READY,
        FulfillmentStatus.SENDING,
        FulfillmentStatus.UNKNOWN,
    }
    if overtaken and not gained:
        return _as_before(kept, recorded)
    return kept


def _review(kept: Settlement, before: Progress, problem: Problem) -> Settlement:
    """For a person: units and words as they were, nothing more is done by itself."""
    return replace(
        kept,
        state=FulfillmentStatus.NEEDS_REVIEW,
        word=before.word,
        final=before.final,
        failed=before.failed,
        problem=problem,
        due_in=None,
    )


def _as_before(kept: Settlement, recorded: Fulfillment) -> Settlement:
    """What somebody newer recorded stays; only ids and charges are added, and it is read again."""
    before = recorded.progress
    return replace(
        kept,
        state=before.state,
        word=before.word,
        final=before.final,
        failed=before.failed,
        raw_status=recorded.provider_status,
        observed_at=recorded.observed_at,
        problem=recorded.problem,
        due_in=None if before.state is FulfillmentStatus.NEEDS_REVIEW else timedelta(),
    )


def _claim(row: Record) -> Claim:
    fields = {name: row[name] for name in Claim.__dataclass_fields__ if name not in RENAMED}
    return Claim(
        **fields,
        provider_name=row["provider"],
        was=FulfillmentStatus(row["was"].upper()),
    )


RENAMED: Final = frozenset({"provider_name", "was"})
