"""The audit chain: each row's MAC covers the row and the MAC before it; one chain per account."""

import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from db import audit_macs, checkpoints
from db.audit_macs import Head, Said
from db.checkpoints import Leaf
from db.keyset import Conditions, keyset
from db.pool import Connection, DatabaseUnavailable, Record, array_text
from domain.audit import Act, AuditAction, AuditEvent
from domain.ids import uuid7_texts
from domain.pages import Page, Slice
from domain.pages import page as sliced

COLUMNS = """a.id, a.account, a.sequence, a.at, a.actor, a.action, a.subject, a.fields, a.purpose,
    a.request_id, a.mac"""
START = bytes(32)
BATCH = 5000
# A chain is locked for milliseconds: who holds it longer is stuck, and nobody waits for that.
LOCK_SECONDS = 10.0
ALTERED = "a row was altered, or follows another one than it did"

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

# The same for one act on many subjects. What all rows have in common is sent once, numbers are
# counted here, and lists come as texts: the driver looks at every element of an array.
APPEND_EACH = """
WITH added AS (
    INSERT INTO audit_events (account, sequence, id, at, actor, action, subject, fields, purpose,
                              request_id, mac)
    SELECT $1, $7::bigint + n.position, n.id, $2, $3, $4, n.subject,
           string_to_array(n.fields, '|'), $5, $6,
           substr($11::bytea, 32 * (n.position - 1)::int + 1, 32)
      FROM unnest($8::text::uuid[], $9::text::text[], $10::text::text[])
           WITH ORDINALITY AS n (id, subject, fields, position))
UPDATE audit_heads SET sequence = $12, mac = $13 WHERE account = $1"""

NEXT = """
SELECT least(
    (SELECT account FROM audit_heads WHERE account > $1 ORDER BY account LIMIT 1),
    (SELECT account FROM audit_events WHERE account > $1 ORDER BY account LIMIT 1),
    (SELECT account FROM audit_checkpoint_heads WHERE account > $1 ORDER BY account LIMIT 1))"""


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
    rows: list[Said] = [
        (act.actor, act.action, act.subject, act.fields, act.purpose, act.request_id)
        for act in acts
    ]
    ids = uuid7_texts(len(rows))
    macs = audit_macs.of_rows(key, account, head, ids, rows)
    last = head.sequence + len(rows)
    actors, actions, subjects, fields, purposes, request_ids = zip(*rows, strict=True)
    await conn.execute(
        APPEND,
        *(account, head.at, range(head.sequence + 1, last + 1)),
        *(ids, actors, actions, subjects, [audit_macs.text(listed) for listed in fields]),
        *(purposes, request_ids, macs),
        *(last, macs[-1]),
    )
    return [
        AuditEvent(UUID(id), account, sequence, head.at, act, mac)
        for sequence, (id, act, mac) in enumerate(
            zip(ids, acts, macs, strict=True), head.sequence + 1
        )
    ]


async def append_each(
    conn: Connection,
    account: UUID,
    act: Act,
    subjects: Sequence[tuple[str, tuple[str, ...]]],
    key: bytes,
    head: Head,
) -> None:
    """Chain one act for many subjects (global ids), each with its own fields (names of columns).

    `head` is locked.
    """
    if not subjects:
        return
    actor, action, purpose, request_id = act.actor, act.action, act.purpose, act.request_id
    ids = uuid7_texts(len(subjects))
    macs = audit_macs.of_each(key, account, head, ids, act, subjects)
    # In quotes, for an act on no field.
    quoted = {fields: f'"{"|".join(fields)}"' for fields in {fields for _, fields in subjects}}
    await conn.execute(
        APPEND_EACH,
        *(account, head.at, actor, action, purpose, request_id, head.sequence),
        *(array_text(ids), array_text([subject for subject, _ in subjects])),
        *(array_text([quoted[fields] for _, fields in subjects]), b"".join(macs)),
        *(head.sequence + len(subjects), macs[-1]),
    )


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


class Walk:
    """How far a chain holds, told its rows in their order and what checkpoints saw at them.

    It begins after row `sequence`, whose MAC is `mac`; `head` is the chain's, None without one.
    """

    def __init__(
        self, key: bytes, head: tuple[int, bytes] | None, sequence: int = 0, mac: bytes = START
    ) -> None:
        self.sequence, self.mac = sequence, mac
        self._key, self._head = key, head

    def row(self, row: Record) -> Broken | None:
        """The next row that is there."""
        self.sequence += 1
        if row["sequence"] != self.sequence:
            return Broken(self.sequence, "a row is missing")
        try:
            self.mac = audit_macs.chained(self._key, self.mac, _event(row))
        except (ValueError, OverflowError):  # an act or an instant that we never write
            return Broken(self.sequence, ALTERED)
        if not hmac.compare_digest(self.mac, row["mac"]):
            return Broken(self.sequence, ALTERED)
        end, mac = self._head or (0, START)
        if self.sequence == end and not hmac.compare_digest(self.mac, mac):
            return Broken(self.sequence, "the head does not belong to its row")
        return None

    def saw(self, leaf: Leaf) -> Broken | None:
        """What a checkpoint saw, told as soon as its row was, or should have been."""
        if leaf.sequence < self.sequence or not hmac.compare_digest(self.mac, leaf.mac):
            return another(leaf)
        return None

    def end(self, leaf: Leaf | None) -> Broken | None:
        """After the last row; `leaf` is the first that a checkpoint saw behind it."""
        end = self._head[0] if self._head else 0
        if self.sequence < end:
            return Broken(self.sequence + 1, "rows are cut off at the end")
        if leaf is not None:
            reason = f"rows are cut off that checkpoint {leaf.number} saw"
            return Broken(self.sequence + 1, reason)
        if self._head is None and self.sequence:
            return Broken(1, "the head is missing")
        return Broken(end + 1, "rows follow the head") if self.sequence > end else None


def another(leaf: Leaf) -> Broken:
    """The row that a checkpoint saw is not the one that is there."""
    return Broken(leaf.sequence, f"checkpoint {leaf.number} saw another row here")


async def verify(conn: Connection, account: UUID, key: bytes) -> Broken | None:
    """Recompute the chain: the first row removed, altered, moved or cut off, or None.

    Every head that a checkpoint saw must still stand in it. Memory does not grow with the chain.
    Call it in one snapshot where rows may be appended meanwhile.
    """
    head = await conn.fetchrow("SELECT sequence, mac FROM audit_heads WHERE account = $1", account)
    walk = Walk(key, (head["sequence"], head["mac"]) if head else None)
    seen = checkpoints.of_account(conn, account)
    leaf = await anext(seen, None)
    async for row in _chain(conn, account):
        if broken := walk.row(row):
            return broken
        while leaf is not None and leaf.sequence <= walk.sequence:
            if broken := walk.saw(leaf):
                return broken
            leaf = await anext(seen, None)
    return walk.end(leaf)


async def _chain(conn: Connection, account: UUID) -> AsyncIterator[Record]:
    # From the smallest number there is: a row before the first one is not a row of the chain.
    last = -(2**63)
    while True:
        rows = await conn.fetch(
            f"SELECT {COLUMNS} FROM audit_events a"  # noqa: S608
            " WHERE a.account = $1 AND a.sequence > $2 ORDER BY a.sequence LIMIT $3",
            *(account, last, BATCH),
        )
        for row in rows:
            yield row
        if len(rows) < BATCH:
            return
        last = rows[-1]["sequence"]


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
