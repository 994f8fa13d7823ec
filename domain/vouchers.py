"""What was issued: vouchers, their four secrets, and what may be shown of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from domain.catalog import VoucherType
from domain.money import Money
from domain.secret import Secret

SHOWN = 4
LONG_ENOUGH_TO_SHOW = 12


class VoucherState(StrEnum):
    """Only ACTIVE vouchers open; QUARANTINED arrived after their order was reported failed."""

    ACTIVE = "ACTIVE"
    VOIDED = "VOIDED"
    QUARANTINED = "QUARANTINED"


class SecretField(StrEnum):
    """The four secrets of a voucher; the values are part of what a sealed value is bound to."""

    CODE = "code"
    PIN = "pin"
    CLAIM_URL = "claim_url"
    REFERENCE_NUMBER = "reference_number"


@dataclass(frozen=True, slots=True)
class Expiry:
    """The last instant a voucher is valid and the calendar day that was meant; None: never ends."""

    at: datetime | None = None
    on: date | None = None

    def days_left(self, now: datetime | None = None) -> int | None:
        """Whole days until it ends, 0 when it has ended; None when it never does."""
        if self.at is None:
            return None
        return max(0, (self.at - (now or datetime.now(UTC))).days)


@dataclass(frozen=True, slots=True)
class IssuedVoucher:
    """One unit as a provider handed it out: its secrets in the clear, on their way to the vault."""

    type: VoucherType
    code: Secret | None = None
    pin: Secret | None = None
    claim_url: Secret | None = None
    reference_number: Secret | None = None
    face_value: Money | None = None
    sku: str | None = None
    expiry: Expiry = Expiry()

    def secrets(self) -> dict[SecretField, Secret]:
        """The secrets that are there, by field."""
        found = {
            SecretField.CODE: self.code,
            SecretField.PIN: self.pin,
            SecretField.CLAIM_URL: self.claim_url,
            SecretField.REFERENCE_NUMBER: self.reference_number,
        }
        return {field: secret for field, secret in found.items() if secret is not None}

    def identity(self) -> Secret | None:
        """What stays the same across reads: the normalized code, else the URL, else the PIN.

        Spaces, dashes and letter case of a code vary between a provider's answers. A PIN beside a
        code is never part of it: a resend may change it.
        """
        if self.code is not None:
            return Secret(
                "".join(filter(str.isalnum, self.code.reveal())).upper() or self.code.reveal()
            )
        return self.claim_url or self.pin

    def masked(self) -> str:
        """What may be shown without opening: `mask` of the code or link, nothing of a PIN."""
        shown = self.code or self.claim_url
        return mask(shown) if shown else "****"


@dataclass(frozen=True, slots=True)
class Voucher:
    """An issued unit as recorded. Its secrets are sealed, and read apart."""

    id: UUID
    account: UUID
    order_id: UUID
    line_id: UUID
    fulfillment_id: UUID
    type: VoucherType
    state: VoucherState
    face_value: Money
    expiry: Expiry
    masked_code: str


@dataclass(frozen=True, slots=True)
class SealedVoucher:
    """A voucher ready to be stored: what is shown, its identity across reads, its sealed values.

    `fingerprint` is a keyed digest of `IssuedVoucher.identity`; `occurrence` counts equal
    fingerprints within one read of the order, from 0.
    """

    voucher: Voucher
    fingerprint: bytes
    occurrence: int
    sealed: Mapping[SecretField, bytes]


def is_url(text: str) -> bool:
    """Whether a provider put a link where a code was expected."""
    return text.lstrip()[:8].lower().startswith(("http://", "https://"))


def mask(secret: Secret) -> str:
    """Stars and the last four of a value of 12 characters or more, stars alone of a shorter one.

    A URL shows its host only: its path and query are the secret.
    """
    value = secret.reveal().strip()
    if is_url(value):
        try:
            return f"{urlsplit(value).hostname or '****'}/****"
        except ValueError:
            return "****"
    return "****" + (value[-SHOWN:] if len(value) >= LONG_ENOUGH_TO_SHOW else "")


def voucher_type(code: str | None, pin: str | None, claim_url: str | None) -> VoucherType:
    """The type by what is there, for providers that do not say it."""
    if code:
        return VoucherType.CODE_WITH_PIN if pin else VoucherType.CODE
    if claim_url:
        return VoucherType.URL_WITH_PIN if pin else VoucherType.URL
    return VoucherType.CODE_WITH_PIN if pin else VoucherType.CODE
