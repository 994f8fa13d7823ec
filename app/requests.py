"""What arrives over HTTP, read with suspicion: a GraphQL request, or a Refusal with its reason."""

import asyncio
import re
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from app.errors import Refusal, bad_request
from app.negotiation import JSON

MAX_BODY = 1024 * 1024
BODY_SECONDS = 10.0  # a whole megabyte at 1 Mbit/s; slower is not a client
PACKED = ("gzip", "deflate")
MAX_VALUES = 20_000  # in variables, all together
MAX_ITEMS = 1_000  # in one list of a variable
MAX_LEVELS = 32
MAX_PURPOSE = 200
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{7,99}")
MAX_ID = 200  # characters of a document's name
PARAMETERS = ("query", "documentId", "operationName", "variables", "extensions")


@dataclass(frozen=True, slots=True)
class Sent:
    """One GraphQL request, its parts of the right types.

    It has its document, or what names one: `document_id`, or `digest`, the hash of the automatic
    way. A hash beside a document is the name that its sender wants to use from now on.
    """

    query: str | None
    document_id: str | None
    digest: str | None
    variables: dict[str, Any] | None
    name: str | None
    extensions: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL request with its document. `learn`: under which hash to remember it."""

    query: str
    variables: dict[str, Any] | None
    name: str | None
    extensions: dict[str, Any] | None
    learn: str | None = None


def request_id(request: web.Request) -> str:
    """The caller's X-Request-Id when it is a plain token, else one of our own."""
    sent = request.headers.get("X-Request-Id")
    return sent if sent and REQUEST_ID.fullmatch(sent) else secrets.token_hex(12)


def purpose(request: web.Request) -> str | None:
    """Why vouchers are revealed, from X-Purpose; None when it is absent."""
    sent = request.headers.get("X-Purpose")
    if not sent:
        return None
    if len(sent) > MAX_PURPOSE or not sent.isprintable():
        raise bad_request(f"X-Purpose must be at most {MAX_PURPOSE} printable characters.")
    return sent


async def read_request(request: web.Request) -> Sent:
    """The GraphQL request of a GET or POST. Only a POST may carry JSON, and it must say so.

    That content type cannot be sent by a foreign page's form, so no page acts for its visitor. A
    GET can be sent by any page, but then without credentials, which are headers, and it only reads.
    """
    if request.method == "GET":
        return checked(_from_query(request))
    if request.headers.get("Content-Type") != JSON:  # as most write it
        _check_type(request)
    return checked(decode(await _body(request)))


def _check_type(request: web.Request) -> None:
    if request.content_type != JSON:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", f"Send Content-Type: {JSON}."
        )
    charset = (request.charset or "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", "Send JSON in UTF-8.")


async def _body(request: web.Request) -> bytes:
    unpack = _unpacking(request)
    # Said before it is sent: whoever is about to send fifty megabytes need not.
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()
    try:
        return unpack(await _whole(request))
    except TimeoutError:
        raise Refusal(
            HTTPStatus.REQUEST_TIMEOUT, "BAD_REQUEST", "The body did not arrive in time."
        ) from None
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    except (web.RequestPayloadError, HttpProcessingError, ValueError, zlib.error):
        raise bad_request("The body could not be read.") from None


async def _whole(request: web.Request) -> bytes:
    """The body as it was sent: most came with their headers, and nothing is waited for."""
    content = request.content
    if not content.is_eof():
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    body = content.read_nowait()
    if len(body) > MAX_BODY:
        raise _too_large()
    return body


def _too_large() -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "BAD_REQUEST",
        f"A request may have at most {MAX_BODY} bytes.",
    )


def _unpacking(request: web.Request) -> Callable[[bytes], bytes]:
    """How the body is unpacked; refused when we cannot."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return bytes
    if encoding not in PACKED:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "BAD_REQUEST",
            "Send the body as it is, or packed with gzip or deflate.",
            {"Accept-Encoding": ", ".join(PACKED)},
        )
    return unpacked


def unpacked(body: bytes) -> bytes:
    """A gzip or deflate body, unpacked. Refused beyond MAX_BODY bytes, zlib.error when broken."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either header
    plain = unpacking.decompress(body, MAX_BODY + 1)
    if len(plain) > MAX_BODY:
        raise _too_large()
    if not unpacking.eof or unpacking.unused_data:
        raise zlib.error
    return plain


def decode(body: bytes | str) -> object:
    """JSON from a stranger, or a Refusal: too deep, too large a number, not UTF-8, not JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        raise bad_request("The body is not JSON that can be read.") from None


def _from_query(request: web.Request) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in PARAMETERS:
        values = request.query.getall(name, [])
        if len(values) > 1:
            raise bad_request(f"The parameter {name} may be sent once.")
        if values and values[0]:
            parsed = name in ("variables", "extensions")
            found[name] = decode(values[0]) if parsed else values[0]
    return found


def checked(sent: object) -> Sent:
    """A GraphQL request as it was sent. Refused: a part is missing, of a wrong type, too large."""
    if isinstance(sent, list):
        raise bad_request("Several operations in one request are not supported.")
    if not isinstance(sent, dict):
        raise bad_request("A GraphQL request is a JSON object with the operation in `query`.")
    name = sent.get("operationName")
    variables, extensions = sent.get("variables"), sent.get("extensions")
    if name is not None and not isinstance(name, str):
        raise bad_request("`operationName` must be a string or null.")
    if variables is not None and not isinstance(variables, dict):
        raise bad_request("`variables` must be an object or null.")
    if extensions is not None and not isinstance(extensions, dict):
        raise bad_request("`extensions` must be an object or null.")
    bound(variables)
    digest = _digest(extensions)
    query, document_id = _document(sent, digest)
    return Sent(query, document_id, digest, variables, name or None, extensions)


def _document(sent: dict[str, Any], digest: str | None) -> tuple[str | None, str | None]:
    """The document or the name of one; where a hash names it, both may be missing."""
    query, document_id = sent.get("query"), sent.get("documentId")
    if document_id is not None:
        if query or digest:
            raise bad_request("Send `documentId` alone: it stands for the document.")
        if not isinstance(document_id, str) or not 0 < len(document_id) <= MAX_ID:
            raise bad_request(f"`documentId` must be a string of 1 to {MAX_ID} characters.")
        return None, document_id
    if digest is not None and query in (None, ""):
        return None, None
    if not isinstance(query, str) or not query.strip():
        raise bad_request("The operation in `query` must be a string that is not empty.")
    return query, None


def _digest(extensions: dict[str, Any] | None) -> str | None:
    """The hash in `extensions.persistedQuery`, where there is one."""
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise bad_request("`extensions.persistedQuery` must be an object with `version` 1.")
    digest = persisted.get("sha256Hash")
    if not isinstance(digest, str) or not 0 < len(digest) <= MAX_ID:
        raise bad_request("`sha256Hash` must be a string of hexadecimal digits.")
    return digest


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
