"""Who may see what: data, error code, audit rows, and the vault not reached."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from domain.ids import Kind, global_id, uuid7
from simulators.world import State
from tests.operations.service import Answer, Service, add_orders
from vault import Vault

SECRETS = "code pin claimUrl referenceNumber"
WAYS = {
    "voucher": '{ found: voucher(id: "VOUCHER") { FIELDS } }',
    "order": '{ found: order(by: {id: "ORDER"}) { vouchers { nodes { FIELDS } } } }',
    "node": '{ found: node(id: "VOUCHER") { ... on Voucher { FIELDS } } }',
    "nodes": '{ found: nodes(ids: ["VOUCHER"]) { ... on Voucher { FIELDS } } }',
    "entities": '{ found: _entities(representations: [{__typename: "Voucher", id: "VOUCHER"}])'
    " { ... on Voucher { FIELDS } } }",
    "fragment": '{ found: voucher(id: "VOUCHER") { ...Secrets ...Secrets } }'
    " fragment Secrets on Voucher { FIELDS again: code }",
}


@dataclass
class Bought:
    """One delivered order of the demo account, with one voucher of it."""

    service: Service
    order: str
    voucher: str
    code: str
    pin: str
    opened: list[object]

    async def ask(self, client: str | None, way: str, fields: str = SECRETS) -> Answer:
        names = {"VOUCHER": self.voucher, "ORDER": self.order, "FIELDS": fields}
        query = WAYS[way]
        for name, value in names.items():
            query = query.replace(name, value)
        return await self.service.client(client).send(query)

    async def audit(self) -> list[tuple[str, list[str]]]:
        await self.service.settle()
        async with self.service.program.database.worker() as conn:
            rows = await conn.fetch(
                "SELECT action, fields FROM audit_events WHERE action LIKE '%REVEAL%'"
                " ORDER BY account, sequence"
            )
        return [(row["action"], list(row["fields"])) for row in rows]


@pytest.fixture
async def bought(service: Service, monkeypatch: pytest.MonkeyPatch) -> Bought:
    simulator = service.simulators["enkash"]
    model = next(
        o
        for o in simulator.seeded_orders
        if o.course[-1].state is State.DELIVERED and o.vouchers[0].code and o.vouchers[0].pin
    )
    order = await service.imported("enkash", model.order_id)
    found = await service.client("partner").data(
        "query ($id: ID!) { order(by: {id: $id}) { vouchers { nodes { id } } } }", {"id": order}
    )
    opened: list[object] = []
    original = Vault.open

    def watched(self: Vault, *args: Any) -> Any:
        opened.append(args)
        return original(self, *args)

    # The token store opens its own sealed values with the same vault: only the request counts.
    monkeypatch.setattr(Vault, "open", watched)
    unit = model.vouchers[0]
    return Bought(
        service,
        order,
        found["order"]["vouchers"]["nodes"][0]["id"],
        str(unit.code),
        str(unit.pin),
        opened,
    )


def secrets_in(body: Any) -> list[Any]:
    """Whatever the answer holds under the names of secrets."""
    if isinstance(body, dict):
        own = [v for k, v in body.items() if k in {*SECRETS.split(), "again"} and v is not None]
        return own + [x for value in body.values() for x in secrets_in(value)]
    return [x for item in body for x in secrets_in(item)] if isinstance(body, list) else []


@pytest.mark.parametrize("way", WAYS)
async def test_the_anonymous_see_nothing(bought: Bought, way: str) -> None:
    answer = await bought.ask(None, way)
    assert set(answer.codes) == {"UNAUTHENTICATED"}
    assert secrets_in(answer.body.get("data")) == []
    assert (bought.opened, await bought.audit()) == ([], [])


@pytest.mark.parametrize("way", WAYS)
async def test_a_stranger_sees_what_is_not_there(bought: Bought, way: str) -> None:
    """Another account's voucher and one that never was answer alike, byte for byte."""
    answer = await bought.ask("other", way)
    made_up = Bought(
        bought.service,
        global_id(Kind.ORDER, uuid7()),
        global_id(Kind.VOUCHER, uuid7()),
        "",
        "",
        bought.opened,
    )
    assert answer.body == (await made_up.ask("other", way)).body
    assert answer.data["found"] in (None, [None])
    assert (bought.opened, await bought.audit()) == ([], [])


@pytest.mark.parametrize("client", ["readonly", "operator"])
@pytest.mark.parametrize("way", WAYS)
async def test_an_owner_without_the_scope_sees_the_mask_alone(
    bought: Bought, way: str, client: str
) -> None:
    answer = await bought.ask(client, way, f"maskedCode {SECRETS}")
    assert set(answer.codes) == {"FORBIDDEN"}
    assert secrets_in(answer.body.get("data")) == []
    assert bought.code not in str(answer.body)
    assert bought.code[-4:] in str(answer.body), "the masked code is for everyone"
    assert bought.opened == []
    # One row for the operation, however many fields were refused.
    assert await bought.audit() == [
        ("REVEAL_DENIED", ["claim_url", "code", "pin", "reference_number"])
    ]


@pytest.mark.parametrize("way", WAYS)
async def test_an_owner_with_the_scope_sees_the_secrets_and_leaves_a_trace(
    bought: Bought, way: str
) -> None:
    answer = await bought.ask("partner", way)
    assert answer.codes == []
    assert {bought.code, bought.pin} <= set(secrets_in(answer.body.get("data")))
    assert answer.headers["Cache-Control"] == "no-store"
    rows = await bought.audit()
    assert all(action == "VOUCHER_REVEALED" for action, _ in rows)
    assert {"code", "pin"} <= set(rows[0][1])
    assert bought.opened


async def test_the_audit_row_is_committed_before_anything_is_opened(
    bought: Bought, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment the vault opens, another connection sees the row."""
    original = Vault.open

    def failing(self: Vault, *args: Any) -> Any:
        if len(bought.opened) == 0:
            bought.opened.append(args)
            raise RuntimeError("the process dies here")
        return original(self, *args)

    monkeypatch.setattr(Vault, "open", failing)
    answer = await bought.ask("partner", "voucher", "code")
    assert answer.codes == ["INTERNAL"]
    assert await bought.audit() == [("VOUCHER_REVEALED", ["code"])]


async def test_without_an_audit_row_nothing_is_revealed(bought: Bought) -> None:
    async with bought.service.program.database._acquired() as conn:
        await conn.execute("REVOKE INSERT ON audit_events FROM vg_viewer, vg_worker")
    answer = await bought.ask("partner", "voucher")
    assert set(answer.codes) == {"INTERNAL"}
    assert secrets_in(answer.body.get("data")) == []
    assert bought.opened == []


async def test_every_field_of_a_voucher_is_one_row_and_aliases_count_once(bought: Bought) -> None:
    answer = await bought.ask("partner", "voucher", "a: code b: code c: code pin")
    assert answer.codes == []
    assert await bought.audit() == [("VOUCHER_REVEALED", ["code", "pin"])]


async def test_get_reveals_nothing(bought: Bought) -> None:
    answer = await bought.service.client("partner").send(
        f'{{ voucher(id: "{bought.voucher}") {{ maskedCode code }} }}', method="GET"
    )
    assert answer.codes == ["UNSUPPORTED"]
    assert answer.body["data"]["voucher"]["code"] is None
    assert (bought.opened, await bought.audit()) == ([], [("REVEAL_DENIED", ["code"])])


async def test_purpose_and_request_are_kept(bought: Bought) -> None:
    await bought.service.client("partner").send(
        f'{{ voucher(id: "{bought.voucher}") {{ code }} }}',
        X_Purpose="customer called",
        X_Request_Id="call-20260101-77",
    )
    found = await bought.service.client("partner").data(
        f"""{{ voucher(id: "{bought.voucher}") {{ reveals {{ nodes {{
             sequence actor action fields purpose requestId subject mac }} }} }} }}"""
    )
    [event] = found["voucher"]["reveals"]["nodes"]
    assert (event["purpose"], event["requestId"]) == ("customer called", "call-20260101-77")
    assert (event["subject"], event["fields"]) == (bought.voucher, ["code"])
    assert len(event["mac"]) == 64


async def test_a_quarantined_or_voided_voucher_does_not_open(bought: Bought) -> None:
    for state in ("QUARANTINED", "VOIDED"):
        async with bought.service.program.database.worker() as conn:
            await conn.execute("UPDATE vouchers SET state = $1", state)
        answer = await bought.ask("partner", "voucher", "code pin")
        assert set(answer.codes) == {"UNSUPPORTED"}
    denied = ("REVEAL_DENIED", ["code", "pin"])
    assert (bought.opened, await bought.audit()) == ([], [denied, denied])


async def test_the_quota_of_an_order_is_all_or_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = service.simulators["starship"]
    orders = add_orders(simulator, 2, State.DELIVERED, 2)
    ids = [await service.imported("starship", order.order_id) for order in orders]
    client = service.client("partner")
    query = """query ($id: ID!) { order(by: {id: $id}) { vouchers(first: 50) {
                 nodes { code pin claimUrl } } } }"""
    authenticator = service.program._authenticator
    monkeypatch.setattr(
        authenticator, "_demo", replace(authenticator._demo, reveals_per_order_hour=2)
    )
    for _ in range(2):
        assert (await client.send(query, {"id": ids[0]})).codes == []
    refused = await client.send(query, {"id": ids[0]})
    assert refused.codes == ["RATE_LIMITED"], "one error for the order"
    assert secrets_in(refused.body.get("data")) == []
    assert (await client.send(query, {"id": ids[1]})).codes == [], "another order has its own"


async def test_viewer_and_providers_need_a_login_and_no_scope(service: Service) -> None:
    query = "{ viewer { account accountName actor scopes limits { name maximum remaining } } }"
    anonymous = await service.client(None).send(query)
    assert anonymous.codes == ["UNAUTHENTICATED"]
    found = await service.client("readonly").data(query)
    assert found["viewer"]["scopes"] == ["catalog:read", "orders:read"]
    assert found["viewer"]["accountName"] == "demo"
    assert all(0 <= x["remaining"] <= x["maximum"] for x in found["viewer"]["limits"])
    names = await service.client("readonly").data("{ providers { name displayName capabilities } }")
    assert [p["name"] for p in names["providers"]] == ["enkash", "starship", "woohoo", "xoxoday"]


async def test_health_and_balances_are_for_operators(service: Service) -> None:
    query = "{ providers { name health { state circuit requests } balances { amount currency } } }"
    refused = await service.client("partner").send(query)
    assert set(refused.codes) == {"FORBIDDEN"}
    assert all(
        p["health"] is None and p["balances"] is None for p in refused.body["data"]["providers"]
    )
    found = await service.client("operator").data(query)
    balances = {p["name"]: p["balances"] for p in found["providers"]}
    assert all(balances[name] for name in ("enkash", "starship", "xoxoday"))
    assert {p["health"]["circuit"] for p in found["providers"]} == {"CLOSED"}


async def test_only_typename_and_introspection_answer_the_anonymous(service: Service) -> None:
    client = service.client(None)
    assert await client.data("{ __typename }") == {"__typename": "Query"}
    assert (await client.data("{ __schema { queryType { name } } }"))["__schema"]
    assert "type Voucher" in (await client.data("{ _service { sdl } }"))["_service"]["sdl"]
    for field in (
        "viewer { actor }",
        "providers { name }",
        'node(id: "x") { id }',
        "orders { totalCount }",
        "products { totalCount }",
        'voucher(id: "x") { id }',
        'product(id: "x") { id }',
        'order(by: {reference: "x"}) { id }',
        "auditEvents { nodes { id } }",
    ):
        assert (await client.send(f"{{ {field} }}")).codes == ["UNAUTHENTICATED"], field
