"""References: our id for a fulfillment, derived so that the same retry makes the same one."""

import base64
import hmac
import re
from collections.abc import Mapping
from uuid import UUID

BITS = 80  # 16 characters of base32: with the prefix at most 25, which every provider takes
LENGTH = 16


class References:
    """Makes references, and knows them again. Prefixes by provider; `default` for the others.

    A restored backup makes the same reference for the same retry, and the provider then answers
    "duplicate" instead of selling twice.
    """

    def __init__(self, default: str, by_provider: Mapping[str, str] | None = None) -> None:
        self._default = default
        self._by_provider = dict(by_provider or {})
        prefixes = "|".join(map(re.escape, {default, *self._by_provider.values()}))
        self._ours = re.compile(rf"(?:{prefixes})_[A-Z2-7]{{{LENGTH}}}")

    def make(
        self,
        key: bytes,
        provider: str,
        account: UUID,
        idempotency_key: str,
        line: int,
        generation: int = 0,
    ) -> str:
        """The reference of one order line; `generation` counts operators' fresh starts."""
        named = f"{account}|{idempotency_key}|{line}|{generation}"
        digest = hmac.digest(key, named.encode(), "sha256")
        prefix = self._by_provider.get(provider, self._default)
        return f"{prefix}_{base64.b32encode(digest[: BITS // 8]).decode()}"

    def is_ours(self, reference: str | None) -> bool:
        """Whether it has our format: such an order is a fulfillment of ours or nobody's."""
        return bool(reference and self._ours.fullmatch(reference))
