"""The floor: a hand-written handler for each workload, with the service's checks and statements.

It reads its settings from its input, one JSON line, answers with its address, and ends when its
input ends.
"""

import asyncio
import base64
import hmac
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from aiohttp import web
from asyncpg.pool import Pool

from db import clients, fulfillments
from tests.bench import floor_rows as rows
from tests.bench.children import ended, say
from tests.bench.floor_calls import Upstream
from tests.bench.floor_place import Placer
from tests.bench.floor_reveal import Revealer

CACHE_SECONDS = 5.0
POOL_SIZE = 10  # as the service's
KIND = "application/graphql-response+json; charset=utf-8"

Answerer = Callable[[asyncpg.Record, Any], Awaitable[Any]]


class Floor:
    """The handlers, by workload."""

    def __init__(self, spec: Any, pool: "Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._pepper = base64.b64decode(spec["pepper"].partition(":")[2])
        self._upstream = Upstream(spec["providers"])
        self._revealer = Revealer(spec["data_keys"], spec["audit_key"])
        self._placer = Placer(spec)
        self._clients: dict[str, tuple[float, asyncpg.Record]] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._answerers: dict[str, tuple[str, Answerer]] = {
            "B1": ("orders:read", self._status),
            "B2": ("orders:read", self._page),
            "B3": ("orders:read", self._page),
            "B4": ("orders:read", self._vouchers),
            "B5": ("orders:read", self._live_status),
            "B6": ("vouchers:reveal", self._reveal),
            "B7": ("orders:place", self._place),
        }

    async def close(self) -> None:
        await self._upstream.close()
        await self._placer.close()

    async def handle(self, request: web.Request) -> web.Response:
        scope, answerer = self._answerers[request.match_info["workload"]]
        client = await self._authenticated(request, scope)
        asked = msgspec.json.decode(await request.read())
        data = await answerer(client, asked["variables"])
        return web.Response(
            body=msgspec.json.encode({"data": data}), headers={"Content-Type": KIND}
        )

    async def _authenticated(self, request: web.Request, scope: str) -> asyncpg.Record:
        """The client's row, at most five seconds old, when its secret is genuine."""
        key, secret = request.headers["X-API-Key"], request.headers["X-API-Secret"]
        known = self._clients.get(key)
        if known is None or known[0] < time.monotonic():
            row = await self._client(key)
            known = self._clients[key] = (time.monotonic() + CACHE_SECONDS, row)
        row = known[1]
        mac = hmac.digest(self._pepper, secret.encode(), "sha256")
        if not hmac.compare_digest(mac, row["secret_mac"]) or row["revoked_at"] is not None:
            raise web.HTTPUnauthorized
        if row["expires_at"] is not None and row["expires_at"] < datetime.now(UTC):
            raise web.HTTPUnauthorized
        if scope not in row["scopes"]:
            raise web.HTTPForbidden
        return row

    async def _client(self, key: str) -> asyncpg.Record:
        async with self._pool.acquire() as conn:
            await conn.execute("BEGIN READ ONLY; SET LOCAL ROLE vg_worker")
            row = await conn.fetchrow(f"{clients.SELECT} WHERE c.key_id = $1", key)
            await conn.execute("COMMIT")
        if row is None:
            raise web.HTTPUnauthorized
        return row

    async def _status(self, client: asyncpg.Record, variables: Any) -> Any:
        async with rows.viewer(self._pool, client["account"]) as conn:
            found = await conn.fetch(rows.ORDER, [rows.row_id(variables["id"])])
        return {"order": {"status": found[0]["status"]}}

    async def _live_status(self, client: asyncpg.Record, variables: Any) -> Any:
        ids = [rows.row_id(variables["id"])]
        async with rows.viewer(self._pool, client["account"]) as conn:
            found = await conn.fetch(rows.ORDER, ids)
            parts = await conn.fetch(rows.FULFILLMENTS, ids)
        heard = await self._upstream.words(parts)
        self._write_back(parts, heard)
        status, live = rows.live_status(found[0], parts, heard)
        return {"order": {"status": status, "live": live}}

    async def _page(self, client: asyncpg.Record, _: Any) -> Any:
        data, asked, heard = await rows.page_of_orders(
            self._pool, client["account"], self._upstream
        )
        self._write_back(asked, heard)
        return data

    async def _vouchers(self, client: asyncpg.Record, _: Any) -> Any:
        return await rows.page_of_vouchers(self._pool, client["account"])

    async def _reveal(self, client: asyncpg.Record, _: Any) -> Any:
        return await self._revealer.answer(self._pool, client["account"], client["key_id"])

    async def _place(self, client: asyncpg.Record, variables: Any) -> Any:
        return await self._placer.answer(self._pool, client, variables)

    def _write_back(self, asked: rows.Rows, heard: rows.Heard) -> None:
        task = asyncio.create_task(self._observe(asked, heard))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _observe(self, asked: rows.Rows, heard: rows.Heard) -> None:
        """The service's one statement after the answer, with what was seen."""
        seen: list[tuple[UUID, int, str, datetime, bool]] = []
        for part in sorted(asked, key=lambda row: row["id"]):
            words, at = heard.get(part["provider"], ({}, datetime.now(UTC)))
            if part["provider_order_id"] not in words:
                continue
            raw, word = words[part["provider_order_id"]]
            observed = msgspec.json.encode({"word": word, "raw": raw}).decode()
            seen.append((part["id"], part["version"], observed, at, word != part["word"]))
        if not seen:
            return
        async with self._pool.acquire() as conn:
            await conn.execute("BEGIN; SET LOCAL ROLE vg_worker")
            await conn.fetch(fulfillments.OBSERVE, *map(list, zip(*seen, strict=True)))
            await conn.execute("COMMIT")


async def _nothing(conn: Any) -> None:
    """Nothing to reset: all that is set is local to a transaction."""


async def main() -> None:
    spec = json.loads(sys.stdin.readline())
    pool = asyncpg.create_pool(spec["dsn"], min_size=1, max_size=POOL_SIZE, reset=_nothing)
    async with pool as opened:
        floor = Floor(spec, opened)
        app = web.Application()
        app.router.add_post("/{workload}", floor.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=256).start()
        say({"url": f"http://127.0.0.1:{runner.addresses[0][1]}"})
        await ended()
        await runner.cleanup()
        await floor.close()


if __name__ == "__main__":
    asyncio.run(main())
