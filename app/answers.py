"""GraphQL answers as HTTP: their media type, packed where that helps, kept where nothing forbids.

An answer that opened a secret is never packed: its length would tell something of the secret to
whoever chooses what stands beside it.
"""

import asyncio
import hashlib
import zlib
from http import HTTPStatus
from typing import Any

from aiohttp import ETag, web

from app.encoding import encode
from app.negotiation import answers_with, packing

PACKED_FROM = 1024  # bytes; below it the saving is not worth the work
AWAY_FROM = 16 * 1024  # bytes; packing more than that would keep the others waiting
LEVEL = 4  # half the time of the usual 6, for a twentieth more bytes
WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
VARY = "Accept, Accept-Encoding"
# A browser has one cache for all credentials that a page uses.
VARY_KEPT = f"{VARY}, Authorization, X-API-Key"
KEPT_SECONDS = 60


def answer(
    request: web.Request,
    body: Any,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """A GraphQL answer, never stored by anyone on its way."""
    kind, _ = answers_with(request)
    return web.Response(
        body=encode(body),
        status=status,
        headers={"Content-Type": f"{kind}; charset=utf-8", "Vary": VARY, **(headers or {})},
    )


def keep(request: web.Request, response: web.Response, data: Any) -> None:
    """Let a client keep an answer for a minute, and ask afterwards whether it still holds.

    The tag is of the data alone: costs and limits beside it change with every answer.
    """
    tag = ETag(hashlib.sha256(encode(data)).hexdigest()[:32], is_weak=True)
    response.etag = tag
    response.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    response.headers["Vary"] = VARY_KEPT
    known = request.if_none_match or ()
    if any(one.value in (tag.value, "*") for one in known):
        response.set_status(HTTPStatus.NOT_MODIFIED)
        response.body = None


async def pack(request: web.Request, response: web.Response) -> None:
    """Pack an answer the way its client likes best, where it is large enough."""
    body, encoding = response.body, packing(request)
    if not isinstance(body, bytes) or len(body) < PACKED_FROM or encoding is None:
        return
    if len(body) < AWAY_FROM:
        packed = _packed(body, encoding)
    else:
        packed = await asyncio.to_thread(_packed, body, encoding)
    response.body = packed
    response.headers["Content-Encoding"] = encoding


def _packed(body: bytes, encoding: str) -> bytes:
    packing = zlib.compressobj(LEVEL, wbits=WINDOWS[encoding])
    return packing.compress(body) + packing.flush()
