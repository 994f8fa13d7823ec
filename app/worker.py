"""The background: what is due is carried on, and catalogs are read again before they are old."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from app.program import Program
from app.telemetry import FAILURES, where
from ordering import catalog, checkpoints, chores

log = structlog.get_logger()

STEP_SECONDS = 1.0
# A failing step is tried again, not a hundred times a second.
PAUSE_SECONDS = 5.0
CATALOG_AGE = timedelta(hours=6)
CATALOG_CHECK_SECONDS = 60.0
JOBS_CHECK_SECONDS = 60.0
CHECKPOINT_CHECK_SECONDS = 5.0


def start(program: Program) -> list[asyncio.Task[None]]:
    """The background tasks of this process; cancel them to stop."""
    settings, services = program.settings, program.services
    tasks: list[asyncio.Task[None]] = []
    if not settings.workers or not program.providers:
        return tasks

    async def refresh() -> bool:
        await catalog.refresh(services.database, program.providers, older_than=CATALOG_AGE)
        return False

    async def housekeeping() -> bool:
        return await chores.daily(services.database)

    async def checkpoint() -> bool:
        return await checkpoints.every_minute(services.database, services.keys)

    tasks.append(asyncio.create_task(_forever(refresh, CATALOG_CHECK_SECONDS, "catalog")))
    reconcile = services.reconciler.daily
    tasks.append(asyncio.create_task(_forever(reconcile, JOBS_CHECK_SECONDS, "reconcile")))
    tasks.append(asyncio.create_task(_forever(housekeeping, JOBS_CHECK_SECONDS, "housekeeping")))
    every_minute = _forever(checkpoint, CHECKPOINT_CHECK_SECONDS, "checkpoint")
    tasks.append(asyncio.create_task(every_minute))
    announce = program.announcer.step
    tasks.append(asyncio.create_task(_forever(announce, STEP_SECONDS, "webhooks")))
    for _ in range(settings.workers):

        async def step() -> bool:
            return await services.fulfiller.step() > 0

        tasks.append(asyncio.create_task(_forever(step, STEP_SECONDS, "fulfill")))
    return tasks


async def _forever(step: Callable[[], Awaitable[bool]], seconds: float, name: str) -> None:
    """Call it again and again: at once while it says that there may be more, else after a wait."""
    while True:
        try:
            more = await step()
        except Exception as error:  # noqa: BLE001 - the background outlives any single failure
            FAILURES.labels(type(error).__name__).inc()
            # No traceback: it would hold values.
            log.error("worker.failed", work=name, error=type(error).__name__, at=where(error))  # noqa: TRY400
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        # Jitter, so that replicas do not look all at the same moment.
        await asyncio.sleep(0 if more else seconds * random.uniform(0.8, 1.0))  # noqa: S311
