"""One issued unit, from whichever of its four secrets a provider fills."""

from collections.abc import Iterable

from domain.catalog import VoucherType
from domain.money import Money
from domain.secret import Secret
from domain.vouchers import Expiry, IssuedVoucher, is_url, voucher_type

NEVER = Expiry()


def issued(
    *,
    code: Secret | None = None,
    pin: Secret | None = None,
    claim_url: Secret | None = None,
    reference_number: Secret | None = None,
    expiry: Expiry = NEVER,
    stated: VoucherType | None = None,
    face_value: Money | None = None,
    sku: str | None = None,
) -> IssuedVoucher | None:
    """The unit, or None for a row in which nothing was issued yet.

    A link in the place of the code is the claim URL. The type is the stated one, else by what is
    there.
    """
    if code is not None and claim_url is None and is_url(code.reveal()):
        code, claim_url = None, code
    if code is None and pin is None and claim_url is None:
        return None
    revealed = (secret and secret.reveal() for secret in (code, pin, claim_url))
    return IssuedVoucher(
        type=stated or voucher_type(*revealed),
        code=code,
        pin=pin,
        claim_url=claim_url,
        reference_number=reference_number,
        face_value=face_value,
        sku=sku,
        expiry=expiry,
    )


def there(units: Iterable[IssuedVoucher | None]) -> tuple[IssuedVoucher, ...]:
    """Those that were issued."""
    return tuple(unit for unit in units if unit is not None)
