"""Why a provider did not do what it was asked. An error's class is the caller's next step.

    ProviderError
    ├── Unsupported       we never asked: this provider cannot do that
    ├── NotFound          the provider's own word that there is no such thing
    ├── Rejected          it did not happen and will not: a code in the adapter's REJECTIONS
    ├── Duplicate         the reference is known there: find it, compare, adopt
    ├── Unavailable       nothing was accepted, or could have been (a read): try later, freely
    └── OutcomeUnknown    anything else of a place: find it before anything else

Texts are written by us. What a provider said travels only as its short code, since a body may
hold a voucher's code.
"""

import re
from datetime import timedelta
from enum import StrEnum

SAFE_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,40}")


class Reason(StrEnum):
    """Why a provider was unavailable."""

    CREDENTIALS = "credentials"  # our login or token was refused
    RATE_LIMITED = "rate_limited"  # theirs or our own limit towards them
    TIMEOUT = "timeout"  # no answer in time
    UNREACHABLE = "unreachable"  # connection refused, reset, or cut in the middle
    UNREADABLE = "unreadable"  # an answer that is not what the contract says: HTML, half a body
    FAULT = "fault"  # its own error
    PAUSED = "paused"  # our circuit is open or an operator paused it


class Rejection(StrEnum):
    """Why a place was definitely refused; the values are problem codes."""

    INVALID_INPUT = "INVALID_INPUT"
    PRODUCT_UNAVAILABLE = "PRODUCT_UNAVAILABLE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    DENOMINATION_NOT_OFFERED = "DENOMINATION_NOT_OFFERED"
    QUANTITY_TOO_LARGE = "QUANTITY_TOO_LARGE"
    PROVIDER_REJECTED = "PROVIDER_REJECTED"
    PROVIDER_BALANCE_LOW = "PROVIDER_BALANCE_LOW"


class ProviderError(Exception):
    """A provider did not do what it was asked; `code` is its own short code, when it gave one."""

    def __init__(self, message: str, *, provider: str, code: str | None = None) -> None:
        super().__init__(message)
        self.provider = provider
        self.code = code if code and SAFE_CODE.fullmatch(code) else None


class Unsupported(ProviderError):
    """We never asked: this provider cannot do that."""


class NotFound(ProviderError):
    """The provider says that there is no such order or product."""


class Rejected(ProviderError):
    """It did not happen and will not."""

    def __init__(
        self, message: str, *, provider: str, rejection: Rejection, code: str | None = None
    ) -> None:
        super().__init__(message, provider=provider, code=code)
        self.rejection = rejection


class Duplicate(ProviderError):
    """The provider knows this reference already."""


class Unavailable(ProviderError):
    """It was never accepted; asking again later is safe. `retry_after` is the provider's wish."""

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        reason: Reason,
        code: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, provider=provider, code=code)
        self.reason = reason
        self.retry_after = retry_after


class OutcomeUnknown(ProviderError):
    """It may or may not have happened; only finding it can tell."""
