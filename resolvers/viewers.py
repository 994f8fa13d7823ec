"""The viewer's own limits."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from strawberry import Parent

from db import limits as spending
from db.limits import Used
from domain.viewers import Limit, Viewer
from resolvers.context import Ask

# A minute's reveals are forgotten when all of it lies an hour back.
REVEALS_COUNT_FOR = timedelta(minutes=61)
LARGEST_INT = 2**31 - 1  # of GraphQL


async def limits(root: Parent[Viewer], info: Ask) -> Sequence[Limit]:
    """Every limit that holds for this client, with what is left of it."""
    context = info.context
    asking = await context.meter.limits()
    async with context.reading() as conn:
        used = await spending.used(conn, root.account, root.client_id)
    return [*asking, _reveals(root, used), *_spending(used)]


def _reveals(viewer: Viewer, used: Used) -> Limit:
    most = viewer.vouchers_per_hour
    reset = used.latest + REVEALS_COUNT_FOR if used.latest else used.at
    return Limit("revealed vouchers per hour", most, max(0, most - used.revealed), reset)


def _spending(used: Used) -> Iterator[Limit]:
    """In whole units of each currency: what is left is never told too high."""
    tomorrow = datetime.combine(used.at.astimezone(UTC).date(), time(), UTC) + timedelta(days=1)
    for limit, spent in used.spending:
        if limit.per_day is not None:
            left = _whole(max(Decimal(0), limit.per_day - spent))
            yield Limit(f"{limit.currency} per day", _whole(limit.per_day), left, tomorrow)
        if limit.largest_order is not None:
            most = _whole(limit.largest_order)
            yield Limit(f"{limit.currency} per order", most, most, used.at)


def _whole(amount: Decimal) -> int:
    return min(int(amount), LARGEST_INT)
