"""GraphiQL's examples: documents of this schema, masked, and in the bundle that is served."""

import hashlib
import json
import re
from pathlib import Path

import aiohttp
import pytest
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    Visitor,
    build_schema,
    parse,
    validate,
    visit,
)

from app.explorer import ASSETS
from domain.viewers import Scope
from tests.app.process import ROOT, Running

SOURCES = ROOT / "web" / "graphiql"
EXAMPLES = sorted((SOURCES / "examples").glob("*.graphql"))
MENU = [path.read_text() for path in sorted((SOURCES / "examples").glob("*.js"))]
SECRETS = {"code", "pin", "claimUrl", "referenceNumber"}
BUILT_OF = re.compile(r"(?<!\.test)\.(mjs|jsx?|css|graphql|json)$")
READS = {
    "partner": (
        "list-catalog",
        "search-products",
        "list-orders",
        "read-order-log",
        "who-am-i",
        "read-wallet",
        "list-webhooks",
        "read-audit",
    ),
    "operator": ("read-providers", "list-needs-review"),
}


class Secrets(Visitor):
    """Counts the fields of vouchers that are secrets. A problem's `code` is none."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        inside = {
            one.name.value
            for one in (node.selection_set.selections if node.selection_set else ())
            if isinstance(one, FieldNode)
        }
        if "maskedCode" in inside:
            self.found |= inside & SECRETS


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_one_named_operation_of_the_schema(path: Path) -> None:
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text())
    document = parse(path.read_text())
    assert validate(schema, document) == []
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert path.stem == re.sub(r"(?<!^)([A-Z])", r"-\1", operation.name.value).lower()
    assert sum(f'"./{path.name}"' in text for text in MENU) == 1


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_only_the_reveal_asks_for_secrets(path: Path) -> None:
    secrets = Secrets()
    visit(parse(path.read_text()), secrets)
    assert secrets.found == (SECRETS if path.stem == "reveal-vouchers" else set())


def test_the_reveal_warns_and_asks_for_its_purpose() -> None:
    [menu] = [text for text in MENU if "./reveal-vouchers.graphql" in text]
    [entry] = [part for part in menu.split("\n  {") if "document: revealVouchers" in part]
    assert "warning:" in entry
    assert "asksPurpose: true" in entry
    assert '"X-Purpose": purpose' in menu


def test_examples_name_scopes_that_exist() -> None:
    named = {scope for text in MENU for scope in re.findall(r'"([a-z]+:[a-z]+)"', text)}
    assert named
    assert named <= {scope.value for scope in Scope}


def test_the_bundle_was_built_from_these_sources() -> None:
    digest = hashlib.sha256()
    names = (path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*") if path.is_file())
    for name in sorted(names):
        if not name.startswith("node_modules") and BUILT_OF.search(name):
            digest.update(f"{name}\n".encode() + (SOURCES / name).read_bytes())
    bundle = (ASSETS / "graphiql.js").read_text()
    assert digest.hexdigest() in bundle[:100], "run `npm run build` in web/graphiql"


@pytest.mark.parametrize(
    ("client", "name"), [(client, name) for client, names in READS.items() for name in names]
)
async def test_reading_examples_run_for_their_client(
    http: aiohttp.ClientSession, service: Running, client: str, name: str
) -> None:
    query = (SOURCES / "examples" / f"{name}.graphql").read_text()
    async with http.post(
        service.url, json={"query": query}, headers=service.headers(client)
    ) as response:
        body = json.loads(await response.text())
    assert "errors" not in body
    assert all(value is not None for value in body["data"].values())
