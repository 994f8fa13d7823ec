"""What comes back from a provider, and how JSON is written and read: decimals, never floats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from aiohttp import ClientResponse

LARGEST_BODY = 16 * 1024 * 1024

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")


@dataclass(frozen=True, slots=True)
class Reply:
    """Any HTTP answer that arrived whole. `body` is its JSON with decimals, None when unreadable.

    Its repr shows the status alone: headers and body may hold secrets.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    raw: bytes = field(default=b"", repr=False)

    def mentions(self, text: str) -> bool:
        """Whether the body, JSON or not, holds that text in any letter case."""
        return text.lower().encode() in self.raw.lower()

    def retry_after(self) -> timedelta | None:
        """The Retry-After header: seconds, or a date; None when absent or neither."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isascii() and value.isdigit():
            return timedelta(seconds=min(int(value[:9]), 86_400))
        try:
            wait = parsedate_to_datetime(value) - datetime.now(UTC)
        except (TypeError, ValueError):
            return None
        return max(wait, timedelta())


def encode(value: object) -> bytes:
    """JSON as it is sent: compact, keys sorted, decimals as numbers; equal values, equal bytes."""
    return _encoder.encode(value)


def decode(raw: bytes) -> Any:
    """JSON with decimals; None for anything that is not JSON."""
    try:
        return _decoder.decode(raw)
    except (ValueError, RecursionError):  # msgspec's errors and bad UTF-8 are ValueErrors
        return None


async def reply_of(response: ClientResponse) -> Reply:
    """The whole answer; for a client middleware that must look into it."""
    try:
        raw = await response.read()
    except TooLarge:
        raw = b""
    return Reply(response.status, response.headers, decode(raw), raw)


class TooLarge(Exception):
    """The body is larger than any contract allows; the rest is not read."""


class BoundedResponse(ClientResponse):
    """An answer that is read up to a size; reading beyond it raises TooLarge."""

    async def read(self) -> bytes:
        if self._body is None:
            chunks, size = [], 0
            async for chunk in self.content.iter_any():
                size += len(chunk)
                if size > LARGEST_BODY:
                    self.close()
                    raise TooLarge
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return await super().read()
