"""Clients of the ecosystem against the running service, typed from the checked-in schema."""

import json
from pathlib import Path

import pytest

from app.registering import register
from tests.node.project import HERE, run
from tests.operations.buying import Buyer, opened
from tests.operations.service import Service, running


@pytest.fixture(scope="module")
async def built() -> None:
    """The clients' programs: typed by graphql-codegen, compiled by the strict tsc."""
    await run("node_modules/.bin/graphql-codegen", "--config", "codegen.ts")
    await run("node_modules/.bin/tsc")


def who(service: Service, name: str = "partner") -> list[str]:
    known = service.client(name).credentials
    assert known is not None
    return [f"{service.url}/graphql", known["key"], known["secret"]]


@pytest.mark.usefixtures("built", "buyer")
@pytest.mark.parametrize("client", ["apollo", "urql", "persisted"])
async def test_queries(client: str, service: Service) -> None:
    assert await run("node", f"build/{client}.js", *who(service))


@pytest.mark.usefixtures("built")
async def test_trusted_documents_alone(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path
) -> None:
    """What graphql-codegen wrote is registered, and its clients run."""
    documents = tmp_path / "documents"
    registered = register(HERE / "clients" / "gql" / "persisted-documents.json", documents)
    assert registered.new == registered.total > 5
    trusted = {"VOUCHERGRAPH_TRUSTED_DOCUMENTS": str(documents)}
    async with running(monkeypatch, postgres_dsn, tmp_path / "data", **trusted) as service:
        await opened(service)
        assert await run("node", "build/trusted.js", *who(service))


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("client", ["websocket", "events"])
async def test_subscriptions(client: str, service: Service, buyer: Buyer) -> None:
    order = await buyer.buy("woohoo")
    known = await buyer.client.data("{ orderEvents { nodes { sequence order { id } } } }")
    sequences = [
        node["sequence"]
        for node in known["orderEvents"]["nodes"]
        if node["order"]["id"] == order["id"]
    ]
    told = await run(
        "node", f"build/{client}.js", *who(service), order["id"], str(len(sequences)), "0"
    )
    assert json.loads(told) == sequences
