"""Plans in the running service: what they take, what they leave, and that answers are the same."""

import pytest

from app.telemetry import REGISTRY
from tests.operations.buying import Buyer, opened
from tests.operations.service import Service, running

PAGE = "{ products(first: 5) { nodes { id name provider { name } } } viewer { accountName } }"


def left(reason: str) -> float:
    labels = {"reason": reason}
    return REGISTRY.get_sample_value("vouchergraph_not_compiled_total", labels) or 0.0


async def test_queries_have_plans_and_mutations_none(service: Service, buyer: Buyer) -> None:
    before = {reason: left(reason) for reason in ("first_sight", "mutation", "introspection")}
    assert len((await buyer.client.data(PAGE))["products"]["nodes"]) == 5
    assert {reason: left(reason) for reason in before} == before
    await buyer.client.data("mutation { cartCreate(input: {}) { cart { id } } }")
    await buyer.client.data("{ __schema { queryType { name } } }")
    assert left("mutation") == before["mutation"] + 1
    assert left("introspection") == before["introspection"] + 1


async def test_they_can_be_switched_off_and_the_answer_stays(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: object
) -> None:
    answers = []
    for switch in ("on", "off"):
        settings = {"VOUCHERGRAPH_COMPILED_EXECUTION": switch}
        async with running(monkeypatch, postgres_dsn, tmp_path, **settings) as started:
            assert (started.program.schema.executed_by is not None) is (switch == "on")
            buyer = await opened(started)
            answers.append(await buyer.client.data(PAGE))
    assert answers[0] == answers[1]


async def test_no_guarded_field_is_passed_by(service: Service) -> None:
    core = service.program.schema.core
    marked = [
        f"{kind.name}.{name}"
        for kind in core.type_map.values()
        for name, field in getattr(kind, "fields", {}).items()
        if "execution" in getattr(field, "extensions", {})
    ]
    assert "Money.currency" in marked
    assert not {"Voucher.code", "Voucher.pin", "Provider.health", "Fulfillment.charged"} & set(
        marked
    )
    blind = await service.client("readonly").send(
        "{ wallet { balances { available { amount } } } }"
    )
    assert blind.codes == ["FORBIDDEN"]
