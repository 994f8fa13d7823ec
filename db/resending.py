"""Vouchers sent again: whose turn it is, and new sealed values for vouchers that are known.

All of it as worker.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from db.pool import Connection
from domain.vouchers import SealedVoucher, SecretField

TAKE_TURN = """
UPDATE orders SET resent_at = now()
 WHERE id = $1 AND (resent_at IS NULL OR resent_at <= now() - $2::interval)
RETURNING true"""

SEAL_AGAIN = """
UPDATE vouchers v
   SET code = n.code, pin = n.pin, claim_url = n.claim_url, reference_number = n.reference_number
  FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
       AS n (id, code, pin, claim_url, reference_number)
 WHERE v.id = n.id"""


async def take_turn(conn: Connection, order_id: UUID, once_in: timedelta) -> timedelta | None:
    """Take the order's turn; None when it was taken, else how long until there is another."""
    if await conn.fetchval(TAKE_TURN, order_id, once_in):
        return None
    wait: timedelta | None = await conn.fetchval(
        "SELECT resent_at + $2::interval - now() FROM orders WHERE id = $1", order_id, once_in
    )
    return wait if wait is not None else once_in


async def give_back(conn: Connection, order_id: UUID) -> None:
    """Nothing was sent: the turn is free again."""
    await conn.execute("UPDATE orders SET resent_at = NULL WHERE id = $1", order_id)


async def identities(conn: Connection, fulfillment_id: UUID) -> dict[tuple[bytes, int], UUID]:
    """The vouchers of a fulfillment by what they are across reads: fingerprint and occurrence."""
    rows = await conn.fetch(
        "SELECT id, fingerprint, occurrence FROM vouchers WHERE fulfillment_id = $1",
        fulfillment_id,
    )
    return {(row["fingerprint"], row["occurrence"]): row["id"] for row in rows}


async def seal_again(conn: Connection, vouchers: Sequence[SealedVoucher]) -> None:
    """Replace the sealed values of known vouchers; identity, state and mask stay."""
    vouchers = sorted(vouchers, key=lambda one: one.voucher.id)
    await conn.execute(
        SEAL_AGAIN,
        [one.voucher.id for one in vouchers],
        *([one.sealed.get(name) for one in vouchers] for name in SecretField),
    )
