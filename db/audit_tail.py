"""The newest rows of an audit chain, checked with the code that checks whole chains.

What is older is vouched for by the row that the newest ones follow, and is not read. As worker.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.audit import COLUMNS, START, Broken, Walk, another
from db.checkpoints import Leaf
from db.pool import Connection, Record
from domain.audit import AuditChain

MOST = 1000

# `row_mac` is of the row that the newest checkpoint saw, as it is now.
ENDS = """
SELECT h.sequence, h.mac, l.number, l.sequence AS seen, l.mac AS seen_mac, c.at, e.mac AS row_mac
  FROM (SELECT $1::uuid AS account) a
  LEFT JOIN audit_heads h ON h.account = a.account
  LEFT JOIN LATERAL (SELECT s.number, s.sequence, s.mac FROM audit_checkpoint_heads s
                      WHERE s.account = a.account ORDER BY s.number DESC LIMIT 1) l ON true
  LEFT JOIN audit_checkpoints c ON c.number = l.number
  LEFT JOIN audit_events e ON e.account = a.account AND e.sequence = l.sequence"""
NEWEST = f"""
SELECT {COLUMNS} FROM audit_events a WHERE a.account = $1 ORDER BY a.sequence DESC LIMIT $2"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Tail:
    """A chain's end as it was read: `rows` oldest first, after the row `before` where one is.

    `leaf` is the head that the newest checkpoint saw, taken at `at`; `now` the MAC of that row.
    """

    head: tuple[int, bytes] | None
    before: Record | None
    rows: Sequence[Record]
    leaf: Leaf | None
    now: bytes | None
    at: datetime | None


async def read(conn: Connection, account: UUID) -> Tail:
    """The newest rows, at most MOST, in two statements. Call it in one snapshot."""
    ends = await conn.fetchrow(ENDS, account)
    rows = (await conn.fetch(NEWEST, account, MOST + 1))[::-1]
    before = rows.pop(0) if len(rows) > MOST else None
    if ends is None:
        raise LookupError("a statement without a condition found nothing")
    head = None if ends["sequence"] is None else (ends["sequence"], ends["mac"])
    leaf = None
    if ends["number"] is not None:
        leaf = Leaf(ends["number"], account, ends["seen"], ends["seen_mac"])
    return Tail(head, before, rows, leaf, ends["row_mac"], ends["at"])


def check(key: bytes, tail: Tail) -> AuditChain:
    """Recompute it: milliseconds of work for a thousand rows, without any waiting."""
    broken = _broken(key, tail)
    length, mac = tail.head or (0, None)
    return AuditChain(
        length=length,
        head=mac,
        checked=len(tail.rows),
        first_broken=broken.sequence if broken else None,
        checkpoint_at=tail.at,
    )


def _broken(key: bytes, tail: Tail) -> Broken | None:
    before, leaf = tail.before, tail.leaf
    first, mac = (before["sequence"], before["mac"]) if before else (0, START)
    if leaf is not None and leaf.sequence <= first:
        if not hmac.compare_digest(tail.now or b"", leaf.mac):
            return another(leaf)
        leaf = None
    walk = Walk(key, tail.head, first, mac)
    for row in tail.rows:
        if broken := walk.row(row):
            return broken
        if leaf is not None and leaf.sequence <= walk.sequence:
            if broken := walk.saw(leaf):
                return broken
            leaf = None
    return walk.end(leaf)
