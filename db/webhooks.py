"""Webhook deliveries: each counts once. All of it as worker."""

from datetime import timedelta

from db.pool import Connection


async def seen(conn: Connection, provider: str, delivery: str) -> bool:
    """Note that a delivery came; True the first time, False for every repetition.

    Of several at once one is the first; the others wait for its transaction to end.
    """
    found = await conn.fetchval(
        "INSERT INTO webhook_deliveries (provider, delivery) VALUES ($1, $2)"
        " ON CONFLICT DO NOTHING RETURNING true",
        *(provider, delivery),
    )
    return bool(found)


async def forget(conn: Connection, older_than: timedelta) -> int:
    """Drop what no provider will repeat any more; how many were dropped."""
    status = await conn.execute(
        "DELETE FROM webhook_deliveries WHERE at < now() - $1::interval", older_than
    )
    return int(status.rpartition(" ")[2])
