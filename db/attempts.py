"""Tries at a provider: each place that went out, and each look that decided something."""

from collections.abc import Sequence
from uuid import UUID

from db.pool import Connection
from domain.orders import AttemptOutcome, FulfillmentAttempt

# The caller holds the fulfillment's row: numbers are given one after another.
BEGIN = """
INSERT INTO fulfillment_attempts (fulfillment_id, number, account, claim, reference, started_at,
                                  outcome)
SELECT f.id, coalesce((SELECT max(number) FROM fulfillment_attempts WHERE fulfillment_id = $1), 0)
       + 1, f.account, $2, f.reference, clock_timestamp(), 'RUNNING'
  FROM fulfillments f WHERE f.id = $1
RETURNING number"""

FINISH = """
UPDATE fulfillment_attempts
   SET finished_at = clock_timestamp(), outcome = $3, provider_code = $4
 WHERE fulfillment_id = $1 AND claim = $2 AND finished_at IS NULL
RETURNING number"""


async def of(
    conn: Connection, fulfillment_ids: Sequence[UUID]
) -> dict[UUID, list[FulfillmentAttempt]]:
    """The tries of each fulfillment by number; one without any has an empty list."""
    found: dict[UUID, list[FulfillmentAttempt]] = {id: [] for id in fulfillment_ids}
    rows = await conn.fetch(
        "SELECT fulfillment_id, number, started_at, finished_at, outcome, provider_code"
        " FROM fulfillment_attempts WHERE fulfillment_id = ANY($1)"
        " ORDER BY fulfillment_id, number",
        list(fulfillment_ids),
    )
    for row in rows:
        found[row["fulfillment_id"]].append(
            FulfillmentAttempt(
                number=row["number"],
                started_at=row["started_at"],
                finished_at=row["finished_at"],
                outcome=AttemptOutcome(row["outcome"]),
                provider_code=row["provider_code"],
            )
        )
    return found


async def begin(conn: Connection, fulfillment_id: UUID, claim: int) -> int:
    """Note that a try goes out under a claim (its attempt); the try's number. Lock the row first.

    As worker. `db/claims.py` calls it for places.
    """
    number: int = await conn.fetchval(BEGIN, fulfillment_id, claim)
    return number


async def finish(
    conn: Connection,
    fulfillment_id: UUID,
    claim: int,
    outcome: AttemptOutcome,
    provider_code: str | None = None,
) -> None:
    """Note what came of the try of a claim; one that was not noted before is so now.

    As worker, with the fulfillment locked.
    """
    given = (fulfillment_id, claim, outcome.value, provider_code)
    if await conn.fetchval(FINISH, *given) is None:
        await begin(conn, fulfillment_id, claim)
        await conn.execute(FINISH, *given)
