"""What is done once a day by one process: forgetting what must not, or need not, be kept."""

from datetime import timedelta

import structlog

from db import deliveries, endpoints, jobs, orders, webhooks
from db.pool import Database

log = structlog.get_logger()

JOB = "chores"
EVERY = timedelta(days=1)
LEASE = timedelta(minutes=10)
# Whom an order went to is erased this long after it was settled.
RECIPIENTS_KEPT = timedelta(days=90)
# No provider repeats a delivery after some hours.
DELIVERIES_KEPT = timedelta(days=30)
# What became of outgoing webhooks.
MESSAGES_KEPT = timedelta(days=30)


async def daily(database: Database) -> bool:
    """Do it when the day is over; whether it was."""
    async with database.worker() as conn:
        fence = await jobs.claim(conn, JOB, LEASE, EVERY)
    if fence is None:
        return False
    async with database.worker() as conn:
        erased = await orders.erase_recipients(conn, RECIPIENTS_KEPT)
        forgotten = await webhooks.forget(conn, DELIVERIES_KEPT)
        messages = await deliveries.forget(conn, MESSAGES_KEPT)
        await endpoints.forget_ended(conn)
        await jobs.done(conn, JOB, fence)
    log.info(
        "chores.done",
        recipients_erased=erased,
        deliveries_forgotten=forgotten,
        messages_forgotten=messages,
    )
    return False
