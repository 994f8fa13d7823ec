"""Something to look at in a new sandbox: recorded catalogs, and orders of the demo account."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import structlog

from app.composition import Program
from app.sandbox import DEMO
from db import accounts
from domain.ids import uuid7
from domain.problems import Refused
from domain.viewers import Scope, Viewer
from ordering import catalog
from simulators import Simulator

log = structlog.get_logger()

LEFT_TO_IMPORT = 2  # of each provider, for whoever tries orderImport
AT_ONCE = 8
FOR_EVER = timedelta(days=36_500)


async def furnish(program: Program) -> None:
    """Read the catalogs that were never read, and import what the simulators know from before.

    What is there already stays as it is; a failure is logged and leaves the sandbox emptier.
    """
    await catalog.refresh(program.database, program.providers, older_than=FOR_EVER)
    async with program.database.worker() as conn:
        demo = await accounts.by_name(conn, DEMO["operator"][0])
    if demo is None:
        return
    viewer = Viewer(
        account=demo.id,
        account_name=demo.name,
        client_id=uuid7(),
        actor="sandbox",
        scopes=frozenset({Scope.ORDERS_IMPORT}),
        request_id="sandbox",
    )
    turns = asyncio.Semaphore(AT_ONCE)
    past = _past(program.simulators.values())
    results = await asyncio.gather(
        *(_import(program, name, order_id, viewer, turns) for name, order_id in past)
    )
    log.info("sandbox.furnished", orders=sum(results))


def _past(simulators: Iterable[Simulator]) -> Iterable[tuple[str, str]]:
    for simulator in simulators:
        for order in simulator.seeded_orders[:-LEFT_TO_IMPORT]:
            yield simulator.name, order.order_id


async def _import(
    program: Program, name: str, order_id: str, viewer: Viewer, turns: asyncio.Semaphore
) -> bool:
    async with turns:
        try:
            await program.services.importer.bring_in(
                program.providers[name], order_id, viewer.account, viewer
            )
        except Refused as refused:
            log.warning("sandbox.not_imported", provider=name, code=refused.problem.code.value)
            return False
    return True
