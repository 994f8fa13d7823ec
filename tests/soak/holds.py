"""Stops the service between two instructions: a trigger waits for a lock that the test holds.

A hold before COMMIT is undone when the service dies there. A hold at COMMIT is of a deferred
trigger: the service has sent COMMIT, dies without an answer, and the transaction stands.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.soak.arena import Arena

LOCK = 471_100
WAITING = f"""
SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} AND NOT granted"""
FUNCTION = f"""
CREATE OR REPLACE FUNCTION public.soak_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({LOCK});
    RETURN NEW;
END $$"""


@dataclass(frozen=True, slots=True)
class Hold:
    """Where to stop: at which statement on which table."""

    table: str
    on: str
    when: str = "true"

    def trigger(self, *, at_commit: bool) -> str:
        kind = "CONSTRAINT TRIGGER" if at_commit else "TRIGGER"
        moment = "AFTER" if at_commit else "BEFORE"
        deferred = "DEFERRABLE INITIALLY DEFERRED" if at_commit else ""
        return (
            f"CREATE {kind} zz_soak_hold {moment} {self.on} ON {self.table} {deferred}"
            f" FOR EACH ROW WHEN ({self.when}) EXECUTE FUNCTION public.soak_hold()"
        )


ACCEPT = Hold("orders", "INSERT", "NEW.origin = 'PLACED'")
CLAIM = Hold("fulfillments", "UPDATE", "OLD.state = 'ready' AND NEW.state = 'sending'")
SENT = Hold("fulfillments", "UPDATE", "NEW.sends > OLD.sends")
SETTLE = Hold("fulfillments", "UPDATE", "OLD.state = 'sending' AND NEW.state <> 'sending'")
UNITS = Hold("vouchers", "INSERT")
MONEY = Hold("transfers", "INSERT", "NEW.kind = 'CAPTURE'")


@asynccontextmanager
async def held(arena: Arena, hold: Hold, *, at_commit: bool) -> AsyncIterator[None]:
    """Whoever comes there waits while the block runs, and goes on afterwards."""
    async with arena.connected() as conn:
        await conn.execute(FUNCTION)
        await conn.execute(hold.trigger(at_commit=at_commit))
        await conn.execute(f"SELECT pg_advisory_lock({LOCK})")
        try:
            yield
        finally:
            await conn.execute(f"SELECT pg_advisory_unlock({LOCK})")
            # Waits for the transactions that have fired it.
            await conn.execute(f"DROP TRIGGER zz_soak_hold ON {hold.table}")


async def someone_waits(arena: Arena, buying: "asyncio.Task[Any]") -> None:
    """Until the service has come to the hold, and a moment for others to come there too."""
    for _ in range(200):
        if buying.done():
            raise AssertionError(f"it was over before: {buying.result()}, {arena.counts}")
        if await arena.fetch(WAITING):
            await asyncio.sleep(0.1)
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the service never came to the hold: {arena.counts}\n{arena.log()}")
