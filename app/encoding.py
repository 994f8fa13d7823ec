"""Answers as JSON, whatever strangers put into them."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()


def encode(body: Any) -> bytes:
    """JSON; a lone surrogate that came in by an escape goes out as a replacement character."""
    try:
        return _encoder.encode(body)
    except UnicodeEncodeError:
        return _encoder.encode(_sendable(body))


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_sendable(key): _sendable(item) for key, item in value.items()}
    return [_sendable(item) for item in value] if isinstance(value, list) else value
