"""The messages of graphql-transport-ws as they arrive: of the right form, or a Violation."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from multidict import CIMultiDict

from app.errors import Refusal
from app.requests import decode
from app.streams import End

CREDENTIALS = ("x-api-key", "x-api-secret", "authorization")
MAX_ID = 200
PARTS = {
    "query": str,
    "documentId": str,
    "operationName": str,
    "variables": dict,
    "extensions": dict,
}
MAX_REASON = 123  # bytes; a control frame holds no more

BAD_REQUEST = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
SUBPROTOCOL = 4406
INIT_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITS = 4429
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013

MOST_OPERATIONS = 100  # at once on one socket

ENDS = {
    End.SHUTDOWN: (GOING_AWAY, "The service is stopping: connect again"),
    End.CREDENTIALS: (FORBIDDEN, "Forbidden: your credentials no longer hold"),
}
TOO_MANY = Refusal(
    HTTPStatus.TOO_MANY_REQUESTS,
    "RATE_LIMITED",
    f"A socket may have at most {MOST_OPERATIONS} operations open.",
)


class Violation(Exception):
    """The socket is to be closed, with this code of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def message_of(text: str) -> dict[str, Any]:
    """A message of the protocol, or a Violation: not JSON, too deep, not an object, no type."""
    try:
        message = decode(text)
    except Refusal:
        raise Violation(BAD_REQUEST, "Invalid message received: not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise Violation(BAD_REQUEST, "Invalid message received: no type")
    return message


def object_or_none(payload: object) -> dict[str, Any] | None:
    if payload is not None and not isinstance(payload, dict):
        raise Violation(BAD_REQUEST, "Invalid message received: payload is no object")
    return payload


def id_of(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID:
        raise Violation(BAD_REQUEST, "Invalid message received: no id")
    return id


def credentials_of(payload: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The credentials in connection_init, named like headers; None: those of the handshake count.

    What is sent twice, in different spellings, is there twice: it will be refused.
    """
    given = CIMultiDict[str]()
    for name, value in payload.items():
        if name.lower() in CREDENTIALS:
            if not isinstance(value, str):
                raise Violation(BAD_REQUEST, "Invalid message received: credentials are strings")
            given.add(name, value)
    return given or None


def request_of(payload: object) -> dict[str, Any]:
    """The payload of a subscribe message, its parts of the right types."""
    if not isinstance(payload, dict):
        raise Violation(BAD_REQUEST, "Invalid message received: no operation in payload")
    for name, kind in PARTS.items():
        if not isinstance(payload.get(name), kind | None):
            raise Violation(BAD_REQUEST, f"Invalid message received: {name} is of no right type")
    named = payload.get("documentId") or (payload.get("extensions") or {}).get("persistedQuery")
    if payload.get("query") is None and not named:
        raise Violation(BAD_REQUEST, "Invalid message received: no operation in payload")
    return payload


def bounded(reason: str) -> str:
    """A reason that fits into a close frame."""
    return reason.encode("ascii", "replace")[:MAX_REASON].decode()


def code_of(refusal: Refusal) -> int:
    """The code to close with when a connection is refused."""
    if refusal.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return FORBIDDEN
    if refusal.status is HTTPStatus.BAD_REQUEST:
        return BAD_REQUEST
    return TRY_AGAIN_LATER


def words_of(refusal: Refusal) -> str:
    """The reason to close with when a connection is refused."""
    words = str(refusal.body["errors"][0]["message"])
    return f"Forbidden: {words}" if code_of(refusal) == FORBIDDEN else words
