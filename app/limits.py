"""How often one caller may ask: exact sliding windows in this process."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

MAX_KEYS = 20_000  # remembered callers; the one idle longest is forgotten first


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `maximum` in any `seconds`."""

    maximum: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands under the rule that is closest to its end; times in seconds."""

    rule: Rule
    remaining: int
    resets_in: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        """The RateLimit fields of an answer, with Retry-After when it was refused."""
        fields = {
            "RateLimit-Limit": str(self.rule.maximum),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.resets_in),
        }
        return fields if self.allowed else {**fields, "Retry-After": str(self.resets_in)}


class Window:
    """The times of one caller's requests, under each rule those it still counts."""

    __slots__ = ("_times", "rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._times: dict[Rule, deque[float]] = {rule: deque() for rule in rules}

    def take(self, now: float) -> Standing:
        """Count one request, unless a rule refuses it."""
        standing = min(self.standings(now), key=lambda found: (found.remaining, -found.resets_in))
        if not standing.allowed:
            return standing
        for times in self._times.values():
            times.append(now)
        return replace(standing, remaining=standing.remaining - 1)

    def standings(self, now: float) -> list[Standing]:
        """Where the caller stands under each rule; nothing is counted."""
        return [self._under(rule, times, now) for rule, times in self._times.items()]

    @staticmethod
    def _under(rule: Rule, times: deque[float], now: float) -> Standing:
        while times and times[0] <= now - rule.seconds:
            times.popleft()
        resets = max(1, math.ceil(times[0] + rule.seconds - now)) if times else rule.seconds
        left = rule.maximum - len(times)
        return Standing(rule, max(left, 0), resets, left > 0)


class Limiter:
    """One window for each caller. `clock` answers seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def take(self, caller: str, rules: tuple[Rule, ...]) -> Standing:
        """Count one request of a caller, unless it is refused; changed rules start afresh."""
        window = self._windows.get(caller)
        if window is None or window.rules != rules:
            window = self._windows[caller] = Window(rules)
            if len(self._windows) > MAX_KEYS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(caller)
        return window.take(self._clock())

    def standings(self, caller: str) -> list[Standing]:
        """Where a caller stands under each rule; nothing for one who never asked."""
        window = self._windows.get(caller)
        return window.standings(self._clock()) if window else []
