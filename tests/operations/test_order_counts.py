"""Query.orderCounts: how many orders of all accounts were placed when, by status."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.ids import Kind, global_id
from simulators.world import State
from tests.operations.buying import Buyer
from tests.operations.operating import sql
from tests.operations.service import Service, add_orders
from tests.operations.test_audit import owner

COUNTS = """query ($from: DateTime!, $to: DateTime!, $by: CountInterval, $account: ID) {
  orderCounts(from: $from, to: $to, by: $by, account: $account) { start status count } }"""
DAY = datetime(2026, 3, 1, tzinfo=UTC)
# When each was placed, in hours after DAY, and what it has become.
PLACED = [
    (-1.0, "DELIVERED"),
    (0.0, "DELIVERED"),
    (0.5, "DELIVERED"),
    (0.75, "FAILED"),
    (5.0, "PROCESSING"),
    (23.99, "DELIVERED"),
    (24.0, "CANCELLED"),
]


@pytest.fixture
async def orders(service: Service) -> None:
    """Seven orders of the operator's account, and one of another's an hour after DAY."""
    made = add_orders(service.simulators["starship"], len(PLACED) + 1, State.DELIVERED, 2)
    for one in made:
        await service.imported("starship", one.order_id)
    async with owner(service) as conn:
        ids = [row["id"] for row in await conn.fetch("SELECT id FROM orders ORDER BY id")]
        await conn.execute("SET session_replication_role = replica")
        for id, (hours, status) in zip(ids, [*PLACED, (1.0, "DELIVERED")], strict=True):
            await conn.execute(
                "UPDATE orders SET placed_at = $2, status = $3 WHERE id = $1",
                *(id, DAY + timedelta(hours=hours), status),
            )
        await conn.execute(
            "UPDATE orders SET account = (SELECT id FROM accounts WHERE name = 'other')"
            " WHERE id = $1",
            ids[-1],
        )


async def counts(service: Service, since: Any, until: Any, **more: Any) -> list[tuple[Any, ...]]:
    given = {"from": since.isoformat(), "to": until.isoformat(), **more}
    found = (await service.client("operator").data(COUNTS, given))["orderCounts"]
    return [(one["start"], one["status"], one["count"]) for one in found]


@pytest.mark.usefixtures("orders")
async def test_days_of_all_accounts(service: Service) -> None:
    found = await counts(service, DAY, DAY + timedelta(days=1))
    assert sorted(found) == [
        ("2026-03-01T00:00:00Z", "DELIVERED", 4),
        ("2026-03-01T00:00:00Z", "FAILED", 1),
        ("2026-03-01T00:00:00Z", "PROCESSING", 1),
    ]
    wider = await counts(service, DAY - timedelta(days=5), DAY + timedelta(days=5), by="DAY")
    assert [one[0][:10] for one in wider] == ["2026-02-28", *["2026-03-01"] * 3, "2026-03-02"]
    assert sum(one[2] for one in wider) == len(PLACED) + 1


@pytest.mark.usefixtures("orders")
async def test_hours_of_one_account(service: Service) -> None:
    viewer = await service.client("other").data("{ viewer { account } }")
    theirs = viewer["viewer"]["account"]
    hours = {"by": "HOUR", "account": theirs}
    assert await counts(service, DAY, DAY + timedelta(days=1), **hours) == [
        ("2026-03-01T01:00:00Z", "DELIVERED", 1)
    ]
    # Half past: what was placed before `from` in its hour is not counted.
    found = await counts(service, DAY + timedelta(minutes=30), DAY + timedelta(hours=2), by="HOUR")
    assert sorted(found) == [
        ("2026-03-01T00:00:00Z", "DELIVERED", 1),
        ("2026-03-01T00:00:00Z", "FAILED", 1),
        ("2026-03-01T01:00:00Z", "DELIVERED", 1),
    ]
    nobody = global_id(
        Kind.ACCOUNT, (await sql(service, "SELECT gen_random_uuid() AS id"))[0]["id"]
    )
    assert await counts(service, DAY, DAY + timedelta(days=1), account=nobody) == []


@pytest.mark.parametrize(
    ("given", "argument", "said"),
    [
        ({"to": DAY}, "to", "it lies after `from`"),
        ({"to": DAY - timedelta(days=1)}, "to", "it lies after `from`"),
        ({"to": DAY + timedelta(days=745)}, "to", "at most 744 days after `from`"),
        (
            {"to": DAY + timedelta(days=31, microseconds=1), "by": "HOUR"},
            "to",
            "at most 744 hours after `from`",
        ),
        (
            {"from": datetime.min.replace(tzinfo=UTC), "to": datetime.max.replace(tzinfo=UTC)},
            "to",
            "at most 744 days after `from`",
        ),
        ({"account": "nonsense"}, "account", "this is not the id of an account"),
        (
            {"account": global_id(Kind.ORDER, Kind.ORDER.name)},
            "account",
            "this is not the id of an account",
        ),
    ],
)
async def test_what_is_refused_says_which_argument_and_reads_nothing(
    service: Service, given: dict[str, Any], argument: str, said: str
) -> None:
    variables = {"from": DAY, "to": DAY + timedelta(days=1), **given}
    shown = {
        name: getattr(one, "isoformat", lambda one=one: one)() for name, one in variables.items()
    }
    client = service.client("operator")
    await client.send(COUNTS, shown)
    service.statements.sent.clear()
    answer = await client.send(COUNTS, shown)
    [error] = answer.body["errors"]
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == (
        "INVALID_INPUT",
        argument,
    )
    assert error["message"] == said
    assert answer.body["data"] == {"orderCounts": None}
    assert service.statements.sent == []


async def test_the_longest_times_are_taken(service: Service, buyer: Buyer) -> None:
    await buyer.buy("enkash", 1)
    now = datetime.now(UTC)
    for by, days in (("HOUR", 31), ("DAY", 744)):
        found = await counts(
            service, now - timedelta(days=days - 1), now + timedelta(days=1), by=by
        )
        assert [one[1:] for one in found] == [("DELIVERED", 1)]


async def test_counting_is_one_statement_and_costs_a_hundred(service: Service) -> None:
    given = {"from": DAY.isoformat(), "to": (DAY + timedelta(days=30)).isoformat()}
    client = service.client("operator")
    await client.send(COUNTS, given)
    service.statements.sent.clear()
    answer = await client.send(COUNTS, given)
    assert len(service.statements.sent) == 1, service.statements.sent
    assert answer.body["extensions"]["cost"]["requested"] == 100


async def test_whoever_does_not_operate_is_told_nothing(service: Service) -> None:
    given = {"from": DAY.isoformat(), "to": (DAY + timedelta(days=1)).isoformat()}
    for client, code in ((None, "UNAUTHENTICATED"), ("partner", "FORBIDDEN")):
        answer = await service.client(client).send(COUNTS, given)
        assert (answer.codes, answer.body["data"]) == ([code], {"orderCounts": None})
