"""Import: an order that was placed elsewhere with our account at a provider becomes one of ours."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import structlog

from db import audit, events, fulfillments, orders, products, vouchers
from db.fulfillments import NewFulfillment
from db.orders import Conflict
from db.pool import Database
from domain.audit import Act, AuditAction
from domain.catalog import Listing
from domain.ids import Kind, global_id, uuid7
from domain.money import Money, zero
from domain.orders import (
    Fulfillment,
    Order,
    OrderEventType,
    OrderLine,
    OrderOrigin,
    Progress,
    is_settled,
    order_status,
)
from domain.problems import Problem, ProblemCode, Refused, not_found
from domain.viewers import Viewer
from domain.vouchers import IssuedVoucher, SealedVoucher
from ordering.keys import Keys
from ordering.references import References
from ordering.refusals import problem_of
from ordering.schedule import next_look
from ordering.sealing import seal_all
from ordering.statuses import accepted_state, never_coming
from providers.errors import NotFound, ProviderError
from providers.port import OrderKey, Provider, ProviderOrder
from vault import Vault

log = structlog.get_logger()

NOT_HERE = "the provider knows no such order of yours"


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider told of an order, and the listing that fills the gaps."""

    order: ProviderOrder
    issued: tuple[IssuedVoucher, ...]
    listing: Listing | None
    product_id: UUID | None


class Importer:
    """Brings in orders; the same one twice is the same order."""

    def __init__(
        self, database: Database, vault: Vault, keys: Keys, references: References
    ) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._references = references

    async def bring_in(
        self, provider: Provider, order_id: str, account: UUID, viewer: Viewer
    ) -> Order:
        """The order, imported now or before.

        Refused when the provider does not know it, is not to be had, or tells too little; and, in
        the same words as for an unknown one, when it is another account's. Nothing is then written.
        """
        if known := await self._known(provider, order_id, account):
            return known
        found = await self._ask(provider, order_id)
        told = found.order.reading
        if self._references.is_ours(told.reference):
            # It looks like a fulfillment of ours: then that is what it is, or nobody's to import.
            return await self._by_our_reference(told.reference or "", account)
        order, line, fulfillment = _records(found, provider, account)
        sealed = await seal_all(
            self._vault,
            self._keys,
            found.issued,
            account=account,
            order_id=order.id,
            line_id=line.id,
            fulfillment_id=fulfillment.id,
            face_value=line.face_value,
        )
        order, fulfillment = _counted(order, fulfillment, len(sealed))
        line = replace(line, quantity=fulfillment.progress.quantity)
        new = NewFulfillment(
            fulfillment,
            next_look(fulfillment.placed_at) if fulfillment.is_open else None,
        )
        try:
            await self._write(order, line, new, sealed, order_id, viewer)
        except Conflict:
            # Somebody imported it in the meantime, or it is known under its other id.
            known = await self._known(provider, told.provider_order_id, account)
            if known is None:
                raise not_found(NOT_HERE) from None
            return known
        return await self._read(order.id)

    async def _known(self, provider: Provider, order_id: str, account: UUID) -> Order | None:
        async with self._database.worker() as conn:
            fulfillment = await fulfillments.by_provider_order(
                conn, provider.name, provider.credential, order_id
            )
            if fulfillment is None:
                return None
            if fulfillment.account != account:
                raise not_found(NOT_HERE)
            return (await orders.by_ids(conn, [fulfillment.order_id]))[fulfillment.order_id]

    async def _by_our_reference(self, reference: str, account: UUID) -> Order:
        async with self._database.worker() as conn:
            for order in await orders.by_reference(conn, reference):
                if order.account == account:
                    return order
        raise not_found(NOT_HERE)

    async def _read(self, order_id: UUID) -> Order:
        async with self._database.worker() as conn:
            return (await orders.by_ids(conn, [order_id]))[order_id]

    async def _ask(self, provider: Provider, order_id: str) -> Found:
        """Everything needed, from the provider; no transaction is open meanwhile."""
        try:
            order = await provider.order(order_id)
            reading = order.reading
            issued = order.vouchers
            if issued is None:
                key = OrderKey(reading.provider_order_id, reading.reference, order.placed_at)
                issued = await provider.vouchers(key)
            sku = order.sku or next((unit.sku for unit in issued if unit.sku), None)
            order = replace(order, sku=sku)
            listing, product_id = await self._listing(provider, sku)
        except NotFound as error:
            log.info("import.unknown", provider=provider.name, code=error.code)
            raise not_found(NOT_HERE) from None
        except ProviderError as error:
            raise Refused(problem_of(error)) from None
        return Found(order, issued, listing, product_id)

    async def _listing(
        self, provider: Provider, sku: str | None
    ) -> tuple[Listing | None, UUID | None]:
        """The recorded product, else the provider's own page of it."""
        if sku is None:
            return None, None
        async with self._database.worker() as conn:
            recorded = await products.by_keys(conn, [(provider.name, sku)])
        product = recorded.get((provider.name, sku))
        if product is not None:
            return product.listing, product.id
        try:
            return await provider.product(sku), None
        except NotFound:
            return None, None

    async def _write(
        self,
        order: Order,
        line: OrderLine,
        new: NewFulfillment,
        sealed: Sequence[SealedVoucher],
        asked_by: str,
        viewer: Viewer,
    ) -> None:
        key = await self._keys.audit()
        async with self._database.worker() as conn:
            await orders.add(conn, order, [line], [new])
            await fulfillments.add_alias(conn, new.fulfillment, asked_by)
            await vouchers.add(conn, sealed)
            act = Act(
                viewer.actor,
                AuditAction.ORDER_IMPORTED,
                global_id(Kind.ORDER, order.id),
                request_id=viewer.request_id,
            )
            await audit.append(conn, order.account, [act], key)
            await events.append(
                conn, order.account, [(order.id, OrderEventType.IMPORTED, order.status)]
            )


def own_reference() -> str:
    """A reference for clients: "VG-" and 65 random bits in base32."""
    return "VG-" + base64.b32encode(secrets.token_bytes(10)).decode()[:13]


def _face_value(found: Found) -> Money:
    """The face value of one unit; Refused when its currency is nowhere to be had."""
    if found.order.face_value is not None:
        return found.order.face_value
    for unit in found.issued:
        if unit.face_value is not None:
            return unit.face_value
    if found.listing is not None:
        return zero(found.listing.currency)
    raise Refused(
        Problem(
            ProblemCode.UNSUPPORTED,
            "the provider does not tell what this order is worth, so it cannot be imported",
        )
    )


def _records(
    found: Found, provider: Provider, account: UUID
) -> tuple[Order, OrderLine, Fulfillment]:
    """The three records of an imported order; units are counted when they are sealed."""
    told, reading = found.order, found.order.reading
    now = datetime.now(UTC)
    placed_at = min(told.placed_at or now, now)
    face_value = _face_value(found)
    quantity = max(reading.quantity or 0, len(found.issued))
    # Nothing is posted for an import; the total is what the provider took, else the face value.
    total = told.charged or face_value.times(quantity)
    progress = Progress(
        accepted_state(reading.status, quantity, 0), reading.status, reading.final, quantity, 0
    )
    order = Order(
        id=uuid7(),
        account=account,
        reference=own_reference(),
        origin=OrderOrigin.IMPORTED,
        status=order_status([progress]),
        settled=is_settled([progress]),
        placed_at=placed_at,
        updated_at=now,
        last_sequence=0,
    )
    line = OrderLine(
        id=uuid7(),
        order_id=order.id,
        provider_name=provider.name,
        sku=told.sku,
        product_id=found.product_id,
        product_name=_name(found),
        face_value=face_value,
        quantity=quantity,
        fee=zero(total.currency),
        total=total,
        delivered=0,
        failed=0,
    )
    fulfillment = Fulfillment(
        id=uuid7(),
        account=account,
        order_id=order.id,
        line_id=line.id,
        provider_name=provider.name,
        credential=provider.credential,
        reference=reading.reference or reading.provider_order_id,
        provider_order_id=reading.provider_order_id,
        progress=progress,
        provider_status=reading.raw_status,
        observed_at=now,
        placed_at=placed_at,
        charged=told.charged,
        problem=None,
        version=1,
    )
    return order, line, fulfillment


def _name(found: Found) -> str:
    if found.order.product_name:
        return found.order.product_name
    return found.listing.name if found.listing else found.order.sku or "Gift card"


def _counted(order: Order, fulfillment: Fulfillment, units: int) -> tuple[Order, Fulfillment]:
    """The records with the units that could be sealed: they decide how far the order is."""
    told = fulfillment.progress
    quantity = max(told.quantity, units)
    progress = Progress(
        state=accepted_state(told.word, quantity, units),
        word=told.word,
        final=told.final,
        quantity=quantity,
        delivered=units,
        failed=never_coming(told.word, quantity, units, final=told.final),
    )
    return (
        replace(order, status=order_status([progress]), settled=is_settled([progress])),
        replace(fulfillment, progress=progress),
    )
