"""What was found valid before goes a shorter road, and comes to the same as on the library's."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from strawberry import federation
from strawberry.types.graphql import OperationType

from app.auth import Caller
from app.errors import Refusal
from app.limits import Bucket
from app.server import ALLOWED, REQUEST_ID
from resolvers.context import Context
from schema import again
from tests.operations.service import Service

TWO = "query A { viewer { accountName } } query B($id: ID!) { order(by: {id: $id}) { id } }"
PRODUCTS = "query Some($n: Int) { products(first: $n) { nodes { id name } } }"
DENIED = "query Denied { orders { nodes { vouchers { nodes { code } } } } wallet { balances { held { amount } } } }"  # noqa: E501
CREATE = "mutation M { cartCreate(input: {}) { cart { totalQuantity } problems { code } } }"
CASES: list[tuple[str, dict[str, Any] | None, str | None]] = [
    (PRODUCTS, {"n": 3}, None),
    (PRODUCTS, {"n": 3}, "Some"),
    (PRODUCTS, None, None),
    (PRODUCTS, {"n": "three"}, None),  # not coerced
    (PRODUCTS, {"n": 5000}, None),  # refused by the field
    (PRODUCTS, {"n": 3}, "Other"),  # no such operation
    (TWO, None, "A"),
    (TWO, {"id": "nobody"}, "B"),
    (TWO, None, "B"),  # a variable is missing
    (TWO, None, None),  # which of them?
    (DENIED, None, None),
    (CREATE, None, None),
    ("{ __schema { queryType { name } } }", None, None),
    ("subscription S { orderEvents { sequence } }", None, None),
    ("{ nonsense }", None, None),
    ("{ broken", None, None),
]
DEAR = """query Dear { orders(first: 100) { nodes { lines { product { id } }
                       vouchers(first: 100) { nodes { id } } } } }"""


@dataclass
class Came:
    """What an execution came to, and what it left in its context."""

    kind: str
    said: Any
    errors: list[Any]
    requested: int | None
    begun: bool


async def caller(service: Service, name: str | None) -> Caller:
    found = service.client(name).credentials
    headers = {"X-API-Key": found["key"], "X-API-Secret": found["secret"]} if found else {}
    return await service.program._authenticator.caller(headers, "127.0.0.1")


def context(service: Service, asking: Caller) -> Context:
    request = make_mocked_request("POST", "/graphql")
    request[REQUEST_ID] = "test-0001"
    return service.program.context(request, asking)


async def came(execute: Any, context: Context, case: Any) -> Came:
    text, variables, name = case
    try:
        result = await execute(
            text,
            variable_values=variables,
            context_value=context,
            operation_name=name,
            allowed_operation_types=ALLOWED["POST"],
        )
    except Exception as error:  # noqa: BLE001 - compared with the other road's
        return Came(type(error).__name__, str(error), [], None, context.begun)
    finally:
        context.finish()
    errors = [(e.message, e.path, e.locations, e.extensions) for e in result.errors or ()]
    cost = (result.extensions or {}).get("cost", {}).get("requested")
    return Came(type(result).__name__, result.data, errors, cost, context.begun)


@pytest.mark.parametrize("name", ["partner", "readonly", None])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0][:16]}-{case[1]}-{case[2]}")
async def test_both_roads_come_to_the_same(
    service: Service, monkeypatch: pytest.MonkeyPatch, name: str | None, case: Any
) -> None:
    schema, asking = service.program.schema, await caller(service, name)
    long = partial(federation.Schema.execute, schema)
    went: list[str] = []
    answered = again.answered

    async def short(*given: Any) -> Any:
        went.append("short")
        return await answered(*given)

    monkeypatch.setattr("schema.answered", short)
    expected = await came(long, context(service, asking), case)
    for _ in range(3):  # the first may be the one that remembers the document
        assert await came(schema.execute, context(service, asking), case) == expected
    valid = case[0] in schema.remembered
    runs = valid and expected.kind not in ("CannotGetOperationTypeError", "GraphQLError")
    whole = case != (TWO, None, None) and not case[0].startswith("subscription")
    assert bool(went) is (runs and whole), (expected, went)


async def test_what_is_too_dear_is_refused_alike(service: Service) -> None:
    schema, asking = service.program.schema, await caller(service, "partner")
    long = partial(federation.Schema.execute, schema)
    expected = await came(long, context(service, asking), (DEAR, None, None))
    assert await came(schema.execute, context(service, asking), (DEAR, None, None)) == expected
    assert expected.begun is False
    assert "would cost" in expected.errors[0][0]


async def test_an_empty_budget_is_the_one_error_of_both(service: Service) -> None:
    schema, rich = service.program.schema, await caller(service, "partner")
    poor = Caller(rich.viewer, rich.standing, "poor", rich.rules, Bucket(10, 1_000_000))
    case = (PRODUCTS, {"n": 9}, None)
    assert not (await came(schema.execute, context(service, poor), case)).errors
    for execute in (partial(federation.Schema.execute, schema), schema.execute):
        asked = context(service, poor)
        result = await execute(
            PRODUCTS,
            variable_values={"n": 9},
            context_value=asked,
            allowed_operation_types={OperationType.QUERY},
        )
        assert result.errors
        assert result.extensions
        assert isinstance(result.errors[0].original_error, Refusal)
        assert (result.data, asked.begun) == (None, False)
        assert result.extensions["cost"]["requested"] == 10


async def test_what_fails_while_denials_are_recorded_is_the_answer_of_both(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Any) -> None:
        raise RuntimeError("no audit today")

    monkeypatch.setattr("resolvers.reveals.record_denials", broken)
    schema, asking = service.program.schema, await caller(service, "partner")
    for execute in (partial(federation.Schema.execute, schema), schema.execute, schema.execute):
        found = await came(execute, context(service, asking), (PRODUCTS, {"n": 1}, None))
        assert (found.kind, found.said, found.begun) == ("PreExecutionError", None, True)
        assert [error[1] for error in found.errors] == [[]]
