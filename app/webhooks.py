"""Webhooks that providers send: verified, taken as hints, answered at once."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

import structlog
from aiohttp import web

from db.pool import DatabaseUnavailable
from providers.errors import Rejected, Rejection, Unsupported

log = structlog.get_logger()

MAX_BODY = 64 * 1024
BODY_SECONDS = 10.0
LONGEST_NAME = 40


class Receiver(Protocol):
    """What takes a delivery in."""

    async def receive(self, provider: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take it; Unsupported for a provider that sends none, Rejected when it proves nothing."""


class Handler:
    """200 once a delivery is verified, whatever it is about: who is told no gives up."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def __call__(self, request: web.Request) -> web.Response:
        name = request.match_info["provider"][:LONGEST_NAME]
        try:
            body = await _body(request)
            await self._receiver.receive(name, request.headers, body)
        except TimeoutError:
            return _cut(HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive in time")
        except TooLarge:
            return _cut(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BODY} bytes")
        except Unsupported:
            return _said(HTTPStatus.NOT_FOUND, "no such provider, or it sends no webhooks")
        except Rejected as error:
            if error.rejection is Rejection.INVALID_INPUT:
                # Verified, and it says nothing to us: three refusals would end their sending.
                return _said(HTTPStatus.OK, "received")
            log.warning("webhook.rejected", provider=error.provider, code=error.code)
            return _said(HTTPStatus.UNAUTHORIZED, "this delivery proves nothing")
        except DatabaseUnavailable:
            log.exception("webhook.no_database", exc_info=False)
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, "send it again soon")
        return _said(HTTPStatus.OK, "received")


class TooLarge(Exception):
    """A body that no provider sends."""


async def _body(request: web.Request) -> bytes:
    """The raw body, exactly as it was signed. TimeoutError, TooLarge."""
    if (request.content_length or 0) > MAX_BODY:
        raise TooLarge
    body = b""
    async with asyncio.timeout(BODY_SECONDS):
        while chunk := await request.content.read(MAX_BODY + 1 - len(body)):
            body += chunk
            if len(body) > MAX_BODY:
                raise TooLarge
    return body


def _said(status: HTTPStatus, words: str) -> web.Response:
    return web.json_response({"status": words}, status=status)


def _cut(status: HTTPStatus, words: str) -> web.Response:
    """What follows on this connection cannot be told from the rest of the body."""
    response = _said(status, words)
    response.force_close()
    return response
