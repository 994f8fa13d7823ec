"""Checkpoints of the audit chains: what every chain's end was, once a minute, chained in turn.

A chain alone cannot show that its newest rows were cut off and its head set back. A checkpoint can:
it names the heads that had changed since the one before it (the leaves of a Merkle tree, as in
RFC 6962), and its MAC covers their root and the MAC before it. All of it as worker.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from db.pool import Connection, Record

START = bytes(32)
BATCH = 5000

LAST = "SELECT number, mac FROM audit_checkpoints ORDER BY number DESC LIMIT 1"
CHANGED = """
SELECT h.account, h.sequence, h.mac, l.sequence AS seen, clock_timestamp() AS at
  FROM audit_heads h
  LEFT JOIN LATERAL (SELECT c.sequence, c.mac FROM audit_checkpoint_heads c
                      WHERE c.account = h.account ORDER BY c.number DESC LIMIT 1) l ON true
 WHERE h.sequence > 0
   AND (l.sequence IS DISTINCT FROM h.sequence OR l.mac IS DISTINCT FROM h.mac)
 ORDER BY h.account"""
# Two processes at once: the second one finds the number taken and adds nothing.
ADD = """
INSERT INTO audit_checkpoints (number, at, heads, root, previous, mac)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING number"""
ADD_HEADS = """
INSERT INTO audit_checkpoint_heads (number, account, sequence, mac)
SELECT $1, n.account, n.sequence, n.mac
  FROM unnest($2::uuid[], $3::bigint[], $4::bytea[]) AS n (account, sequence, mac)"""
STORED = """
SELECT number, at, heads, root, previous, mac FROM audit_checkpoints
 WHERE number > $1 ORDER BY number LIMIT $2"""
LEAVES = """
SELECT number, account, sequence, mac FROM audit_checkpoint_heads
 WHERE (number, account) > ($1, $2) ORDER BY number, account LIMIT $3"""
OF_ACCOUNT = """
SELECT number, account, sequence, mac FROM audit_checkpoint_heads
 WHERE account = $1 AND number > $2 ORDER BY number LIMIT $3"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The heads that had changed until `at`, as one hash; `mac` chains it to `previous`."""

    number: int
    at: datetime
    heads: int
    root: bytes
    previous: bytes
    mac: bytes

    def shown(self) -> dict[str, Any]:
        """As it is logged and exported: bytes in hex, the instant in ISO 8601 and UTC."""
        shown = {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in asdict(self).items()
        }
        return {**shown, "at": _instant(self.at)}


@dataclass(frozen=True, slots=True)
class Leaf:
    """The head of an account's chain, as the checkpoint `number` saw it."""

    number: int
    account: UUID
    sequence: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class BrokenCheckpoint:
    """The first checkpoint that does not hold, and how."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A new checkpoint, and the accounts whose head stands before where it was seen last."""

    checkpoint: Checkpoint
    set_back: Sequence[UUID]


async def take(conn: Connection, key: bytes) -> Taken | None:
    """Store a checkpoint of the heads that changed; None when none did or somebody else has."""
    last = await conn.fetchrow(LAST)
    changed = await conn.fetch(CHANGED)
    if not changed:
        return None
    number, previous = (last["number"] + 1, last["mac"]) if last else (1, START)
    leaves = [Leaf(number, row["account"], row["sequence"], row["mac"]) for row in changed]
    checkpoint = made(key, number, changed[0]["at"], len(leaves), merkle_root(leaves), previous)
    added = await conn.fetchval(
        ADD,
        *(checkpoint.number, checkpoint.at, checkpoint.heads),
        *(checkpoint.root, checkpoint.previous, checkpoint.mac),
    )
    if added is None:
        return None
    await conn.execute(
        ADD_HEADS,
        number,
        [leaf.account for leaf in leaves],
        [leaf.sequence for leaf in leaves],
        [leaf.mac for leaf in leaves],
    )
    back = [row["account"] for row in changed if row["seen"] and row["sequence"] <= row["seen"]]
    return Taken(checkpoint, back)


async def newest(conn: Connection) -> Checkpoint | None:
    row = await conn.fetchrow(
        "SELECT number, at, heads, root, previous, mac FROM audit_checkpoints"
        " ORDER BY number DESC LIMIT 1"
    )
    return Checkpoint(**row) if row else None


async def macs(conn: Connection, numbers: Sequence[int]) -> Mapping[int, bytes]:
    """The MACs of stored checkpoints by number; those that are not there are left out."""
    rows = await conn.fetch(
        "SELECT number, mac FROM audit_checkpoints WHERE number = ANY($1::bigint[])", list(numbers)
    )
    return {row["number"]: row["mac"] for row in rows}


async def verify(conn: Connection, key: bytes) -> BrokenCheckpoint | None:
    """Recompute every root and MAC from the stored heads: the first that does not hold, or None.

    Call it in one snapshot (`db.audit.snapshot`).
    """
    number, previous = 0, START
    leaves = _all_leaves(conn)
    leaf = await anext(leaves, None)
    async for found in _stored(conn):
        number += 1
        if found.number != number:
            return BrokenCheckpoint(number, "it is missing")
        tree = Tree()
        while leaf is not None and leaf.number == number:
            tree.add(leaf)
            leaf = await anext(leaves, None)
        expected = made(key, number, found.at, tree.size, tree.root(), previous)
        if expected.root != found.root or expected.heads != found.heads:
            return BrokenCheckpoint(number, "its heads are not those that it was made of")
        if found.previous != previous or not hmac.compare_digest(expected.mac, found.mac):
            return BrokenCheckpoint(number, "it was altered, or follows another one than it did")
        previous = found.mac
    if leaf is not None:
        return BrokenCheckpoint(leaf.number, "it is missing, its heads are there")
    return None


async def of_account(conn: Connection, account: UUID) -> AsyncIterator[Leaf]:
    """Where checkpoints saw the head of an account, oldest first."""
    number = 0
    while rows := await conn.fetch(OF_ACCOUNT, account, number, BATCH):
        for row in rows:
            yield _leaf(row)
        number = rows[-1]["number"]


def made(
    key: bytes, number: int, at: datetime, heads: int, root: bytes, previous: bytes
) -> Checkpoint:
    """A checkpoint with its MAC: HMAC-SHA256 over the MAC before it and itself as a JSON array.

    The first word keeps it apart from the rows of the chains, which are made with the same key.
    """
    text = msgspec.json.encode(("vgc1", number, _instant(at), heads, root.hex()))
    mac = hmac.new(key, previous + text, hashlib.sha256).digest()
    return Checkpoint(number, at, heads, root, previous, mac)


class Tree:
    """A Merkle tree that is told its leaves one by one and remembers a hash for each level."""

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[tuple[int, bytes]] = []  # (leaves below, hash), largest first

    def add(self, leaf: Leaf) -> None:
        self.size += 1
        text = leaf.account.bytes + leaf.sequence.to_bytes(8, "big", signed=True) + leaf.mac
        below, node = 1, hashlib.sha256(b"\x00" + text).digest()
        while self._complete and self._complete[-1][0] == below:
            _, left = self._complete.pop()
            below, node = below * 2, _joined(left, node)
        self._complete.append((below, node))

    def root(self) -> bytes:
        """The hash over all leaves so far; that of nothing where there is none."""
        if not self._complete:
            return hashlib.sha256(b"").digest()
        *lefts, (_, node) = self._complete
        for _, left in reversed(lefts):
            node = _joined(left, node)
        return node


def merkle_root(leaves: Iterable[Leaf]) -> bytes:
    """The root over leaves in their order."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


async def _stored(conn: Connection) -> AsyncIterator[Checkpoint]:
    number = 0
    while rows := await conn.fetch(STORED, number, BATCH):
        for row in rows:
            yield Checkpoint(**row)
        number = rows[-1]["number"]


async def _all_leaves(conn: Connection) -> AsyncIterator[Leaf]:
    after: tuple[int, UUID] = (-1, UUID(int=0))
    while rows := await conn.fetch(LEAVES, *after, BATCH):
        for row in rows:
            yield _leaf(row)
        after = (rows[-1]["number"], rows[-1]["account"])


def _leaf(row: Record) -> Leaf:
    return Leaf(row["number"], row["account"], row["sequence"], row["mac"])
