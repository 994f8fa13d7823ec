"""Query.auditChain: whether a chain holds, told to whoever may read it, and where it does not."""

import threading
from typing import Any

import pytest

from app.verifying import verify
from db import audit_tail
from ordering import checkpoints
from simulators.world import State
from tests.operations.service import Service, add_orders
from tests.operations.test_audit import owner, reveal
from tests.operations.test_audit_checkpoints import CUT

CHAIN = "{ auditChain { length head checked intact firstBroken checkpointAt } }"
NEWEST = "{ auditEvents(first: 1) { nodes { sequence mac } } }"


@pytest.fixture
async def order(service: Service) -> str:
    """A delivered order of two vouchers, revealed twice: five rows with its import."""
    [made] = add_orders(service.simulators["starship"], 1, State.DELIVERED, 2)
    id = await service.imported("starship", made.order_id)
    for _ in range(2):
        await reveal(service, id)
    return id


async def chain(service: Service, client: str = "operator") -> Any:
    return (await service.client(client).data(CHAIN))["auditChain"]


async def test_a_chain_that_holds(service: Service, order: str) -> None:
    found = await chain(service)
    [newest] = (await service.client("operator").data(NEWEST))["auditEvents"]["nodes"]
    assert found == {
        "length": newest["sequence"],
        "head": newest["mac"],
        "checked": int(newest["sequence"]),
        "intact": True,
        "firstBroken": None,
        "checkpointAt": None,
    }
    taken = await checkpoints.take(service.program.database, service.program.parts.keys)
    assert taken is not None
    assert await chain(service, "partner") == found | {
        "checkpointAt": taken.at.isoformat().replace("+00:00", "Z")
    }


async def test_an_account_without_acts_has_a_chain_without_rows(
    service: Service, order: str
) -> None:
    nothing = {"length": "0", "head": None, "checked": 0, "intact": True}
    assert await chain(service, "other") == nothing | {"firstBroken": None, "checkpointAt": None}


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("UPDATE audit_events SET purpose = 'inventory' WHERE sequence = 3", "3"),
        ("UPDATE audit_events SET action = 'NEVER_HEARD_OF' WHERE sequence = 2", "2"),
        ("DELETE FROM audit_events WHERE sequence = 4", "4"),
        ("DELETE FROM audit_events WHERE sequence = 5", "5"),
        (CUT, "2"),
    ],
)
async def test_what_the_owner_does_in_the_database_is_told_and_where(
    service: Service, order: str, damage: str, broken: str
) -> None:
    await checkpoints.take(service.program.database, service.program.parts.keys)
    async with owner(service) as conn:
        await conn.execute(damage)
    found = await chain(service)
    assert (found["intact"], found["firstBroken"]) == (False, broken)
    # As the command says.
    [said] = await verify(service.program.parts)
    assert said.startswith(f"demo  row {broken}: ")
    # Only of the account whose chain it is.
    assert (await chain(service, "other"))["intact"] is True


async def test_whoever_may_not_read_the_audit_is_told_nothing(service: Service, order: str) -> None:
    for client, code in ((None, "UNAUTHENTICATED"), ("readonly", "FORBIDDEN")):
        answer = await service.client(client).send(CHAIN)
        assert (answer.codes, answer.body["data"]) == ([code], {"auditChain": None})


async def test_checking_is_bounded_work_beside_the_loop(
    service: Service, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_tail, "MOST", 2)
    checked_in: list[threading.Thread] = []
    check = audit_tail.check

    def watched(*given: Any) -> Any:
        checked_in.append(threading.current_thread())
        return check(*given)

    monkeypatch.setattr(audit_tail, "check", watched)
    await chain(service)
    service.statements.sent.clear()
    found = await chain(service)
    assert (found["length"], found["checked"], found["intact"]) == ("5", 2, True)
    assert len(service.statements.sent) == 2, service.statements.sent
    assert threading.main_thread() not in checked_in
