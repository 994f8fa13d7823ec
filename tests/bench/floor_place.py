"""The floor of an order placed: the service's rows in the service's transactions, and its calls.

Eight steps: look for the key and read the cart; ask the price; accept (order, line, fulfillment,
cart, hold, event); claim; ask the price again; note that it goes out; place it; settle (vouchers,
fulfillment, money, status, events). Statements are those of db/, records are made by hand, values
are sealed by a bare AESGCM. No GraphQL, no rules, no retry, no NOTIFY.
"""

import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import msgspec
from asyncpg.pool import Pool
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db import carts, claims, events, limits, orders, vouchers, wallets
from db.fulfillments import NewFulfillment
from domain.catalog import VoucherType
from domain.ids import Kind, global_id, uuid7
from domain.money import Money, zero
from domain.orders import (
    AttemptOutcome,
    Fulfillment,
    FulfillmentStatus,
    Order,
    OrderEventType,
    OrderLine,
    OrderOrigin,
    OrderStatus,
    Progress,
)
from domain.vouchers import Expiry, SealedVoucher, SecretField, Voucher, VoucherState
from tests.bench.floor_rows import row_id, viewer

LEASE = timedelta(seconds=60)
DELIVERED = OrderStatus.DELIVERED


@asynccontextmanager
async def worker(pool: "Pool[asyncpg.Record]") -> AsyncIterator[Any]:
    """A transaction as vg_worker, opened by the service's own message.

    A bare connection of the driver: what db/ asks of its own handle, it has.
    """
    async with pool.acquire() as conn:
        await conn.execute("BEGIN; SET LOCAL ROLE vg_worker")
        try:
            yield conn
        except BaseException:
            await conn.execute("ROLLBACK")
            raise
        await conn.execute("COMMIT")


class Placer:
    """Places orders of one line at EnKash. `spec` is what the floor knows of the service."""

    def __init__(self, spec: Any) -> None:
        buyer, provider = spec["buyer"], spec["providers"]["enkash"]
        self._key_id = UUID(buyer["key_id"])
        self._cipher = AESGCM(bytes.fromhex(buyer["key"]))
        self._fingerprints = bytes.fromhex(buyer["fingerprint_key"])
        self._references = bytes.fromhex(buyer["reference_key"])
        self._credential: str = buyer["credential"]
        self._url = f"{provider['url']}/api/v0/partner"
        self._headers = {
            "Authorization": f"Bearer {provider['token']}",
            "Content-Type": "application/json",
        }
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        await self._session.close()

    async def answer(
        self, pool: "Pool[asyncpg.Record]", client: asyncpg.Record, variables: Any
    ) -> Any:
        """B7: one order, delivered."""
        key, cart_id = variables["input"]["idempotencyKey"], variables["input"]["cartId"]
        account, at = client["account"], datetime.now(UTC)
        async with viewer(pool, account) as bare:
            conn: Any = bare
            if await orders.by_key(conn, account, key) is not None:
                raise LookupError("the key was used before")
            cart = (await carts.by_ids(conn, [row_id(cart_id)]))[row_id(cart_id)]
            wanted = cart.lines[0]
            name: str = await conn.fetchval(
                "SELECT name FROM products WHERE id = $1", wanted.product_id
            )
        await self._quote(wanted.sku)
        order, line, part = self._records(account, key, wanted, name, at)
        body = msgspec.json.encode(
            {
                "productCatalogId": wanted.sku,
                "denomination": int(wanted.face_value.amount),
                "quantity": wanted.quantity,
                "orderReferenceId": part.reference,
            }
        )
        added = NewFulfillment(
            part, due_at=at, total=line.total, body=self._sealed(account, part.id, "body", body)
        )
        async with worker(pool) as conn:
            await carts.lock(conn, cart.id)
            await orders.by_key(conn, account, key)
            spent = {line.total.currency: line.total.amount}
            await limits.spend(conn, client["id"], spent, at.date())
            await orders.add(
                conn, order, [line], [added], idempotency_key=key,
                fingerprint=hmac.digest(self._references, key.encode(), "sha256"),
                cart_id=cart.id, client_id=client["id"],
            )  # fmt: skip
            await carts.set_ordered(conn, cart.id, order.id)
            await wallets.hold(conn, account, order.id, [(part.id, line.total)])
            await events.append(
                conn, account, [(order.id, OrderEventType.PLACED, OrderStatus.PENDING)]
            )
        async with worker(pool) as conn:
            claim = await claims.claim(conn, part.id, LEASE)
        if claim is None:
            raise LookupError("somebody else has it")
        await self._quote(wanted.sku)
        async with worker(pool) as conn:
            await claims.sent(conn, claim)
        told = await self._json("POST", "create-order", body)
        await self._settle(pool, claim, line.face_value, told["payload"])
        shown = {
            "id": global_id(Kind.ORDER, order.id),
            "reference": order.reference,
            "status": DELIVERED.value,
            "settled": True,
        }
        return {"orderPlace": {"order": shown, "problems": []}}

    async def _settle(
        self, pool: "Pool[asyncpg.Record]", claim: claims.Claim, face: Money, told: Any
    ) -> None:
        at = datetime.now(UTC)
        units = [self._unit(claim, face, unit) for unit in told["voucherDetailsList"]]
        prints = [unit.fingerprint for unit in units]
        settled = claims.Settlement(
            FulfillmentStatus.FULFILLED, DELIVERED, final=True, delivered=len(units),
            observed_at=at, quantity=len(units), raw_status=told["orderStatus"],
            provider_order_id=str(told["orderId"]), uncertain=False,
            charged=Money(Decimal(str(told["paidAmount"])), "INR"),
            attempt_outcome=AttemptOutcome.ACCEPTED,
        )  # fmt: skip
        async with worker(pool) as conn:
            await orders.lock(conn, claim.order_id)
            await claims.lock(conn, claim.id)
            await vouchers.add(conn, units)
            await vouchers.elsewhere(conn, claim.provider_name, claim.id, prints)
            await claims.settle(conn, claim, settled)
            await orders.set_status(conn, claim.order_id, DELIVERED, settled=True)
            news = (OrderEventType.VOUCHERS_DELIVERED, OrderEventType.STATUS_CHANGED)
            await events.append(
                conn, claim.account, [(claim.order_id, kind, DELIVERED) for kind in news]
            )

    def _records(
        self, account: UUID, key: str, wanted: carts.CartLineRow, name: str, at: datetime
    ) -> tuple[Order, OrderLine, Fulfillment]:
        digest = hmac.digest(self._references, f"{account}|{key}".encode(), "sha256").hex()
        order = Order(
            uuid7(), account, f"VG-{digest[:13].upper()}", OrderOrigin.PLACED,
            OrderStatus.PENDING, settled=False, placed_at=at, updated_at=at, last_sequence=0,
        )  # fmt: skip
        line = OrderLine(
            uuid7(), order.id, wanted.provider, wanted.sku, wanted.product_id, name,
            wanted.face_value, wanted.quantity, zero(wanted.total.currency), wanted.total, 0, 0,
        )  # fmt: skip
        progress = Progress(FulfillmentStatus.READY, OrderStatus.PENDING, False, wanted.quantity, 0)
        part = Fulfillment(
            uuid7(), account, order.id, line.id, wanted.provider, self._credential,
            f"VG_{digest[13:29].upper()}", None, progress, None, at, at, None, None, version=1,
        )  # fmt: skip
        return order, line, part

    def _unit(self, claim: claims.Claim, face: Money, unit: Any) -> SealedVoucher:
        code, pin = unit["cardNumber"], unit["pin"]
        expires = datetime.fromisoformat(unit["expiryDate"]).replace(tzinfo=UTC)
        voucher = Voucher(
            uuid7(), claim.account, claim.order_id, claim.line_id, claim.id,
            VoucherType.CODE_WITH_PIN if pin else VoucherType.CODE, VoucherState.ACTIVE, face,
            Expiry(expires, expires.date()), f"****{code[-4:]}",
        )  # fmt: skip
        values = {SecretField.CODE: code} | ({SecretField.PIN: pin} if pin else {})
        sealed = {
            field: self._sealed(claim.account, voucher.id, field, value.encode())
            for field, value in values.items()
        }
        fingerprint = hmac.new(self._fingerprints, code.encode(), hashlib.sha256).digest()
        return SealedVoucher(voucher, fingerprint, 0, sealed)

    def _sealed(self, account: UUID, row: UUID, field: str, value: bytes) -> bytes:
        nonce = os.urandom(12)
        bound = f"vg1|{account}|{row}|{field}|{self._key_id}".encode()
        return b"\x01" + self._key_id.bytes + nonce + self._cipher.encrypt(nonce, value, bound)

    async def _quote(self, sku: str) -> None:
        await self._json("GET", f"search-config/{sku}", None)

    async def _json(self, method: str, path: str, body: bytes | None) -> Any:
        async with self._session.request(
            method, f"{self._url}/{path}", headers=self._headers, data=body
        ) as response:
            return msgspec.json.decode(await response.read())
