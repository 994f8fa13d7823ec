"""Composition with another subgraph, and queries through a real gateway: their cost and rights."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schema import build_schema
from schema.sdl import federation_sdl
from tests.node.project import Talking, run, talking
from tests.operations.buying import Buyer
from tests.operations.service import Service
from tests.operations.test_live import asked, import_open, stale

NOTES = "{ latestNotes { id note status live reference } }"
SECRETS = "code pin claimUrl referenceNumber"
REVIEWS = """{ latestReviews { pageInfo { hasNextPage } nodes { price { amount currency } product {
  id name brand provider { name } denominations { __typename } } } } }"""


@dataclass
class Gateway:
    """A gateway in front of the service; what it asks of us is counted."""

    service: Service
    talk: Talking

    async def ask(
        self, query: str, reviewed: Sequence[str] = (), client: str | None = "partner"
    ) -> Any:
        headers = {"X-Reviewed": json.dumps(list(reviewed))}
        if client:
            known = self.service.client(client).credentials
            assert known is not None
            headers |= {"X-API-Key": known["key"], "X-API-Secret": known["secret"]}
        self.talk.lines.clear()
        async with self.service.session.post(
            self.talk.first["gateway"], json={"query": query}, headers=headers
        ) as response:
            return await response.json()


@pytest.fixture
async def gateway(service: Service, tmp_path: Path) -> AsyncIterator[Gateway]:
    sdl = tmp_path / "ours.graphql"
    # This gateway does not start with a directive of security that it cannot enforce.
    sdl.write_text(federation_sdl(build_schema(), with_scopes=False))
    url = f"{service.url}/graphql"
    async with talking("node", "federation/gateway.mjs", str(sdl), url) as talk:
        yield Gateway(service, talk)


@pytest.mark.parametrize("with_node", [True, False])
async def test_it_composes_with_another_relay_subgraph(tmp_path: Path, with_node: bool) -> None:
    sdl = tmp_path / "ours.graphql"
    sdl.write_text(federation_sdl(build_schema(), with_node=with_node))
    supergraph = await run("node", "federation/compose.mjs", str(sdl), "http://127.0.0.1:1/graphql")
    assert ("  node(" in supergraph) is with_node
    assert "listSize" in supergraph
    assert '@requiresScopes(scopes: [["vouchers:reveal"]])' in supergraph
    assert "input OrderLookup" in supergraph


async def test_a_list_of_orders_costs_one_entities_request_and_one_per_provider(
    gateway: Gateway, service: Service
) -> None:
    await import_open(service, 3)
    found = await service.client("partner").data("{ orders(first: 12) { nodes { id } } }")
    ids = [node["id"] for node in found["orders"]["nodes"]]
    await stale(service)
    answer = await gateway.ask(NOTES, ids)
    assert "errors" not in answer, answer
    notes = answer["data"]["latestNotes"]
    assert [note["id"] for note in notes] == ids
    assert all(note["live"] and note["note"].startswith("note of") for note in notes)
    assert len(gateway.talk.lines) == 1
    assert "_entities" in gateway.talk.lines[0]["asked"]
    # One for the orders; one for the fulfillments that their status stands in. What was seen is
    # written down after the answer, maybe by now.
    reads = [query for query in service.statements.sent if "UPDATE" not in query]
    assert len(reads) == 2, reads
    assert asked(service) == dict.fromkeys(service.simulators, 1)


async def test_products_named_elsewhere_cost_one_statement(
    gateway: Gateway, service: Service, buyer: Buyer
) -> None:
    found = await buyer.client.data("{ products(first: 40) { nodes { id } } }")
    ids = [node["id"] for node in found["products"]["nodes"]]
    service.statements.sent.clear()
    answer = await gateway.ask(REVIEWS, ids)
    assert "errors" not in answer, answer
    nodes = answer["data"]["latestReviews"]["nodes"]
    assert [node["product"]["id"] for node in nodes] == ids
    assert all(node["product"]["name"] for node in nodes)
    assert len(gateway.talk.lines) == 1
    assert len(service.statements.sent) == 1, service.statements.sent


async def test_a_bad_key_is_null_alone(gateway: Gateway, service: Service, buyer: Buyer) -> None:
    found = await buyer.client.data("{ products(first: 2) { nodes { id name } } }")
    first, second = found["products"]["nodes"]
    query = "{ latestReviews { nodes { product { id name } } } }"
    answer = await gateway.ask(query, [first["id"], "nonsense", second["id"]])
    # The gateway says of the middle one that its name could not be had.
    assert "nonsense" not in json.dumps(answer.get("errors", []))
    direct = await buyer.client.data(
        """query ($them: [_Any!]!) { _entities(representations: $them) {
             ... on Product { name } } }""",
        {
            "them": [
                {"__typename": "Product", "id": first["id"], "upc": "extra"},
                {"__typename": "Product", "id": "nonsense"},
                {"__typename": "Product", "id": second["id"], "reviews": [{"id": 1}]},
            ]
        },
    )
    assert direct["_entities"] == [{"name": first["name"]}, None, {"name": second["name"]}]


async def test_rights_hold_through_the_gateway(gateway: Gateway, buyer: Buyer) -> None:
    order = (await buyer.buy("woohoo"))["id"]
    query = f'{{ order(by: {{id: "{order}"}}) {{ id note vouchers {{ nodes {{ {SECRETS} }} }} }} }}'
    own = await gateway.ask(query)
    assert own["data"]["order"]["note"].startswith("note of")
    assert all(any(node.values()) for node in own["data"]["order"]["vouchers"]["nodes"])
    blind = await gateway.ask(query, client="readonly")
    assert not any(any(node.values()) for node in blind["data"]["order"]["vouchers"]["nodes"])
    assert "FORBIDDEN" in json.dumps(blind["errors"])
    assert (await gateway.ask(query, client="other"))["data"]["order"] is None
    stranger = await gateway.ask(query, client=None)
    assert stranger["data"]["order"] is None
    assert "UNAUTHENTICATED" in json.dumps(stranger["errors"])


async def test_one_of_is_checked_though_gateways_drop_it(gateway: Gateway) -> None:
    both = '{ order(by: {id: "x", reference: "y"}) { id } }'
    answer = await gateway.ask(both)
    assert answer["data"] is None or answer["data"]["order"] is None
    assert answer["errors"]
