"""What arrives over HTTP, read with suspicion: a GraphQL request, or a Refusal with its reason."""

import asyncio
import re
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from app.errors import Refusal, bad_request

MAX_BODY = 1024 * 1024
BODY_SECONDS = 10.0  # a whole megabyte at 1 Mbit/s; slower is not a client
MAX_VALUES = 20_000  # in variables, all together
MAX_ITEMS = 1_000  # in one list of a variable
MAX_LEVELS = 32
MAX_PURPOSE = 200
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{7,99}")
JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL request, its parts of the right types."""

    query: str
    variables: dict[str, Any] | None
    name: str | None
    extensions: dict[str, Any] | None


def request_id(request: web.Request) -> str:
    """The caller's X-Request-Id when it is a plain token, else one of our own."""
    sent = request.headers.get("X-Request-Id", "")
    return sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(12)


def purpose(request: web.Request) -> str | None:
    """Why vouchers are revealed, from X-Purpose; None when it is absent."""
    sent = request.headers.get("X-Purpose")
    if not sent:
        return None
    if len(sent) > MAX_PURPOSE or not sent.isprintable():
        raise bad_request(f"X-Purpose must be at most {MAX_PURPOSE} printable characters.")
    return sent


def answers_with(request: web.Request) -> tuple[str, bool]:
    """The media type of the answer, and whether an error before execution is an HTTP error there.

    Whoever asks for plain JSON by its name gets 200 with errors, as the specification says of that
    type; all others see 400.
    """
    wanted = {
        kind: quality
        for part in request.headers.get("Accept", "*/*").split(",")
        for kind, quality in [_preference(part)]
    }
    if wanted.get(RESPONSE_JSON, 0) > 0:
        # The order of preference decides between the two names; equal: the newer.
        if wanted.get(JSON, 0) > wanted[RESPONSE_JSON]:
            return JSON, False
        return RESPONSE_JSON, True
    return JSON, wanted.get(JSON, 0) <= 0


def _preference(part: str) -> tuple[str, float]:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = float(parameter[2:])
            except ValueError:
                quality = 0.0
    return kind, quality


async def read_operation(request: web.Request) -> Operation:
    """The GraphQL request of a GET or POST. Only a POST may carry JSON, and it must say so.

    That content type cannot be sent by a foreign page's form, so no page acts for its visitor.
    """
    if request.method == "GET":
        return _checked(_from_query(request))
    if request.content_type != JSON:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", f"Send Content-Type: {JSON}."
        )
    charset = (request.charset or "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", "Send JSON in UTF-8.")
    return _checked(decode(await _body(request)))


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Refusal(
            HTTPStatus.REQUEST_TIMEOUT, "BAD_REQUEST", "The body did not arrive in time."
        ) from None
    except web.HTTPRequestEntityTooLarge:
        raise Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "BAD_REQUEST",
            f"A request may have at most {MAX_BODY} bytes.",
        ) from None
    except (web.RequestPayloadError, HttpProcessingError, ValueError):
        raise bad_request("The body could not be read.") from None


def decode(body: bytes | str) -> object:
    """JSON from a stranger, or a Refusal: too deep, too large a number, not UTF-8, not JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        raise bad_request("The body is not JSON that can be read.") from None


def _from_query(request: web.Request) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in ("query", "operationName", "variables", "extensions"):
        values = request.query.getall(name, [])
        if len(values) > 1:
            raise bad_request(f"The parameter {name} may be sent once.")
        if values and values[0]:
            parsed = name in ("variables", "extensions")
            found[name] = decode(values[0]) if parsed else values[0]
    return found


def _checked(sent: object) -> Operation:
    if isinstance(sent, list):
        raise bad_request("Several operations in one request are not supported.")
    if not isinstance(sent, dict):
        raise bad_request("A GraphQL request is a JSON object with the operation in `query`.")
    query, name = sent.get("query"), sent.get("operationName")
    variables, extensions = sent.get("variables"), sent.get("extensions")
    if not isinstance(query, str) or not query.strip():
        raise bad_request("The operation in `query` must be a string that is not empty.")
    if name is not None and not isinstance(name, str):
        raise bad_request("`operationName` must be a string or null.")
    if variables is not None and not isinstance(variables, dict):
        raise bad_request("`variables` must be an object or null.")
    if extensions is not None and not isinstance(extensions, dict):
        raise bad_request("`extensions` must be an object or null.")
    bound(variables)
    return Operation(query, variables, name or None, extensions)


def bound(variables: dict[str, Any] | None) -> None:
    """Refuse variables that nest too deep or hold too many values."""
    values = 0
    waiting: list[tuple[object, int]] = [(variables or {}, 0)]
    while waiting:
        value, level = waiting.pop()
        if not isinstance(value, dict | list):
            continue
        values += len(value)
        if values > MAX_VALUES or level > MAX_LEVELS:
            raise bad_request("The variables hold too many values, or nest too deep.")
        if isinstance(value, list) and len(value) > MAX_ITEMS:
            raise bad_request(f"A list in the variables may have at most {MAX_ITEMS} items.")
        items = value.values() if isinstance(value, dict) else value
        waiting.extend((item, level + 1) for item in items)
