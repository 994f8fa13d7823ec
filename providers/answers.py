"""What an answer means: the error's class is the caller's next step.

The provider's own code decides first. HTTP status decides only where there is no code.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from providers.errors import (
    Duplicate,
    NotFound,
    OutcomeUnknown,
    Reason,
    Rejected,
    Rejection,
    Unavailable,
)
from providers.replies import Reply
from providers.wire import Unreadable

if TYPE_CHECKING:
    from providers.port import Provider

log = structlog.get_logger()

T = TypeVar("T")
# What a parser of ours may meet in a shape nobody promised; the values never leave this module.
MISREAD = (Unreadable, ValueError, ArithmeticError, LookupError, TypeError, AttributeError)


def read(provider: "Provider", reply: Reply, parse: Callable[[Any], T]) -> T:
    """What a read answered, or NotFound, or Unavailable with the reason."""
    code = provider.refusal(reply)
    if code is None:
        return _parsed(provider, reply, parse, _unreadable(provider))
    if code in provider.NOT_FOUND:
        raise NotFound(f"{provider.name} has no such thing", provider=provider.name, code=code)
    raise _unavailable(provider, reply, code)


def quoted(provider: "Provider", reply: Reply, parse: Callable[[Any], T]) -> T:
    """What a quote answered; Rejected where the refusal is the item's, else as of a read."""
    code = provider.refusal(reply)
    unknown = code in provider.NOT_FOUND
    if code is None or (code not in provider.REJECTIONS and not unknown):
        return read(provider, reply, parse)
    raise Rejected(
        f"{provider.name} does not sell that",
        provider=provider.name,
        rejection=provider.REJECTIONS.get(code, Rejection.PRODUCT_UNAVAILABLE),
        code=code,
    )


def placed(provider: "Provider", reply: Reply, parse: Callable[[Any], T]) -> T:
    """What a place answered, or the class of its refusal.

    A code in no table proves nothing, except with HTTP 429 or 401: those were stopped at the door.
    """
    code = provider.refusal(reply)
    name = provider.name
    unknown = OutcomeUnknown(
        f"{name} may or may not have taken the order", provider=name, code=code
    )
    if code is None:
        return _parsed(provider, reply, parse, unknown)
    if code in provider.REJECTIONS:
        raise Rejected(
            f"{name} refused the order",
            provider=name,
            rejection=provider.REJECTIONS[code],
            code=code,
        )
    if code in provider.DUPLICATES:
        raise Duplicate(f"{name} knows the reference", provider=name, code=code)
    if code in provider.NOT_ACCEPTED:
        raise _unavailable(provider, reply, code)
    if code and code not in provider.UNCERTAIN:
        log.warning("provider.unknown_code", provider=name, code=unknown.code, status=reply.status)
    if code not in provider.UNCERTAIN and reply.status in (401, 429):
        raise _unavailable(provider, reply, code)
    raise unknown


def endless(name: str) -> Unavailable:
    """A list that does not end: what was read of it is not the whole."""
    return Unavailable(f"{name} lists without an end", provider=name, reason=Reason.UNREADABLE)


def _parsed(
    provider: "Provider", reply: Reply, parse: Callable[[Any], T], otherwise: Exception
) -> T:
    try:
        return parse(reply.body)
    except MISREAD as error:
        # Unreadable names a field; any other text might quote a value.
        field = str(error) if isinstance(error, Unreadable) else type(error).__name__
    log.warning("provider.unreadable", provider=provider.name, status=reply.status, field=field)
    raise otherwise


def _unreadable(provider: "Provider") -> Unavailable:
    return Unavailable(
        f"{provider.name} answered something else than its contract says",
        provider=provider.name,
        reason=Reason.UNREADABLE,
    )


def _unavailable(provider: "Provider", reply: Reply, code: str) -> Unavailable:
    return Unavailable(
        f"{provider.name} did not do it",
        provider=provider.name,
        reason=provider.REASONS.get(code) or _reason(reply),
        code=code,
        retry_after=provider.retry_after(reply),
    )


def _reason(reply: Reply) -> Reason:
    if reply.status in (401, 403):
        return Reason.CREDENTIALS
    if reply.status == 429:
        return Reason.RATE_LIMITED
    if reply.status >= 500:
        return Reason.FAULT
    return Reason.UNREADABLE if reply.body is None else Reason.FAULT
