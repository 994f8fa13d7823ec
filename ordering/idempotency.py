"""One key, one request: what makes two requests the same."""

import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

VERSION = "vg1"


def fingerprint(key: bytes, mutation: str, given: Mapping[str, Any]) -> bytes:
    """A keyed digest of a mutation's coerced input, its idempotency key left out.

    Names are sorted, decimals normalized, and a value that is None counts as absent.
    """
    text = json.dumps([VERSION, mutation, _plain(given)], sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, text.encode(), "sha256")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if isinstance(value, bool | int | None) else str(value)
