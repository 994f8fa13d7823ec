"""Vouchers: what was issued, and its sealed values. Nothing here can open one."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from db.keyset import Conditions, keyset
from db.pool import Connection, Record, array_text
from db.records import make_money, maker
from domain.catalog import VoucherType
from domain.orders import OrderStatus
from domain.pages import Page, Slice
from domain.pages import page as sliced
from domain.vouchers import Expiry, SealedVoucher, SecretField, Voucher, VoucherState

COLUMNS = """v.id, v.account, v.order_id, v.line_id, v.fulfillment_id, v.type, v.state,
    v.face_value, v.currency, v.expires_at, v.expires_on, v.masked_code"""

INSERT = """
INSERT INTO vouchers (id, account, order_id, line_id, fulfillment_id, fingerprint, occurrence, type,
    state, face_value, currency, expires_at, expires_on, masked_code, code, pin, claim_url,
    reference_number)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[],
    $7::bigint[], $8::text[], $9::text[], $10::numeric[], $11::text[], $12::timestamptz[],
    $13::date[], $14::text[], $15::bytea[], $16::bytea[], $17::bytea[], $18::bytea[])
ON CONFLICT (fulfillment_id, fingerprint, occurrence) DO NOTHING
RETURNING id"""

# A page has a thousand of them: a table is asked faster than the enum itself.
TYPES = {kind.value: kind for kind in VoucherType}
STATES = {state.value: state for state in VoucherState}
STATUSES = {status.value: status for status in OrderStatus}
SECRETS = [(name, name.value) for name in SecretField]
NEVER = Expiry()
make_voucher = maker(Voucher)

# The text of the ids is read once, by a SELECT of its own: as `ANY($1::text::uuid[])` it was read
# again for each row that an index offered, which for a thousand took 45 ms.
SEALED = """
SELECT v.id, v.order_id, v.state, o.status AS order_status,
       v.code, v.pin, v.claim_url, v.reference_number
  FROM vouchers v JOIN orders o ON o.id = v.order_id
 WHERE v.id = ANY((SELECT $1::text::uuid[])::uuid[])"""


class SealedRow(Record):
    """What the vault needs to open a voucher, and what decides whether it may.

    It stays as the driver read it: of a thousand rows most records would be made for nothing.
    """

    def __repr__(self) -> str:
        return f"SealedRow({self['id']})"

    @property
    def order_id(self) -> UUID:
        found: UUID = self["order_id"]
        return found

    @property
    def state(self) -> VoucherState:
        return STATES[self["state"]]

    @property
    def order_status(self) -> OrderStatus:
        return STATUSES[self["order_status"]]

    @property
    def sealed(self) -> dict[SecretField, bytes]:
        """The sealed values that are there."""
        return {name: self[column] for name, column in SECRETS if self[column] is not None}


async def add(conn: Connection, vouchers: Sequence[SealedVoucher]) -> set[UUID]:
    """Store units not stored yet; the ids inserted. Reading an order twice adds nothing."""
    if not vouchers:
        return set()
    items = [item.voucher for item in vouchers]
    rows = await conn.fetch(
        INSERT,
        [item.id for item in items],
        [item.account for item in items],
        [item.order_id for item in items],
        [item.line_id for item in items],
        [item.fulfillment_id for item in items],
        [item.fingerprint for item in vouchers],
        [item.occurrence for item in vouchers],
        [item.type.value for item in items],
        [item.state.value for item in items],
        [item.face_value.amount for item in items],
        [item.face_value.currency for item in items],
        [item.expiry.at for item in items],
        [item.expiry.on for item in items],
        [item.masked_code for item in items],
        *([item.sealed.get(name) for item in vouchers] for name in SecretField),
    )
    return {row["id"] for row in rows}


async def first_of_orders(
    conn: Connection, order_ids: Sequence[UUID], cut: Slice
) -> dict[UUID, Page[Voucher]]:
    """The same slice of each order's vouchers, in one statement; keys are (id,)."""
    conditions = Conditions()
    wanted = conditions.argument(array_text(order_ids), "text::uuid[]")
    conditions.add("v.order_id = wanted.order_id")
    tail = keyset(conditions, cut, (("v.id", "uuid"),))
    rows = await conn.fetch(
        f"SELECT found.* FROM unnest({wanted}) WITH ORDINALITY AS wanted (order_id, position),"  # noqa: S608
        f" LATERAL (SELECT {COLUMNS} FROM vouchers v WHERE {conditions.where()} {tail}) AS found"
        f" ORDER BY wanted.position, found.id {'DESC' if cut.backward else 'ASC'}",
        *conditions.arguments,
    )
    found: dict[UUID, list[tuple[tuple[object, ...], Voucher]]] = {key: [] for key in order_ids}
    for row in rows:
        voucher = _voucher(row)
        found[voucher.order_id].append(((voucher.id,), voucher))
    return {order_id: sliced(items, cut) for order_id, items in found.items()}


async def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Voucher]:
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM vouchers v WHERE v.id = ANY($1)", list(ids))  # noqa: S608
    return {row["id"]: _voucher(row) for row in rows}


async def count_by_orders(conn: Connection, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many vouchers each order has, in any state."""
    rows = await conn.fetch(
        "SELECT order_id, count(*) AS n FROM vouchers WHERE order_id = ANY($1) GROUP BY order_id",
        list(order_ids),
    )
    return dict.fromkeys(order_ids, 0) | {row["order_id"]: row["n"] for row in rows}


async def elsewhere(
    conn: Connection, provider: str, fulfillment_id: UUID, fingerprints: Sequence[bytes]
) -> list[UUID]:
    """Other fulfillments of that provider, of any account, that hold such a unit. As worker."""
    rows = await conn.fetch(
        "SELECT DISTINCT v.fulfillment_id FROM vouchers v"
        " JOIN fulfillments f ON f.id = v.fulfillment_id"
        " WHERE v.fingerprint = ANY($1::bytea[]) AND f.provider = $2 AND f.id <> $3",
        *(list(fingerprints), provider, fulfillment_id),
    )
    return [row["fulfillment_id"] for row in rows]


async def delivered(conn: Connection, fulfillment_id: UUID) -> int:
    """The units of a fulfillment in the buyer's hands: neither quarantined nor voided.

    Lock the fulfillment before.
    """
    number: int = await conn.fetchval(
        "SELECT count(*) FROM vouchers WHERE fulfillment_id = $1 AND state = 'ACTIVE'",
        fulfillment_id,
    )
    return number


async def quarantine(conn: Connection, ids: Sequence[UUID]) -> None:
    """Keep units out of the buyer's hands: they can be opened no more. As worker."""
    await conn.execute(
        "UPDATE vouchers SET state = 'QUARANTINED' WHERE id = ANY($1) AND state = 'ACTIVE'",
        list(ids),
    )


async def quarantine_newest(conn: Connection, fulfillment_id: UUID, units: int) -> None:
    """The same for so many of a fulfillment's units, those stored last. As worker."""
    await conn.execute(
        "UPDATE vouchers SET state = 'QUARANTINED' WHERE id IN ("
        " SELECT id FROM vouchers WHERE fulfillment_id = $1 AND state = 'ACTIVE'"
        " ORDER BY created_at DESC, id DESC LIMIT $2)",
        *(fulfillment_id, units),
    )


async def quarantined(conn: Connection, fulfillment_id: UUID) -> list[UUID]:
    """The units of a fulfillment that are in quarantine, oldest first."""
    rows = await conn.fetch(
        "SELECT id FROM vouchers WHERE fulfillment_id = $1 AND state = 'QUARANTINED' ORDER BY id",
        fulfillment_id,
    )
    return [row["id"] for row in rows]


async def activate(conn: Connection, ids: Sequence[UUID]) -> None:
    """Let units out of quarantine. As worker."""
    await conn.execute(
        "UPDATE vouchers SET state = 'ACTIVE' WHERE id = ANY($1) AND state = 'QUARANTINED'",
        list(ids),
    )


async def void(conn: Connection, fulfillment_id: UUID) -> int:
    """Void every unit of a cancelled fulfillment; how many were. As worker."""
    rows = await conn.fetch(
        "UPDATE vouchers SET state = 'VOIDED' WHERE fulfillment_id = $1 AND state <> 'VOIDED'"
        " RETURNING id",
        fulfillment_id,
    )
    return len(rows)


async def sealed(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, SealedRow]:
    """The sealed values of vouchers with what decides about opening them, in one statement."""
    rows = await conn.fetch(SEALED, array_text(ids), record_class=SealedRow)
    return {row["id"]: row for row in rows}


def _voucher(row: Record) -> Voucher:
    """A row that begins with COLUMNS as a record."""
    id, account, order_id, line_id, part_id, kind, state, amount, currency, at, on, masked, *_ = row
    return make_voucher(
        *(id, account, order_id, line_id, part_id, TYPES[kind], STATES[state]),
        make_money(amount, currency),
        Expiry(at, on) if at or on else NEVER,
        masked,
    )
