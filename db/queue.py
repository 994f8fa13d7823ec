"""The queue: who may act on a fulfillment, until when, and whether a place may go out.

`due_at` is new work, back-off and lease in one column; a claim raises the attempt, so that whoever
had it before is recognized as overtaken (db/claims.py settles).

What is claimed: NEEDS_REVIEW never; READY not while its provider is paused; FAILED and CANCELLED
within 14 days of their end, in case units come late; FULFILLED only while a cancellation is asked.
`sent` stands between a claim and a place: it counts the place as going out, or forbids it. All of
it as worker.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from db import attempts
from db.pool import Connection, Record
from domain.carts import Item
from domain.money import Money
from domain.orders import FulfillmentStatus, OrderStatus
from domain.problems import Problem

# Whoever sent it and died: its try has no known outcome, and was over when its lease ended.
CLAIM = """
WITH due AS ({due}),
lost AS (
    UPDATE fulfillment_attempts a SET outcome = 'UNKNOWN' FROM due
     WHERE a.fulfillment_id = due.id AND a.outcome = 'RUNNING' AND due.crashed)
UPDATE fulfillments f
   SET attempt = f.attempt + 1, version = f.version + 1, state = due.becomes,
       due_at = coalesce(now() + due.lease, f.due_at),
       uncertain = f.uncertain OR due.crashed,
       call_ended_at = coalesce(f.call_ended_at, CASE WHEN due.crashed THEN due.due_at END)
  FROM due, order_lines l
 WHERE f.id = due.id AND l.id = f.line_id
RETURNING f.id, f.account, f.order_id, f.line_id, f.provider, f.credential, f.reference,
          f.provider_order_id, f.attempt, due.state AS was, f.first_sent_at, f.placed_at,
          f.quantity, f.delivered, f.failed, due.due_at AS was_due_at, now() AS at, f.word, f.final,
          f.total, f.currency, f.body, f.generation, f.sends, f.call_ended_at, f.not_found_at,
          f.uncertain, f.ended_at, f.problem, f.evidence, f.cancel_asked_at, l.sku,
          l.face_value, l.face_currency"""

DUE_ROW = """d.id, d.state, d.due_at,
           CASE d.state WHEN 'ready' THEN 'sending' ELSE d.state END AS becomes,
           d.state IN ('sending', 'unknown') AND EXISTS (
               SELECT FROM fulfillment_attempts a
                WHERE a.fulfillment_id = d.id AND a.outcome = 'RUNNING') AS crashed"""

CLAIMABLE = """d.due_at <= now()
       AND (d.state IN ('ready', 'sending', 'accepted', 'partially_fulfilled', 'unknown', 'failed',
                        'cancelled')
            OR (d.state = 'fulfilled' AND d.cancel_asked_at IS NOT NULL))
       AND NOT (d.state = 'ready' AND EXISTS (
                SELECT FROM provider_pauses p WHERE p.provider = d.provider))
       AND NOT (d.state IN ('failed', 'cancelled')
                AND coalesce(d.ended_at, now()) < now() - interval '14 days')"""

ONE = f"""
    SELECT {DUE_ROW}, $2::interval AS lease FROM fulfillments d
     WHERE d.id = $1 AND {CLAIMABLE}
       FOR UPDATE OF d SKIP LOCKED"""  # noqa: S608

DUE = f"""
    SELECT {DUE_ROW}, p.lease
      FROM fulfillments d
      JOIN unnest($1::text[], $2::interval[]) AS p (provider, lease) ON p.provider = d.provider
     WHERE {CLAIMABLE}
     ORDER BY d.due_at LIMIT $3
       FOR UPDATE OF d SKIP LOCKED"""  # noqa: S608

TAKE = """
    SELECT d.id, d.state, d.due_at, d.state AS becomes, false AS crashed, $2::interval AS lease
      FROM fulfillments d
     WHERE d.id = $1 AND d.state = ANY($3::text[])
       FOR UPDATE OF d"""

SENT = """
UPDATE fulfillments f
   SET sends = f.sends + 1, first_sent_at = coalesce(f.first_sent_at, clock_timestamp()),
       call_ended_at = NULL, not_found_at = NULL, version = f.version + 1
 WHERE f.id = $1 AND f.attempt = $2 AND f.state IN ('sending', 'unknown')
   AND f.due_at > clock_timestamp() AND clock_timestamp() < $3::timestamptz + $4::interval
   AND NOT EXISTS (SELECT FROM provider_pauses p WHERE p.provider = f.provider)
RETURNING f.first_sent_at"""

# Longer ago, and the lease might end before the call does.
SEND_WITHIN = timedelta(seconds=5)


class Overtaken(Exception):
    """A place must not go out any more: somebody else has the claim, it is too old, or paused."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to act on a fulfillment until its lease ends; `was` is its state before.

    `at` is when it was claimed, by the database's clock. `total` is the frozen price, None for
    imported orders; `body` the request, sealed. `sends` counts the places that really went out;
    `call_ended_at` is None while a place is under way; `uncertain`: one of unknown outcome went
    out. `cancel_asked_at`: the provider was asked to cancel it, and has not confirmed.
    """

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
    was_due_at: datetime | None
    at: datetime
    first_sent_at: datetime | None
    placed_at: datetime
    word: OrderStatus
    final: bool
    quantity: int
    delivered: int
    failed: int
    sku: str | None
    face_value: Money
    total: Money | None
    body: bytes | None = field(repr=False)
    generation: int
    sends: int
    call_ended_at: datetime | None
    not_found_at: datetime | None
    uncertain: bool
    ended_at: datetime | None
    problem: Problem | None
    evidence: Mapping[str, Any] | None
    cancel_asked_at: datetime | None

    @property
    def item(self) -> Item | None:
        """What is bought; None for imports that do not tell it."""
        return None if self.sku is None else Item(self.sku, self.face_value, self.quantity)


async def claim(conn: Connection, fulfillment_id: UUID, lease: timedelta) -> Claim | None:
    """Take the right to act on a fulfillment; None when it is not due or somebody has it."""
    row = await conn.fetchrow(CLAIM.format(due=ONE), fulfillment_id, lease)
    return _claim(row) if row else None


async def claim_due(conn: Connection, limit: int, leases: Mapping[str, timedelta]) -> list[Claim]:
    """Take what is due of the given providers, longest overdue first; leases by provider."""
    rows = await conn.fetch(CLAIM.format(due=DUE), list(leases), list(leases.values()), limit)
    return [_claim(row) for row in sorted(rows, key=lambda row: row["was_due_at"])]


async def take(
    conn: Connection,
    fulfillment_id: UUID,
    states: Collection[FulfillmentStatus],
    lease: timedelta | None = None,
) -> Claim | None:
    """The same for a person's decision, due or not, when it is in one of these states, which stays.

    Whoever held it is overtaken. Without a lease it must be settled in this transaction. Lock the
    order before.
    """
    wanted = [state.lower() for state in states]
    row = await conn.fetchrow(CLAIM.format(due=TAKE), fulfillment_id, lease, wanted)
    return _claim(row) if row else None


async def wake(conn: Connection, ids: Sequence[UUID]) -> None:
    """Make fulfillments due now, unless they are being sent or need no more work.

    One that is being read meanwhile is read twice; the fence and the units' identity bear that.
    """
    await conn.execute(
        "UPDATE fulfillments SET due_at = least(due_at, now()) WHERE id = ANY($1)"
        " AND state IN ('ready', 'accepted', 'partially_fulfilled', 'unknown')",
        list(ids),
    )


async def sent(conn: Connection, claimed: Claim) -> datetime:
    """Count a place as going out now, in a transaction of its own just before the call.

    When the first one went out. Raises Overtaken when it must not be sent: not within 5 s of the
    claim, or no longer under it, or the provider is paused.
    """
    await conn.execute("SELECT FROM fulfillments WHERE id = $1 FOR NO KEY UPDATE", claimed.id)
    first: datetime | None = await conn.fetchval(
        SENT, claimed.id, claimed.attempt, claimed.at, SEND_WITHIN
    )
    if first is None:
        raise Overtaken
    await attempts.begin(conn, claimed.id, claimed.attempt)
    return first


def _claim(row: Record) -> Claim:
    return Claim(
        id=row["id"],
        account=row["account"],
        order_id=row["order_id"],
        line_id=row["line_id"],
        provider_name=row["provider"],
        credential=row["credential"],
        reference=row["reference"],
        provider_order_id=row["provider_order_id"],
        attempt=row["attempt"],
        was=FulfillmentStatus(row["was"].upper()),
        was_due_at=row["was_due_at"],
        at=row["at"],
        first_sent_at=row["first_sent_at"],
        placed_at=row["placed_at"],
        word=OrderStatus(row["word"]),
        final=row["final"],
        quantity=row["quantity"],
        delivered=row["delivered"],
        failed=row["failed"],
        sku=row["sku"],
        face_value=Money(row["face_value"], row["face_currency"]),
        total=None if row["total"] is None else Money(row["total"], row["currency"]),
        body=row["body"],
        generation=row["generation"],
        sends=row["sends"],
        call_ended_at=row["call_ended_at"],
        not_found_at=row["not_found_at"],
        uncertain=row["uncertain"],
        ended_at=row["ended_at"],
        problem=row["problem"] and msgspec.json.decode(row["problem"], type=Problem),
        evidence=row["evidence"] and msgspec.json.decode(row["evidence"]),
        cancel_asked_at=row["cancel_asked_at"],
    )
