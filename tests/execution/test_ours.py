"""Our own schema, with its guards, its strawberry resolvers and loaders, executed both ways."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from graphql import MiddlewareManager, execute, parse, specified_rules, validate
from strawberry.execution.is_awaitable import optimized_is_awaitable

from execution import EXTENSION, Plan, Plans, Reason, executing
from schema import build_schema
from schema.subscription import EachFresh
from tests.bench.workloads import PAGE, REVEAL, VOUCHERS
from tests.execution.comparing import broken_worlds, observed
from tests.execution.ours import NOBODY, Desk, Records, our_schema

EVERYTHING = """query Everything($more: Boolean!, $few: Boolean!, $first: Int = 3) {
  __typename
  viewer { __typename }
  orders(first: $first) {
    totalCount
    edges { cursor node { ...Both } }
    nodes { ...Both ... on Order @include(if: $more) { lastSequence asOf } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
fragment Both on Node {
  id
  ... on Order {
    origin updatedAt
    totals { price { amount } faceValue { amount currency } held { amount } refunded { amount } }
    lines { id unitPrice { amount } fulfillments { id reference } product @skip(if: $more) { id } }
    fulfillments {
      asOf order { reference } line { quantity } charged { amount } attempts { number }
      provider { name } providerStatus
    }
    events(first: 2) { nodes { id sequence at type status order { id } } }
    few: vouchers(first: 1) { totalCount nodes { id code pin expiresOn neverExpires } }
    vouchers(first: $first) { edges { cursor node { maskedCode line { total { amount } } } } }
    tooMany: vouchers(first: 1000) @skip(if: $few) { nodes { id } }
  }
}"""
DOCUMENTS = {"page": PAGE, "vouchers": VOUCHERS, "reveal": REVEAL, "everything": EVERYTHING}
RECORDS = Records(orders=6, vouchers=3)


@pytest.fixture(autouse=True)
async def quiet() -> AsyncIterator[None]:
    with broken_worlds():
        yield


def plan_of(text: str, *, marked: bool) -> Plan:
    schema = our_schema(marked=marked)
    document = parse(text)
    assert validate(schema, document, specified_rules) == []
    plans = Plans(schema)
    plans.plan(document)
    plan = plans.plan(document)
    assert plan is not None
    return plan


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_our_documents(name: str, marked: bool) -> None:
    text = DOCUMENTS[name]
    plan = plan_of(text, marked=marked)
    document = parse(text)
    schema = our_schema(marked=False)
    seen = 0
    for seed in range(48):
        scopes = NOBODY[-1] if seed % 3 else NOBODY[seed // 3 % len(NOBODY)]
        chaos = (0, 5, 30)[seed % 3]
        variables: dict[str, Any] = {}
        if "$more" in text:
            variables = {"more": bool(seed % 2), "few": bool(seed % 5)}
        theirs, ours = (Desk(RECORDS, scopes, seed, chaos) for _ in range(2))
        start = partial(execute, schema, document, None, theirs, variables)
        expected = await observed(theirs, start)
        found = await observed(ours, partial(plan.execute, None, ours, variables))
        assert found == expected
        seen += "VG-" in found.data or "maskedCode" in found.data or "code" in found.data
    assert seen > 5


async def test_a_page_is_answered_whole() -> None:
    desk = Desk(RECORDS, NOBODY[-1], 1, 0)
    found = plan_of(PAGE, marked=True).execute(None, desk)
    result = await found  # type: ignore[misc]
    assert result.errors is None
    assert len(result.data["orders"]["nodes"]) == 6
    assert [entry[0] for entry in desk.log] == sorted(
        {entry[0] for entry in desk.log}, key=[entry[0] for entry in desk.log].index
    ), "each loader loads once"


def test_no_guarded_field_is_read_past_its_guard() -> None:
    schema = our_schema(marked=True)
    marked = {
        f"{type_.name}.{name}"
        for type_ in schema.type_map.values()
        for name, field in (getattr(type_, "fields", None) or {}).items()
        if EXTENSION in (field.extensions or {})
    }
    assert {"Order.reference", "Money.amount", "Voucher.maskedCode", "Voucher.id"} <= marked
    assert not marked & {"Fulfillment.charged", "Voucher.code", "Query.orders", "Voucher.pin"}


async def test_what_strawberry_hands_over_is_taken() -> None:
    reasons: list[Reason] = []
    whole = build_schema()
    run = executing(Plans(whole._schema, on_fallback=reasons.append))
    given = {
        "middleware": MiddlewareManager(),
        "executor_class": EachFresh,
        "is_awaitable": optimized_is_awaitable,
        **whole._get_custom_context_kwargs({"a": 1}),
    }
    for _ in range(3):
        found: Any = run(whole._schema, parse("{ viewer { __typename } }"), **given)
        assert found.errors[0].message  # there is no context
    assert reasons == [Reason.FIRST_SIGHT]
