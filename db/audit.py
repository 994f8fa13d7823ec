"""The audit chain: each row's MAC covers the row and the MAC before it; one chain per account."""

import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from db import checkpoints
from db.keyset import Conditions, keyset
from db.pool import Connection, DatabaseUnavailable, Record
from domain.audit import Act, AuditAction, AuditEvent
from domain.ids import uuid7
from domain.pages import Page, Slice
from domain.pages import page as sliced

COLUMNS = """a.id, a.account, a.sequence, a.at, a.actor, a.action, a.subject, a.fields, a.purpose,
    a.request_id, a.mac"""
START = bytes(32)
BATCH = 5000
_json = msgspec.json.Encoder().encode
# A chain is locked for milliseconds: who holds it longer is stuck, and nobody waits for that.
LOCK_SECONDS = 10.0

LOCK = (
    "SELECT sequence, mac, clock_timestamp() AS at FROM audit_heads WHERE account = $1 FOR UPDATE"
)
CREATE = """
INSERT INTO audit_heads (account, sequence, mac) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING"""

# fields travel as JSON: PostgreSQL cannot unnest arrays of different lengths.
APPEND = """
WITH added AS (
    INSERT INTO audit_events (account, sequence, id, at, actor, action, subject, fields, purpose,
                              request_id, mac)
    SELECT $1, n.sequence, n.id, $2, n.actor, n.action, n.subject,
           ARRAY(SELECT jsonb_array_elements_text(n.fields::jsonb)), n.purpose, n.request_id, n.mac
      FROM unnest($3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
                  $9::text[], $10::text[], $11::bytea[])
           AS n (sequence, id, actor, action, subject, fields, purpose, request_id, mac))
UPDATE audit_heads SET sequence = $12, mac = $13 WHERE account = $1"""

NEXT = """
SELECT least(
    (SELECT account FROM audit_heads WHERE account > $1 ORDER BY account LIMIT 1),
    (SELECT account FROM audit_events WHERE account > $1 ORDER BY account LIMIT 1),
    (SELECT account FROM audit_checkpoint_heads WHERE account > $1 ORDER BY account LIMIT 1))"""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain, locked by this transaction; `at` is the database's clock."""

    sequence: int
    mac: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where a chain does not hold, and how."""

    sequence: int
    reason: str


async def lock(conn: Connection, account: UUID) -> Head:
    """Lock the account's chain until the transaction ends, starting it where there is none.

    DatabaseUnavailable when it was not free within LOCK_SECONDS.
    """
    try:
        row = await conn.fetchrow(LOCK, account, timeout=LOCK_SECONDS)
        if row is None:
            await conn.execute(CREATE, account, START, timeout=LOCK_SECONDS)
            row = await conn.fetchrow(LOCK, account, timeout=LOCK_SECONDS)
    except TimeoutError:
        raise DatabaseUnavailable("the audit chain is locked") from None
    if row is None:
        raise LookupError("the audit chain could not be started")
    return Head(row["sequence"], row["mac"], row["at"])


async def append(
    conn: Connection, account: UUID, acts: Sequence[Act], key: bytes, head: Head | None = None
) -> list[AuditEvent]:
    """Chain the acts; what was written. `head` spares a statement where the caller locked it."""
    if not acts:
        return []
    head = head or await lock(conn, account)
    events: list[AuditEvent] = []
    mac, owner, at = head.mac, str(account), _instant(head.at)
    for sequence, act in enumerate(acts, head.sequence + 1):
        id = uuid7()
        mac = _mac(key, mac, str(id), owner, sequence, at, act)
        events.append(AuditEvent(id, account, sequence, head.at, act, mac))
    await conn.execute(
        APPEND,
        *(account, head.at),
        [event.sequence for event in events],
        [event.id for event in events],
        [act.actor for act in acts],
        [act.action.value for act in acts],
        [act.subject for act in acts],
        [_json(act.fields).decode() for act in acts],
        [act.purpose for act in acts],
        [act.request_id for act in acts],
        [event.mac for event in events],
        *(events[-1].sequence, mac),
    )
    return events


async def page(
    conn: Connection, account: UUID, cut: Slice, subject: str | None = None
) -> Page[AuditEvent]:
    """The chain, newest first, of one subject (a global id) or all; keys are (sequence,)."""
    conditions = Conditions()
    conditions.add(f"a.account = {conditions.argument(account, 'uuid')}")
    if subject is not None:
        conditions.add(f"a.subject = {conditions.argument(subject, 'text')}")
    tail = keyset(conditions, cut, (("a.sequence", "bigint"),), descending=True)
    rows = await conn.fetch(
        f"SELECT {COLUMNS} FROM audit_events a WHERE {conditions.where()} {tail}",  # noqa: S608
        *conditions.arguments,
    )
    return sliced([((row["sequence"],), _event(row)) for row in rows], cut)


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, AuditEvent]:
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM audit_events a WHERE a.id = ANY($1)", list(ids))  # noqa: S608
    return {row["id"]: _event(row) for row in rows}


async def snapshot(conn: Connection) -> None:
    """Let this transaction see one instant; call it before its first statement."""
    await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def chains(conn: Connection) -> AsyncIterator[UUID]:
    """Every account that has, or by a checkpoint once had, a chain; in order of their ids."""
    last: UUID | None = UUID(int=0)
    while last is not None:
        last = await conn.fetchval(NEXT, last)
        if last is not None:
            yield last


async def verify(conn: Connection, account: UUID, key: bytes) -> Broken | None:
    """Recompute the chain: the first row removed, altered, moved or cut off, or None.

    Every head that a checkpoint saw must still stand in it. Memory does not grow with the chain.
    Call it in one snapshot where rows may be appended meanwhile.
    """
    head = await conn.fetchrow("SELECT sequence, mac FROM audit_heads WHERE account = $1", account)
    end, end_mac = (head["sequence"], head["mac"]) if head else (0, START)
    seen = checkpoints.of_account(conn, account)
    leaf = await anext(seen, None)
    sequence, mac = 0, START
    async for event in _chain(conn, account):
        sequence += 1
        if event.sequence != sequence:
            return Broken(sequence, "a row is missing")
        mac = chained(key, mac, event)
        if not hmac.compare_digest(mac, event.mac):
            return Broken(sequence, "a row was altered, or follows another one than it did")
        if sequence == end and not hmac.compare_digest(mac, end_mac):
            return Broken(sequence, "the head does not belong to its row")
        while leaf is not None and leaf.sequence <= sequence:
            if leaf.sequence < sequence or not hmac.compare_digest(mac, leaf.mac):
                return Broken(leaf.sequence, f"checkpoint {leaf.number} saw another row here")
            leaf = await anext(seen, None)
    if sequence < end:
        return Broken(sequence + 1, "rows are cut off at the end")
    if leaf is not None:
        return Broken(sequence + 1, f"rows are cut off that checkpoint {leaf.number} saw")
    if head is None and sequence:
        return Broken(1, "the head is missing")
    return Broken(end + 1, "rows follow the head") if sequence > end else None


async def _chain(conn: Connection, account: UUID) -> AsyncIterator[AuditEvent]:
    # From the smallest number there is: a row before the first one is not a row of the chain.
    last = -(2**63)
    while True:
        rows = await conn.fetch(
            f"SELECT {COLUMNS} FROM audit_events a"  # noqa: S608
            " WHERE a.account = $1 AND a.sequence > $2 ORDER BY a.sequence LIMIT $3",
            *(account, last, BATCH),
        )
        for row in rows:
            yield _event(row)
        if len(rows) < BATCH:
            return
        last = rows[-1]["sequence"]


def chained(key: bytes, previous: bytes, event: AuditEvent) -> bytes:
    """The MAC of a row after `previous`: HMAC-SHA256 over both, the row as a JSON array."""
    at = _instant(event.at)
    return _mac(key, previous, str(event.id), str(event.account), event.sequence, at, event.act)


def _mac(
    key: bytes, previous: bytes, id: str, account: str, sequence: int, at: str, act: Act
) -> bytes:
    row = (
        *("vg1", id, account, sequence, at, act.actor),
        *(act.action, act.subject, act.fields, act.purpose, act.request_id),
    )
    return hmac.digest(key, previous + _json(row), "sha256")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _event(row: Record) -> AuditEvent:
    return AuditEvent(
        id=row["id"],
        account=row["account"],
        sequence=row["sequence"],
        at=row["at"],
        act=Act(
            actor=row["actor"],
            action=AuditAction(row["action"]),
            subject=row["subject"],
            fields=tuple(row["fields"]),
            purpose=row["purpose"],
            request_id=row["request_id"],
        ),
        mac=row["mac"],
    )
