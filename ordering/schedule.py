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


def wait(age: timedelta, looks: tuple[int, ...] = ()) -> timedelta:
    """How long to wait for the next look at an order accepted so long ago.

    `looks` are a provider's own first waits in seconds; after them it is looked at rarely.
    """
    steps = looks or FIRST
    for reached, seconds in zip(accumulate(steps), steps, strict=True):
        if age < timedelta(seconds=reached):
            return timedelta(seconds=seconds)
    for until, step in () if looks else LATER:
        if age < until:
            return step
    return RARELY


def jittered(wanted: timedelta) -> timedelta:
    """A tenth more or less, so that orders do not march in step."""
    return wanted * random.uniform(0.9, 1.1)  # noqa: S311


def next_look(accepted_at: datetime, now: datetime | None = None) -> datetime:
    """The instant of the next look."""
    now = now or datetime.now(UTC)
    return now + jittered(wait(now - accepted_at))
