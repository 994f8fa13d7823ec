"""How a simulator behaves while nothing goes wrong, changed through `PUT /_sim/settings`."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass
class Settings:
    """Seconds and milliseconds are real ones; the simulator's clock is the real one + the offset.

    `instant`: products in stock are delivered with the order, others after `delivery_seconds`;
    without it everything takes `delivery_seconds`. `settling_seconds`: how long a done order cannot
    be found by its reference or in lists. Beyond running.md: `rate_limits` counts calls as the
    provider does and refuses too many (off: demonstrations do not trip over it), `token_seconds` is
    the life of new access tokens (None: the provider's usual one), `partial_seconds` cancels the
    missing units of a partly delivered order after that time (None: they stay missing for ever),
    `webhook_url` and `webhook_secret` are what one would enter in the provider's dashboard.
    """

    latency_ms: float = 0
    delivery_seconds: float = 2
    instant: bool = True
    clock_offset_seconds: float = 0
    idempotency_seconds: float = 86400
    settling_seconds: float = 0
    rate_limits: bool = False
    token_seconds: float | None = None
    partial_seconds: float | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None

    def now(self) -> float:
        """The simulator's clock, in seconds since 1970."""
        return time.time() + self.clock_offset_seconds

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Set some of them, or none: a ValueError or TypeError says what is wrong."""
        for name, value in wanted.items():
            _check(name, value)
        for name, value in wanted.items():
            setattr(self, name, value)

    def shown(self) -> dict[str, Any]:
        return asdict(self)


FLAGS = frozenset({"instant", "rate_limits"})
TEXTS = frozenset({"webhook_url", "webhook_secret"})
OPTIONAL = TEXTS | {"token_seconds", "partial_seconds"}
KNOWN = tuple(field.name for field in fields(Settings))


def _check(name: str, value: Any) -> None:
    if name not in KNOWN:
        raise ValueError(f"unknown setting {name!r}; known: {', '.join(KNOWN)}")
    if value is None and name in OPTIONAL:
        return
    if name in FLAGS:
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false")
        return
    if name in TEXTS:
        if not isinstance(value, str):
            raise ValueError(f"{name} must be a text or null")
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number")
    if value < 0 and name != "clock_offset_seconds":
        raise ValueError(f"{name} must not be negative")
