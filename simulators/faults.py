"""Faults on demand: what shall go wrong, for which calls, how often."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OPERATIONS = (
    "token",
    "catalog",
    "product",
    "quote",
    "cart",
    "place",
    "order",
    "status",
    "find",
    "vouchers",
    "orders",
    "balance",
    "cancel",
    "resend",
)

# What happens to the call itself; one at a time.
BEFORE = frozenset({"refused", "timeout_before", "error_before", "rate_limited", "unauthorized"})
AFTER = frozenset({"timeout_after", "reset_after", "error_after", "garbage"})
# What happens to the content: the order that is made, or the words and prices of an answer.
TWISTS = frozenset(
    {
        "out_of_stock",
        "low_balance",
        "partial",
        "stuck",
        "fail_later",
        "late",
        "unknown_status",
        "extra_fields",
        "drifted_price",
        "duplicate_webhook",
    }
)
KINDS = BEFORE | AFTER | TWISTS | {"slow"}

ANY = "*"
SLOW_MS = 3000


@dataclass
class Fault:
    """One fault in force. `times` None: for ever; `delay_ms` is waited before anything else."""

    operation: str
    kind: str
    probability: float
    times: int | None
    delay_ms: float
    reference: str | None
    sku: str | None
    dice: random.Random

    def concerns(self, serves: frozenset[str], reference: str | None, sku: str | None) -> bool:
        """Whether it is meant for such a call and not used up."""
        return (
            self.times != 0
            and (self.operation == ANY or self.operation in serves)
            and self.reference in (None, reference)
            and self.sku in (None, sku)
        )

    def strikes(self) -> bool:
        """Throw the dice; a strike uses one of its times up."""
        if self.dice.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def shown(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "fault": self.kind,
            "probability": self.probability,
            "times": self.times,
            "delay_ms": self.delay_ms,
            "match": {"reference": self.reference, "sku": self.sku},
        }


@dataclass(frozen=True)
class Struck:
    """What struck one call: at most one kind for the call itself, any number of twists."""

    kind: str | None = None
    twists: frozenset[str] = frozenset()
    delay_seconds: float = 0.0


class Faults:
    """The faults in force. Equal seeds and equal calls strike equally."""

    def __init__(self) -> None:
        self.seed = 0
        self.in_force: list[Fault] = []

    def replace(self, wanted: Mapping[str, Any]) -> None:
        """Put these in force instead; a ValueError or TypeError says what is wrong."""
        unknown = set(wanted) - {"seed", "faults"}
        if unknown:
            raise ValueError(f"unknown key {min(unknown)!r}; known: seed, faults")
        rows = wanted.get("faults", [])
        if not isinstance(rows, list):
            raise TypeError("faults must be a list")
        seed = wanted.get("seed") or 0
        self.in_force = [_fault(row, seed, place) for place, row in enumerate(rows)]
        self.seed = seed

    def strike(self, serves: Iterable[str], reference: str | None, sku: str | None) -> Struck:
        """Decide what goes wrong with one call: the first kind that strikes, and every twist."""
        names = frozenset(serves)
        kind: str | None = None
        twists: set[str] = set()
        delay = 0.0
        for fault in self.in_force:
            takes_the_call = fault.kind in BEFORE or fault.kind in AFTER
            if takes_the_call and kind is not None:
                continue
            if not fault.concerns(names, reference, sku) or not fault.strikes():
                continue
            if takes_the_call:
                kind = fault.kind
            elif fault.kind != "slow":
                twists.add(fault.kind)
            delay += fault.delay_ms / 1000
        return Struck(kind, frozenset(twists), delay)

    def shown(self) -> dict[str, Any]:
        return {"seed": self.seed, "faults": [fault.shown() for fault in self.in_force]}


def _fault(row: Any, seed: int, place: int) -> Fault:
    if not isinstance(row, dict):
        raise TypeError("a fault must be an object")
    known = {"operation", "fault", "probability", "times", "delay_ms", "match"}
    if set(row) - known:
        raise ValueError(f"unknown key {min(set(row) - known)!r} in a fault")
    operation, kind = row.get("operation"), row.get("fault")
    if operation != ANY and operation not in OPERATIONS:
        raise ValueError(f"unknown operation {operation!r}; known: {', '.join(OPERATIONS)}")
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
    probability, times = row.get("probability"), row.get("times")
    probability = 1.0 if probability is None else probability
    if not isinstance(probability, int | float) or not 0 <= probability <= 1:
        raise ValueError("probability must be a number from 0 to 1")
    if times is not None and (not isinstance(times, int) or times < 0):
        raise ValueError("times must be null or a count")
    delay = row.get("delay_ms")
    delay = (SLOW_MS if kind == "slow" else 0) if delay is None else delay
    if not isinstance(delay, int | float) or delay < 0:
        raise ValueError("delay_ms must be a number of milliseconds")
    match = row.get("match") or {}
    if not isinstance(match, dict) or set(match) - {"reference", "sku"}:
        raise ValueError("match has the keys reference and sku")
    sku = match.get("sku")
    return Fault(
        operation=operation,
        kind=kind,
        probability=probability,
        times=times,
        delay_ms=delay,
        reference=match.get("reference"),
        sku=None if sku is None else str(sku),
        dice=random.Random(f"{seed}:{place}"),
    )
