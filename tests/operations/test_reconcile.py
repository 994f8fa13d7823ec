"""Reconcile: both sides put beside each other, with evidence, until it is gone or explained."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.comparing import compare, instant, table
from app.settings import load
from ordering.reconcile import Report
from providers import REGISTRY
from simulators.world import Purchase, State, Step
from tests.operations.buying import Buyer, faults, pass_time
from tests.operations.operating import Operator, accepted, late, sql, stuck, turned
from tests.operations.service import Service

ALL = ("enkash", "starship", "xoxoday", "woohoo")
OPEN = "SELECT class, reference, closed_by FROM exceptions WHERE closed_at IS NULL ORDER BY class"


async def reconcile(service: Service, name: str, since: datetime | None = None) -> Report:
    report = await service.program.services.reconciler.now(name, since)
    assert report is not None
    return report


def classes(report: Report) -> list[str]:
    return sorted(finding.difference.value for finding in report.findings)


def another(service: Service, name: str, reference: str) -> Any:
    """One more order at the provider, under that reference."""
    simulator = service.simulators[name]
    model = next(o for o in simulator.seeded_orders if o.course[-1].state is State.DELIVERED)
    known = sum(1 for _ in simulator.world.newest_first())
    purchase = Purchase(
        f"{model.order_id[:-4]}{9000 + known:04d}",
        reference,
        model.product,
        model.quantity,
        model.face_value,
        model.price,
        extra=dict(model.extra),
    )
    step = Step(simulator.settings.now() - 5, State.DELIVERED, model.quantity)
    return simulator.world.accept(purchase, [step])


@pytest.mark.parametrize("name", ALL)
async def test_what_is_alike_on_both_sides_is_clean(
    service: Service, buyer: Buyer, name: str
) -> None:
    for quantity in (1, 2):
        await buyer.buy(name, quantity)
    # An order placed elsewhere with the same account is nobody's business here.
    another(service, name, "PO-2042-0001")
    report = await reconcile(service, name)
    assert report.problem is None
    assert (report.ours, classes(report)) == (2, [])
    assert report.theirs >= 2
    assert report.is_clean
    health = await service.client("operator").data(
        "{ providers { name health { lastReconciledAt } } }"
    )
    told = {p["name"]: p["health"]["lastReconciledAt"] for p in health["providers"]}
    assert [one for one, at in told.items() if at] == [name]


@pytest.mark.parametrize("name", ALL)
async def test_ours_that_is_not_there_yet_is_expected(
    service: Service, buyer: Buyer, name: str
) -> None:
    await Operator(service).pause(name)
    order = await buyer.order((await buyer.buy(name))["id"])
    report = await reconcile(service, name)
    [finding] = report.findings
    assert (finding.difference, finding.reference) == (
        "EXPECTED",
        order["fulfillments"][0]["reference"],
    )
    assert finding.evidence["ours"]["state"] == "READY"
    assert report.is_clean
    await Operator(service).resume(name)
    await pass_time(service)
    assert classes(await reconcile(service, name)) == []
    assert await sql(service, OPEN) == []


@pytest.mark.parametrize("name", ALL)
async def test_theirs_with_our_prefix_that_we_do_not_know_is_orphaned(
    service: Service, buyer: Buyer, name: str
) -> None:
    mine = (await buyer.order((await buyer.buy(name, 1))["id"]))["fulfillments"][0]["reference"]
    reference = mine[:-16] + "ABCDEFGHIJKLMNOP"
    theirs = another(service, name, reference)
    report = await reconcile(service, name)
    [finding] = report.findings
    assert (finding.difference, finding.reference) == ("ORPHANED", reference)
    assert finding.provider_order_id == theirs.order_id
    assert not report.is_clean
    # Found again it is the same row, aged; it stays until somebody explains it.
    await reconcile(service, name)
    rows = await sql(service, OPEN)
    assert [(row["class"], row["reference"]) for row in rows] == [("ORPHANED", reference)]


@pytest.mark.parametrize("name", ALL)
async def test_two_there_for_one_of_ours_are_duplicated(
    service: Service, buyer: Buyer, name: str
) -> None:
    part = (await buyer.order((await buyer.buy(name, 1))["id"]))["fulfillments"][0]
    theirs = another(service, name, part["reference"])
    report = await reconcile(service, name)
    [finding] = report.findings
    assert (finding.difference, finding.provider_order_id) == ("DUPLICATED", theirs.order_id)
    assert finding.evidence["beside"] == part["providerOrderId"]


@pytest.mark.parametrize("name", ALL)
async def test_states_that_differ_are_mismatched(service: Service, buyer: Buyer, name: str) -> None:
    """Ours was delivered and paid for; theirs says that it failed."""
    await buyer.buy(name, 1)
    turned(service, name, State.FAILED, 0)
    report = await reconcile(service, name)
    [finding] = report.findings
    assert finding.difference == "MISMATCHED"
    assert "state" in finding.evidence["differs"]
    assert finding.evidence["ours"]["state"] == "FULFILLED"
    assert finding.evidence["theirs"]["status"] == "FAILED"
    assert finding.age >= timedelta(0)


async def test_what_arrived_after_it_was_given_up_is_mismatched_until_it_is_decided(
    service: Service, buyer: Buyer
) -> None:
    found = await late(service, buyer)
    assert classes(await reconcile(service, "enkash")) == ["MISMATCHED"]
    part = found["fulfillments"][0]["id"]
    await Operator(service).resolve(part, "DELIVER_LATE")
    assert await sql(service, OPEN) == []
    assert classes(await reconcile(service, "enkash")) == []


async def test_money_that_differs_is_mismatched(service: Service, buyer: Buyer) -> None:
    await buyer.buy("enkash", 1)
    theirs = accepted(service, "enkash")
    theirs.price = replace(theirs.price, payable=theirs.price.payable + Decimal(7))
    report = await reconcile(service, "enkash")
    [finding] = report.findings
    assert (finding.difference, finding.evidence["differs"]) == ("MISMATCHED", ["money"])


async def test_an_open_order_that_we_are_behind_on_is_looked_at_not_reported(
    service: Service, buyer: Buyer
) -> None:
    order = await stuck(service, buyer, "enkash")
    turned(service, "enkash", State.DELIVERED, 2)
    await sql(service, "UPDATE fulfillments SET due_at = now() + interval '1 hour'")
    assert classes(await reconcile(service, "enkash")) == []
    await service.program.services.fulfiller.step()
    assert (await buyer.order(order["id"]))["status"] == "DELIVERED"


async def test_what_an_entry_explains_is_closed_and_stays_so(
    service: Service, buyer: Buyer
) -> None:
    await buyer.buy("enkash", 1)
    turned(service, "enkash", State.FAILED, 0)
    [finding] = (await reconcile(service, "enkash")).findings
    wallets = service.program.services.wallets
    viewer = service_viewer(await sql(service, "SELECT account FROM fulfillments"))
    await wallets.adjust(
        viewer,
        viewer.account,
        Decimal(5),
        "INR",
        reason="they gave it back",
        fulfillment_id=finding.fulfillment_id,
    )
    assert await sql(service, OPEN) == []
    report = await reconcile(service, "enkash")
    assert (report.findings, report.explained) == ((), 1)
    assert await sql(service, OPEN) == []


def service_viewer(rows: Any) -> Any:
    from domain.ids import uuid7  # noqa: PLC0415
    from domain.viewers import Viewer  # noqa: PLC0415

    return Viewer(rows[0]["account"], "demo", uuid7(), "cli", frozenset())


async def test_what_is_gone_is_closed_and_what_was_not_looked_at_is_not(
    service: Service, buyer: Buyer
) -> None:
    await buyer.buy("enkash", 1)
    simulator = service.simulators["enkash"]
    turned(service, "enkash", State.FAILED, 0)
    assert classes(await reconcile(service, "enkash")) == ["MISMATCHED"]
    # However short the window: what is open is looked at again.
    assert classes(await reconcile(service, "enkash", datetime.now(UTC))) == ["MISMATCHED"]
    accepted(service, "enkash").turn(Step(simulator.settings.now() - 0.001, State.DELIVERED, 1))
    assert classes(await reconcile(service, "enkash")) == []
    [row] = await sql(service, "SELECT closed_by FROM exceptions")
    assert row["closed_by"] == "reconcile"


@pytest.mark.parametrize("name", ALL)
async def test_a_provider_that_cannot_be_asked_closes_and_records_nothing(
    service: Service, buyer: Buyer, name: str
) -> None:
    await Operator(service).pause(name)
    await buyer.buy(name, 1)
    await reconcile(service, name)
    before = await sql(service, OPEN)
    faults(service, name, {"operation": "orders", "fault": "unauthorized"})
    report = await reconcile(service, name)
    assert report.problem is not None
    assert not report.is_clean
    assert await sql(service, OPEN) == before


async def test_the_worker_compares_each_provider_once_a_day(service: Service) -> None:
    reconciler = service.program.services.reconciler
    assert [await reconciler.daily() for _ in range(5)] == [True, True, True, True, False]
    assert len(await sql(service, "SELECT FROM jobs WHERE done_at IS NOT NULL")) == len(ALL)


async def test_the_command_shows_a_table(
    service: Service, buyer: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = (await buyer.order((await buyer.buy("enkash", 1))["id"]))["fulfillments"][0]["reference"]
    reference = mine[:-16] + "ABCDEFGHIJKLMNOP"
    another(service, "enkash", reference)
    for name, simulator in service.simulators.items():
        monkeypatch.setenv(f"{name.upper()}_BASE_URL", simulator.url)
        for field, value in simulator.credentials.items():
            monkeypatch.setenv(f"{name.upper()}_{field.upper()}", value)
    reports = await compare(load(REGISTRY), "enkash", None)
    lines = table(reports)
    assert lines[0].split() == [
        "PROVIDER",
        "CLASS",
        "AGE",
        "REFERENCE",
        *["PROVIDER", "ORDER", "DIFFERS"],
    ]
    assert lines[1].split()[:2] == ["enkash", "ORPHANED"]
    assert reference in lines[1]
    assert lines[-1].startswith("enkash  ours 1, theirs ")


def test_since_is_a_day_or_an_instant() -> None:
    assert instant(None) is None
    assert instant("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert instant("2026-01-31T10:00:00+05:30") == datetime(2026, 1, 31, 4, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="tomorrow"):
        instant("tomorrow")
