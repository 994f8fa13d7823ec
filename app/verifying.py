"""Verifying the audit: chains, checkpoints, and the checkpoints that were kept elsewhere."""

import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec

from app.composition import Core
from db import accounts, audit, checkpoints
from db.pool import Connection

EVENT = "audit.checkpoint"
BATCH = 1000


class Kept(msgspec.Struct):
    """A checkpoint as it was logged or exported."""

    number: int
    at: datetime
    heads: int
    root: str
    previous: str
    mac: str
    event: str = EVENT


_decoder = msgspec.json.Decoder(Kept)


async def verify(parts: Core, kept: Path | None = None) -> list[str]:
    """What does not hold, one line each: kept checkpoints, stored ones, then each account's chain.

    All of it as of one instant. `kept` is a file of JSON lines, foreign lines among them.
    """
    key = await parts.keys.audit()
    broken: list[str] = []
    async with parts.database.worker(read_only=True) as conn:
        await audit.snapshot(conn)
        if kept is not None and (found := await _compare(conn, key, kept)):
            broken.append(found)
        if stored := await checkpoints.verify(conn, key):
            broken.append(f"checkpoint {stored.number}: {stored.reason}")
        names = {account.id: account.name for account in await accounts.listed(conn)}
        async for account in audit.chains(conn):
            if row := await audit.verify(conn, account, key):
                name = names.get(account, f"account {account}")
                broken.append(f"{name}  row {row.sequence}: {row.reason}")
    return broken


async def _compare(conn: Connection, key: bytes, path: Path) -> str | None:
    """The first kept checkpoint that was not made here, or that the database no longer has."""
    count = 0
    with path.open("rb") as file:
        lines = _kept(file)
        while batch := list(islice(lines, BATCH)):
            numbers = [kept.number for _, kept in batch if kept]
            stored = await checkpoints.macs(conn, numbers)
            for line, kept in batch:
                if kept is None or not _made_here(key, kept):
                    return (
                        f"{path.name} line {line}: this checkpoint was not made by this audit key"
                    )
                if kept.number not in stored:
                    return f"checkpoint {kept.number}: it was cut off"
                if stored[kept.number].hex() != kept.mac.lower():
                    return f"checkpoint {kept.number}: it is not the one that was kept"
            count += len(batch)
    return None if count else f"{path.name}: it holds no checkpoint"


def _kept(lines: Iterable[bytes]) -> Iterator[tuple[int, Kept | None]]:
    """The checkpoints among log lines by line number; None for one that cannot be read."""
    for number, line in enumerate(lines, 1):
        _, brace, rest = line.partition(b"{")  # collectors of logs write an instant before it
        if not brace:
            continue
        try:
            kept = _decoder.decode(brace + rest)
        except (msgspec.MsgspecError, UnicodeError):
            if f'"{EVENT}"'.encode() in line:
                yield number, None
            continue
        if kept.event == EVENT:
            yield number, kept


def _made_here(key: bytes, kept: Kept) -> bool:
    try:
        root, previous = bytes.fromhex(kept.root), bytes.fromhex(kept.previous)
        expected = checkpoints.made(key, kept.number, kept.at, kept.heads, root, previous)
    except (ValueError, OverflowError):
        return False
    return hmac.compare_digest(expected.mac.hex(), kept.mac.lower())
