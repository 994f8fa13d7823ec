"""The floor of a reveal: one statement, one audit insert, a bare loop over AESGCM."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import Pool
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db import audit
from domain.ids import Kind
from tests.bench.floor_rows import shown_id, viewer

SEALED = """
SELECT v.order_id, v.id, v.code FROM orders o JOIN vouchers v ON v.order_id = o.id
 ORDER BY o.placed_at DESC, o.id DESC, v.id LIMIT 1000"""


class Revealer:
    """Holds the keys as the service's vault does: one cipher per data key."""

    def __init__(self, data_keys: Mapping[str, str], audit_key: str) -> None:
        self._ciphers = {
            UUID(id).bytes: (id, AESGCM(bytes.fromhex(raw))) for id, raw in data_keys.items()
        }
        self._audit_key = bytes.fromhex(audit_key)

    async def answer(self, pool: "Pool[asyncpg.Record]", account: UUID, actor: str) -> Any:
        """B6: the codes, opened once their audit rows are committed."""
        async with viewer(pool, account) as conn:
            rows = await conn.fetch(SEALED)
            head = await conn.fetchrow(audit.LOCK, account)
            if head is None:
                await conn.execute(audit.CREATE, account, audit.START)
                head = await conn.fetchrow(audit.LOCK, account)
            if head is None:
                raise LookupError("no audit chain")
            await conn.execute(audit.APPEND, *self._chain(account, actor, head, rows))
        bound = f"vg1|{account}|"
        orders: dict[UUID, list[dict[str, str]]] = {}
        for row in rows:
            sealed = row["code"]
            key_id, cipher = self._ciphers[sealed[1:17]]
            data = f"{bound}{row['id']}|code|{key_id}".encode()
            code = cipher.decrypt(sealed[17:29], sealed[29:], data).decode()
            unit = {"id": shown_id(Kind.VOUCHER, row["id"]), "code": code}
            orders.setdefault(row["order_id"], []).append(unit)
        return {"orders": {"nodes": [{"vouchers": {"nodes": units}} for units in orders.values()]}}

    def _chain(
        self, account: UUID, actor: str, head: asyncpg.Record, rows: list[asyncpg.Record]
    ) -> tuple[Any, ...]:
        """The arguments of the one insert; each row's MAC covers the row before it."""
        mac, number, at = head["mac"], len(rows), head["at"].isoformat()
        sequences = list(range(head["sequence"] + 1, head["sequence"] + 1 + number))
        subjects = [shown_id(Kind.VOUCHER, row["id"]) for row in rows]
        ids = [UUID(bytes=os.urandom(16)) for _ in rows]
        macs = []
        for sequence, id, subject in zip(sequences, ids, subjects, strict=True):
            text = msgspec.json.encode(
                (str(id), str(account), sequence, at, actor, "VOUCHER_REVEALED", subject, ("code",))
            )
            mac = hmac.digest(self._audit_key, mac + text, hashlib.sha256)
            macs.append(mac)
        same = (
            [actor] * number,
            ["VOUCHER_REVEALED"] * number,
            subjects,
            ['["code"]'] * number,
            [None] * number,
            [None] * number,
        )
        return (account, head["at"], sequences, ids, *same, macs, sequences[-1], mac)
