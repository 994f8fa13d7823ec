"""After a restore nothing is placed before both sides were compared."""

import pytest

from ordering import restored
from ordering.reconcile import job
from tests.operations.buying import ledger, opened, pass_time, until
from tests.operations.operating import sql
from tests.operations.service import Service


async def guard(service: Service, *, told: bool = False) -> bool:
    names = service.program.providers
    return await restored.guard(service.program.database, names, map(job, names), told=told)


async def test_the_cluster_it_was_born_in_is_no_restore(service: Service) -> None:
    assert await guard(service) is False
    assert await sql(service, "SELECT provider FROM provider_pauses") == []


@pytest.mark.parametrize("column", ["system_identifier", "timeline_id"])
async def test_another_cluster_is_a_restore_until_every_provider_was_compared(
    service: Service, column: str
) -> None:
    await sql(service, f"UPDATE installation SET {column} = {column} + 1")  # noqa: S608
    for name in service.program.providers:
        assert await guard(service) is True, "the stamp is written when all were compared"
        report = await service.program.services.reconciler.now(name)
        assert report is not None
        assert report.is_clean
    # Guarded anew before each of them: now once more, all in one go.
    for name in service.program.providers:
        await service.program.services.reconciler.now(name)
    assert await sql(service, "SELECT provider FROM provider_pauses") == []
    assert await guard(service) is False


async def test_nothing_is_placed_meanwhile_and_it_goes_on_afterwards(service: Service) -> None:
    buyer = await opened(service)
    assert await guard(service, told=True) is True
    order = await buyer.buy("enkash")
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert found["fulfillments"][0]["status"] == "READY"
    assert ledger(service, "enkash") == []
    await service.program.services.reconciler.now("enkash")
    await pass_time(service)
    found = await until(service, buyer, order["id"], "FULFILLED")
    assert len(ledger(service, "enkash")) == 1
