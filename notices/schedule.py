"""When a message is tried again, and when an endpoint is given up. Published: docs/webhooks.md."""

import random
from datetime import timedelta

# After the first try: ten tries within 76 hours.
RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# An endpoint that took nothing for so long is disabled.
GIVEN_UP_AFTER = timedelta(days=5)


def next_try(step: int) -> timedelta | None:
    """How long to wait after the try of that number, from 1; None: it was the last one.

    A tenth more or less, so that messages that failed together do not come back together.
    """
    if step > len(RETRIES):
        return None
    return RETRIES[step - 1] * random.uniform(0.9, 1.1)  # noqa: S311
