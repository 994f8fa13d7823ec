"""What a read saw of a provider is written down after the answer; it moves no state by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import fulfillments
from db.pool import Database
from domain.orders import Fulfillment
from providers.port import Reading


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at an open fulfillment; without a reading: the provider's list did not hold it."""

    fulfillment: Fulfillment
    as_of: datetime
    reading: Reading | None = None

    @property
    def says_more(self) -> bool:
        """Whether the worker should look: a new word, or units that are not stored yet."""
        progress, reading = self.fulfillment.progress, self.reading
        if reading is None:
            return True
        return reading.status is not progress.word or (reading.delivered or 0) > progress.delivered


async def record(database: Database, seen: Sequence[Seen]) -> None:
    """Write a batch of looks by one statement. A row that somebody newer changed is left alone."""
    async with database.worker() as conn:
        await fulfillments.observe(
            conn,
            [
                fulfillments.Observation(
                    fulfillment_id=look.fulfillment.id,
                    version=look.fulfillment.version,
                    word=look.reading.status if look.reading else None,
                    raw_status=look.reading.raw_status if look.reading else None,
                    as_of=look.as_of,
                    wake=look.says_more,
                )
                for look in seen
            ],
        )
