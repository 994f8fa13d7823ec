"""How many calls a provider lets through in a time."""

import math
from collections import defaultdict, deque
from collections.abc import Hashable


class Limits:
    """Sliding windows, each with its own key."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, deque[float]] = defaultdict(deque)

    def wait(self, key: Hashable, most: int, seconds: float, now: float) -> int:
        """Count a call: 0 when it may pass, else the whole seconds until the next may."""
        calls = self._calls[key]
        while calls and calls[0] <= now - seconds:
            calls.popleft()
        if len(calls) >= most:
            return max(1, math.ceil(calls[0] + seconds - now))
        calls.append(now)
        return 0
