"""When to look at an accepted order again: often at first, ever more rarely, never not at all."""

import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate

# Seconds between looks after acceptance; then as `LATER` says.
FIRST = (2, 3, 5, 8, 13, 20, 30, 45, 60, 60, 60)
LATER = (
    (timedelta(hours=1), timedelta(seconds=90)),
    (timedelta(days=1), timedelta(minutes=5)),
)
RARELY = timedelta(hours=1)
REACHED = tuple(accumulate(FIRST))


def wait(age: timedelta) -> timedelta:
    """How long to wait for the next look at an order accepted so long ago."""
    for reached, seconds in zip(REACHED, FIRST, strict=True):
        if age < timedelta(seconds=reached):
            return timedelta(seconds=seconds)
    for until, step in LATER:
        if age < until:
            return step
    return RARELY


def next_look(accepted_at: datetime, now: datetime | None = None) -> datetime:
    """The instant of the next look, jittered by a tenth so that orders do not march in step."""
    now = now or datetime.now(UTC)
    return now + wait(now - accepted_at) * random.uniform(0.9, 1.1)  # noqa: S311
