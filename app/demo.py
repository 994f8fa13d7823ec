"""Something to begin with in a new sandbox: recorded catalogs, money, and past orders."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from app.program import Program
from app.sandbox import DEMO
from db import accounts, products
from domain.ids import uuid7
from domain.problems import Refused
from domain.viewers import Scope, Viewer
from ordering import catalog
from ordering.wallets import TopUp

if TYPE_CHECKING:
    from simulators import Simulator

log = structlog.get_logger()

LEFT_TO_IMPORT = 2  # of each provider, for whoever tries orderImport
AT_ONCE = 8
FOR_EVER = timedelta(days=36_500)
PLENTY = {"INR": Decimal(10_000_000), "JPY": Decimal(100_000_000)}
USUAL = frozenset({"INR", "USD", "EUR", "GBP", "AED", "SGD", "JPY"})
A_LOT = Decimal(1_000_000)


async def furnish(program: Program) -> None:
    """Read catalogs never read before, fill the wallets, import what the simulators know already.

    What is there already stays as it is; a failure is logged and leaves the sandbox emptier.
    """
    await catalog.refresh(program.database, program.providers, older_than=FOR_EVER)
    await fill_wallets(program)
    async with program.database.worker() as conn:
        demo = await accounts.by_name(conn, DEMO["operator"][0])
    if demo is None:
        return
    viewer = _ourselves(demo.id, demo.name, Scope.ORDERS_IMPORT)
    turns = asyncio.Semaphore(AT_ONCE)
    past = _past(program.simulators.values())
    results = await asyncio.gather(
        *(_import(program, name, order_id, viewer, turns) for name, order_id in past)
    )
    log.info("sandbox.furnished", orders=sum(results))


async def fill_wallets(program: Program) -> None:
    """Give the demo accounts money in every currency that something is paid in, once for ever."""
    async with program.database.worker() as conn:
        currencies = USUAL | set(await products.price_currencies(conn))
        names = sorted({account for account, _ in DEMO.values()})
        owners = [found for name in names if (found := await accounts.by_name(conn, name))]
    for owner in owners:
        viewer = _ourselves(owner.id, owner.name, Scope.OPERATIONS_WRITE)
        for currency in sorted(currencies):
            amount = PLENTY.get(currency, A_LOT)
            wanted = TopUp(f"sandbox-{currency}", None, owner.id, amount, currency)
            await program.services.wallets.top_up(viewer, wanted)


def _ourselves(account: UUID, name: str, scope: Scope) -> Viewer:
    return Viewer(
        account=account,
        account_name=name,
        client_id=uuid7(),
        actor="sandbox",
        scopes=frozenset({scope}),
        request_id="sandbox",
    )


def _past(simulators: "Iterable[Simulator]") -> Iterable[tuple[str, str]]:
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
