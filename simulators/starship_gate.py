"""Who gets in at Starship, what each refusal looks like, and what idempotency keys remember."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from aiohttp import web

from simulators.calls import Call, Refused, answer
from simulators.limits import Limits

T = TypeVar("T")
SIGNATURE_WINDOW_SECONDS = 300
# key, most, seconds; reads of one order are counted beside them, 60 an hour
WINDOWS = (("minute", 200, 60), ("burst", 20, 10))


def error(code: str, text: str, name: str = "Error") -> dict[str, Any]:
    return {"error": {"name": name, "code": code, "message": text}}


def flat(slug: str, text: str) -> dict[str, Any]:
    """The shape of the order details page."""
    return {"error": slug, "message": text}


def fail(call: Call, status: int, code: str, text: str) -> NoReturn:
    raise Refused(answer(call, error(code, text), status))


def invalid(call: Call, field: str, rule: str) -> NoReturn:
    text = f"{field} is not valid"
    body = error("E_VALIDATION_FAILURE", "Validation failed", "ValidationFailure")
    body["error"]["messages"] = {field: [{"rule": rule, "field": field, "message": text}]}
    raise Refused(answer(call, body, 400))


def limited(call: Call, seconds: int) -> web.Response:
    headers = {"Retry-After": str(seconds)}
    return answer(call, error("RATE_LIMITED", "Too many requests"), 429, headers)


def unauthorized(call: Call) -> web.Response:
    if call.operation == "order":
        return answer(call, flat("unauthorized", "The access token is not valid"), 401)
    return answer(call, error("E_UNAUTHORIZED_ACCESS", "Credentials are not valid"), 401)


def crashed(call: Call) -> web.Response:
    match call.operation:
        case "order":
            return answer(call, flat("internal_error", "Something failed"), 500)
        case "place":
            return answer(call, error("INTERNAL_ERROR", "Something failed"), 500)
    return answer(call, error("SERVICE_UNAVAILABLE", "Try again later"), 503)


class Gate:
    """Checks key, secret, signature and rate limits of a call."""

    def __init__(self, credentials: Mapping[str, str], *, signing: bool) -> None:
        self._key = credentials["api_key"].encode()
        self._secret = credentials["api_secret"].encode()
        self._signing = signing
        self._limits = Limits()

    def check(self, call: Call) -> None:
        headers = call.request.headers
        key = headers.get("X-API-Key", "").encode()
        secret = headers.get("X-API-Secret", "").encode()
        known = hmac.compare_digest(key, self._key) and hmac.compare_digest(secret, self._secret)
        if not known or (self._signing and not self._signed(call)):
            raise Refused(unauthorized(call))

    def _signed(self, call: Call) -> bool:
        sent = call.request.headers.get("X-Signature", "")
        parts = dict(part.strip().split("=", 1) for part in sent.split(",") if "=" in part)
        stamp = parts.get("t", "")
        if not stamp.isdigit() or abs(int(stamp) - call.now) > SIGNATURE_WINDOW_SECONDS:
            return False
        url = call.request.rel_url
        query = url.raw_query_string
        # The page says "path" and leaves open whether the query belongs to it.
        paths = {url.raw_path, f"{url.raw_path}?{query}" if query else url.raw_path}
        starts = [f"{stamp}{call.request.method}{path}".encode() for path in paths]
        wanted = [hmac.digest(self._secret, start + call.raw, "sha256").hex() for start in starts]
        given = parts.get("v1", "").encode()
        return any(hmac.compare_digest(given, each.encode()) for each in wanted)

    def count(self, call: Call) -> None:
        """Refuse a call above one of the limits."""
        windows = list(WINDOWS)
        if call.operation == "order":
            windows.append((f"order {call.part('order')}", 60, 3600))
        for key, most, seconds in windows:
            wait = self._limits.wait(key, most, seconds, call.now)
            if wait:
                raise Refused(limited(call, wait))


@dataclass(frozen=True)
class Remembered:
    """What an idempotency key was used for, and the answer it got."""

    at: float
    body: bytes
    answered: dict[str, Any]


class Keys:
    """The idempotency keys of the client."""

    def __init__(self) -> None:
        self._answers: dict[str, Remembered] = {}
        self._running: set[str] = set()

    def hold(self, key: str) -> str | None:
        """Begin with a key; None while another call is at it."""
        if key in self._running:
            return None
        self._running.add(key)
        return key

    def let_go(self, key: str | None) -> None:
        self._running.discard(key or "")

    def remember(self, key: str, call: Call, answered: dict[str, Any]) -> None:
        self._answers[key] = Remembered(call.now, call.raw, answered)

    def replay(self, key: str, call: Call, life: float) -> dict[str, Any] | None:
        """The first answer for this key, None when it is new; refuses a key that will not do."""
        if not key:
            _refuse(call, 400, "IDEMPOTENCY_KEY_REQUIRED", "Idempotency-Key is required")
        if len(key) < 8:
            _refuse(call, 400, "IDEMPOTENCY_KEY_TOO_SHORT", "At least 8 characters")
        if len(key) > 256:
            _refuse(call, 400, "IDEMPOTENCY_KEY_TOO_LONG", "At most 256 characters")
        if call.holds != key:
            _refuse(call, 409, "IDEMPOTENCY_IN_PROGRESS", "The first call is still running")
        known = self._answers.get(key)
        if known is None or call.now >= known.at + life:
            return None
        if known.body != call.raw:
            _refuse(call, 409, "IDEMPOTENCY_KEY_CONFLICT", "The key came with another body")
        return known.answered


def _refuse(call: Call, status: int, code: str, text: str) -> NoReturn:
    body = {"error": {"code": code, "message": text, "details": {}}}
    raise Refused(answer(call, body, status))


def page(
    call: Call,
    found: Sequence[T],
    show: Callable[[T], dict[str, Any]],
    usual: int,
    most: int,
    *,
    more: bool = True,
) -> web.Response:
    """The page that was asked for, its totals in headers; orders never say whether more come."""
    number, limit = call.asked("page", "1"), call.asked("limit", str(usual))
    if not number.isdigit() or int(number) < 1:
        invalid(call, "page", "integer")
    if not limit.isdigit() or not 1 <= int(limit) <= most:
        invalid(call, "limit", "range")
    size = int(limit)
    first, pages = (int(number) - 1) * size, -(-len(found) // size)
    headers = {
        "X-Page": number,
        "X-Per-Page": limit,
        "X-Total-Count": str(len(found)),
        "X-Total-Pages": str(pages),
    }
    if more:
        headers |= {"X-Page-Size": limit, "X-Has-More": str(int(number) < pages).lower()}
    return answer(call, [show(each) for each in found[first : first + size]], headers=headers)
