"""The floor's upstream calls, written by hand: one list request per provider, one read for one."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import aiohttp
import asyncpg
import msgspec

from providers import REGISTRY
from providers.enkash_answers import NO_FILTER

DEADLINE_SECONDS = 0.8
INDIA = timezone(timedelta(hours=5, minutes=30))
DAY = timedelta(days=1)

Rows = Sequence[asyncpg.Record]
# By the provider's order id: its raw word, and ours.
Words = Mapping[str, tuple[str, str]]


class Upstream:
    """Asks the four providers; concurrent requests for the same orders share one call."""

    def __init__(self, providers: Mapping[str, Any]) -> None:
        self._providers = providers
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE_SECONDS))
        self._in_flight: dict[tuple[str, ...], asyncio.Task[Words]] = {}
        self._lists: Mapping[str, Callable[[Rows], Any]] = {
            "enkash": self._enkash,
            "starship": self._starship,
            "xoxoday": self._xoxoday,
            "woohoo": self._woohoo,
        }

    async def close(self) -> None:
        await self._session.close()

    async def words(self, open_rows: Rows) -> dict[str, tuple[Words, datetime]]:
        """What each provider says now of these fulfillments, and when it was asked.

        One that does not answer in time is left out.
        """
        by_provider: dict[str, list[asyncpg.Record]] = {}
        for row in open_rows:
            by_provider.setdefault(row["provider"], []).append(row)
        asked_at = datetime.now(UTC)
        tasks = {name: self._shared(name, rows) for name, rows in by_provider.items()}
        if tasks:
            await asyncio.wait(tasks.values(), timeout=DEADLINE_SECONDS)
        return {
            name: (task.result(), asked_at)
            for name, task in tasks.items()
            if task.done() and task.exception() is None
        }

    def _shared(self, name: str, rows: Rows) -> asyncio.Task[Words]:
        key = (name, *(row["provider_order_id"] for row in rows))
        task = self._in_flight.get(key)
        if task is None:
            call = self._one(rows[0]) if len(rows) == 1 else self._lists[name](rows)
            task = self._in_flight[key] = asyncio.create_task(call)
            task.add_done_callback(lambda _: self._in_flight.pop(key, None))
        return task

    async def _json(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> Any:
        data = None if body is None else msgspec.json.encode(body)
        async with self._session.request(
            method, url, headers={"Content-Type": "application/json", **headers}, data=data
        ) as response:
            return msgspec.json.decode(await response.read())

    async def _one(self, row: asyncpg.Record) -> Words:
        """A single read; only EnKash's, whose order is the one asked for alone."""
        spec = self._providers["enkash"]
        url = f"{spec['url']}/api/v0/order/orderDetails"
        found = await self._json("POST", url, _bearer(spec), {"orderId": row["reference"]})
        told = found.get("payload") or found.get("paylod")
        return {row["provider_order_id"]: _enkash_word(told)}

    async def _enkash(self, rows: Rows) -> Words:
        spec, (first, last) = self._providers["enkash"], _days(rows)
        asked = {**NO_FILTER, "direction": "DESC", "createdOnFrom": first, "createdOnTo": last}
        url = f"{spec['url']}/api/v0/partner/search-order?limit=100&offset=0"
        found = await self._json("POST", url, _bearer(spec), asked)
        listed = found.get("payload") or found.get("paylod")
        return {str(row["orderId"]): _enkash_word(row) for row in listed}

    async def _starship(self, _: Rows) -> Words:
        spec = self._providers["starship"]
        url = f"{spec['url']}/api/v1/orders?page=1&limit=100"
        found = await self._json("GET", url, _keys(spec), None)
        return {str(row["id"]): _word("starship", row["status"]) for row in found}

    async def _xoxoday(self, rows: Rows) -> Words:
        spec, (first, last) = self._providers["xoxoday"], _days(rows)
        data = {"startDate": first, "endDate": last, "limit": 200, "page": 1}
        asked = {
            "query": "plumProAPI.mutation.getOrderHistory",
            "tag": "plumProAPI",
            "variables": {"data": data},
        }
        found = await self._json("POST", f"{spec['url']}/v1/oauth/api", _bearer(spec), asked)
        return {
            str(row["orderId"]): _xoxoday_word(row)
            for row in found["data"]["getOrderHistory"]["data"]
        }

    async def _woohoo(self, _: Rows) -> Words:
        spec = self._providers["woohoo"]
        url = f"{spec['url']}/rest/v3/orders?limit=100&offset=0"
        secret = spec["credentials"]["client_secret"].encode()
        text = f"GET&{quote(url, safe='')}".encode()
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        headers = {
            **_bearer(spec),
            "signature": hmac.new(secret, text, hashlib.sha512).hexdigest(),
            "dateAtClient": now,
        }
        found = await self._json("GET", url, headers, None)
        return {str(row["orderId"]): _word("woohoo", row["status"]) for row in found["orders"]}


def _bearer(spec: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {spec['token']}"}


def _keys(spec: Any) -> dict[str, str]:
    login = spec["credentials"]
    return {"X-API-Key": login["api_key"], "X-API-Secret": login["api_secret"]}


def _word(provider: str, raw: str) -> tuple[str, str]:
    return raw, REGISTRY[provider].STATUSES[raw.upper()].value


def _enkash_word(row: Any) -> tuple[str, str]:
    raw = row["orderStatus"].upper()
    if raw in ("PENDING", "IN_PROGRESS", "PROCESSING") and row["paymentStatus"] == "SUCCESS":
        return raw, "PROCESSING"
    return _word("enkash", raw)


def _xoxoday_word(row: Any) -> tuple[str, str]:
    raw = row["deliveryStatus"].upper()
    if raw in ("PENDING", "DELIVERED"):
        return row["deliveryStatus"], _word("xoxoday", f"COMPLETE/{raw}")[1]
    return _word("xoxoday", raw)


def _days(rows: Rows) -> tuple[str, str]:
    placed = [row["placed_at"] for row in rows]
    first, last = min(placed) - DAY, max(placed) + DAY
    return first.astimezone(INDIA).date().isoformat(), last.astimezone(INDIA).date().isoformat()
