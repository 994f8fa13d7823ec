"""Issued vouchers on their way into the database: masked, fingerprinted and sealed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog

from domain.ids import uuid7
from domain.money import Money
from domain.vouchers import IssuedVoucher, SealedVoucher, Voucher, VoucherState
from ordering.keys import Keys
from vault import Binding, Vault

log = structlog.get_logger()


async def seal_all(
    vault: Vault,
    keys: Keys,
    issued: Sequence[IssuedVoucher],
    *,
    account: UUID,
    order_id: UUID,
    line_id: UUID,
    fulfillment_id: UUID,
    face_value: Money,
    state: VoucherState = VoucherState.ACTIVE,
    known: Mapping[tuple[bytes, int], UUID] | None = None,
) -> list[SealedVoucher]:
    """One sealed voucher per issued unit, each secret bound to its row and field.

    `face_value` stands in where the provider does not repeat it. A unit without any secret is
    nothing that could be redeemed and is left out. `known` are the ids of vouchers stored before,
    by fingerprint and occurrence: their values are sealed for those rows.
    """
    data_key, fingerprint_key = await keys.of_account(account), await keys.fingerprint()
    seen: Counter[bytes] = Counter()
    sealed = []
    for unit in issued:
        identity = unit.identity()
        if identity is None:
            log.warning("voucher.empty", fulfillment=str(fulfillment_id))
            continue
        fingerprint = vault.fingerprint(fingerprint_key, identity)
        voucher = Voucher(
            id=(known or {}).get((fingerprint, seen[fingerprint])) or uuid7(),
            account=account,
            order_id=order_id,
            line_id=line_id,
            fulfillment_id=fulfillment_id,
            type=unit.type,
            state=state,
            face_value=unit.face_value or face_value,
            expiry=unit.expiry,
            masked_code=unit.masked(),
        )
        values = {
            field: vault.seal(data_key, secret, Binding(account, voucher.id, field))
            for field, secret in unit.secrets().items()
        }
        sealed.append(SealedVoucher(voucher, fingerprint, seen[fingerprint], values))
        seen[fingerprint] += 1
    return sealed
