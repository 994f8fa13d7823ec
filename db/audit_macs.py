"""What binds the rows of an audit chain: HMAC-SHA256 over the MAC before a row, and the row."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from domain.audit import Act, AuditAction, AuditEvent

# Actor, action, subject, fields, purpose and request id of a row, in the order its MAC covers them.
Said: TypeAlias = tuple[str, AuditAction, str, tuple[str, ...], str | None, str | None]
_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain, locked by this transaction; `at` is the database's clock."""

    sequence: int
    mac: bytes
    at: datetime


def chained(key: bytes, previous: bytes, event: AuditEvent) -> bytes:
    """The MAC of a row after `previous`: HMAC-SHA256 over both, the row as a JSON array."""
    at = _instant(event.at)
    act = event.act
    said = (act.actor, act.action, act.subject, act.fields, act.purpose, act.request_id)
    return _mac(key, previous, str(event.id), str(event.account), event.sequence, at, said)


def of_rows(
    key: bytes, account: UUID, head: Head, ids: Sequence[str], rows: Sequence[Said]
) -> list[bytes]:
    """The MACs of new rows behind the head."""
    mac, owner, at, macs = head.mac, str(account), _instant(head.at), []
    for number, (id, said) in enumerate(zip(ids, rows, strict=True), head.sequence + 1):
        mac = _mac(key, mac, id, owner, number, at, said)
        macs.append(mac)
    return macs


def of_each(
    key: bytes,
    account: UUID,
    head: Head,
    ids: Sequence[str],
    act: Act,
    subjects: Sequence[tuple[str, tuple[str, ...]]],
) -> list[bytes]:
    """The same for one act on many subjects (global ids), each with its own fields.

    Of a row's text only the id, the number and what was done to what vary.
    """
    owner, rest = f'","{account}",', f",{text(act.purpose)},{text(act.request_id)}]"
    same = f',"{_instant(head.at)}",{text(act.actor)},{text(act.action)},"'
    ends = {fields: f'",{text(fields)}{rest}' for fields in {fields for _, fields in subjects}}
    keyed = hmac.new(key, digestmod="sha256").copy  # made anew for each row it takes twice the time
    mac, macs = head.mac, []
    for number, (id, (subject, fields)) in enumerate(
        zip(ids, subjects, strict=True), head.sequence + 1
    ):
        row = keyed()
        row.update(mac + f'["vg1","{id}{owner}{number}{same}{subject}{ends[fields]}'.encode())
        mac = row.digest()
        macs.append(mac)
    return macs


def text(value: object) -> str:
    """A value as JSON."""
    return _json(value).decode()


def _mac(
    key: bytes, previous: bytes, id: str, account: str, sequence: int, at: str, said: Said
) -> bytes:
    row = ("vg1", id, account, sequence, at, *said)
    return hmac.digest(key, previous + _json(row), "sha256")


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
