"""Counts in this process: exact sliding windows, and budgets that refill."""

import math
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from app.limits import Bucket, Purse, Rule, Standing

NOT_WORTH_MOVING = 64
MAX_KEYS = 20_000  # remembered callers; the one idle longest is forgotten first


class Moments:
    """Moments in their order, packed: objects of a minute's life, scattered over the memory that a
    crowd took meanwhile, would keep the system from getting it back."""

    __slots__ = ("_all", "_first")

    def __init__(self) -> None:
        self._all = array("d")
        self._first = 0  # what is before was forgotten

    def __len__(self) -> int:
        return len(self._all) - self._first

    @property
    def oldest(self) -> float:
        return self._all[self._first]

    def add(self, moment: float) -> None:
        self._all.append(moment)

    def forget(self, until: float) -> None:
        """Forget that moment and all before it."""
        found, first, number = self._all, self._first, len(self._all)
        while first < number and found[first] <= until:
            first += 1
        if first > NOT_WORTH_MOVING and first > number // 2:
            del found[:first]
            first = 0
        self._first = first


class Window:
    """The times of one caller's requests, under each rule those it still counts."""

    __slots__ = ("_times", "rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._times: list[tuple[Rule, Moments]] = [(rule, Moments()) for rule in rules]

    def take(self, now: float) -> Standing:
        """Count one request, unless a rule refuses it."""
        found = tightest(self.standings(now))
        if not found.allowed:
            return found
        for _, times in self._times:
            times.add(now)
        return Standing(found.rule, found.remaining - 1, found.resets_in, allowed=True)

    def standings(self, now: float) -> list[Standing]:
        """Where the caller stands under each rule; nothing is counted."""
        return [self._under(rule, times, now) for rule, times in self._times]

    @staticmethod
    def _under(rule: Rule, times: Moments, now: float) -> Standing:
        times.forget(now - rule.seconds)
        return standing(rule, len(times), (times.oldest - now) if times else 0.0)


def standing(rule: Rule, counted: int, oldest: float) -> Standing:
    """Under one rule; `oldest` counted request in seconds from now, hence negative."""
    resets = max(1, math.ceil(oldest + rule.seconds))
    left = rule.maximum - counted
    return Standing(rule, max(left, 0), min(resets, rule.seconds), left > 0)


def tightest(standings: list[Standing]) -> Standing:
    """The one to tell the caller of: what is closest to its end, and longest so."""
    return min(standings, key=lambda found: (found.remaining, -found.resets_in))


@dataclass(slots=True)
class Level:
    """What is left of a budget, as of a moment. Below 0 after an operation dearer than all."""

    bucket: Bucket
    left: float
    at: float

    def spend(self, cost: int, now: float) -> Purse:
        """Take a cost unless too little is left."""
        gained = max(0.0, now - self.at) * self.bucket.per_second
        self.left, self.at = min(self.bucket.size, self.left + gained), now
        allowed = self.left >= min(cost, self.bucket.size)
        if allowed:
            self.left -= cost
        return Purse.of(self.bucket, cost, self.left, allowed=allowed)


class Local:
    """One window and one budget for each caller. `clock` answers seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, Window] = OrderedDict()
        self._levels: OrderedDict[str, Level] = OrderedDict()

    async def take(self, caller: str, rules: tuple[Rule, ...]) -> Standing:
        """Count one request of a caller, unless it is refused; changed rules start afresh."""
        window = self._windows.get(caller)
        if window is None or window.rules != rules:
            window = self._windows[caller] = Window(rules)
            if len(self._windows) > MAX_KEYS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(caller)
        return window.take(self._clock())

    async def standings(self, caller: str, rules: tuple[Rule, ...]) -> list[Standing]:
        """Where a caller stands under each rule; nothing is counted or remembered."""
        window = self._windows.get(caller)
        if window is None or window.rules != rules:
            window = Window(rules)
        return window.standings(self._clock())

    async def spend(self, caller: str, bucket: Bucket, cost: int) -> Purse:
        """Take a cost from a caller's budget; a changed one starts full."""
        now = self._clock()
        level = self._levels.get(caller)
        if level is None or level.bucket != bucket:
            level = self._levels[caller] = Level(bucket, bucket.size, now)
            if len(self._levels) > MAX_KEYS:
                self._levels.popitem(last=False)
        self._levels.move_to_end(caller)
        return level.spend(cost, now)

    async def open(self) -> None:
        """Nothing can be wrong."""

    async def close(self) -> None:
        """Nothing is held open."""
