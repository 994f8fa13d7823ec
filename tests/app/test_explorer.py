"""GraphiQL: from our own files alone, with keys only where they may be."""

import html
import json
import re

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from app.explorer import ASSETS, TYPES, Page
from tests.app.process import ROOT, Running

# Names of vocabularies and addresses that are shown as links; nothing is fetched from them.
KNOWN = re.compile(
    r"https?://(www\.w3\.org/|reactjs\.org/docs/|www\.onegraph\.com|github\.com/|commonmark\.org/"
    r"|codemirror\.net/|en\.wikipedia\.org/|\$\{)"
)


async def page(http: aiohttp.ClientSession, service: Running, **headers: str) -> tuple[str, str]:
    sent = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", **headers}
    async with http.get(service.url, headers=sent) as response:
        assert response.status == 200
        return await response.text(), response.headers["Content-Security-Policy"]


def attribute(text: str, name: str) -> str:
    """What the page's element says under `data-<name>`."""
    [found] = re.findall(rf'data-{name}="([^"]*)"', text)
    return html.unescape(found)


@pytest.mark.parametrize("name", [name for name in TYPES if name != "LICENSES.txt"])
def test_the_files_ask_no_other_host(name: str) -> None:
    text = (ASSETS / name).read_text()
    foreign = [
        found for found in re.findall(r"https?://[^\s\"'`)\\]+", text) if not KNOWN.match(found)
    ]
    assert foreign == []
    assert not re.search(r"(url\(|@import|src=|import\()\s*[\"']?(https?:)?//", text)
    assert "sourceMappingURL" not in text
    assert str(ROOT) not in text


def test_the_files_are_small_and_their_licenses_there() -> None:
    assert {path.name for path in ASSETS.iterdir()} == set(TYPES)
    assert sum(path.stat().st_size for path in ASSETS.iterdir()) < 3_000_000
    licenses = (ASSETS / "LICENSES.txt").read_text()
    assert all(name in licenses for name in ("graphiql ", "react ", "codemirror ", "graphql "))


async def test_the_page_runs_no_inline_script(
    http: aiohttp.ClientSession, service: Running
) -> None:
    text, policy = await page(http, service)
    assert re.findall(r"<script[^>]*>([^<]*)</script>", text) == [""]
    assert not re.search(r"\son\w+=", text)
    assert not re.search(r"(src|href)=\"(?!/static/graphiql/|data:,)", text)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy


async def test_the_page_tells_where_the_api_is_and_what_can_be_tried(
    http: aiohttp.ClientSession, service: Running
) -> None:
    text, _ = await page(http, service)
    assert attribute(text, "endpoint") == "/graphql"
    samples = json.loads(attribute(text, "samples"))
    assert samples.keys() == service.ready["simulators"].keys()
    assert all(samples.values())


async def test_a_page_of_live_mode_holds_neither_keys_nor_samples() -> None:
    request = make_mocked_request("GET", "/graphql", headers={"Host": "localhost"})
    text = Page({}).answer(request).text or ""
    assert (attribute(text, "keys"), attribute(text, "samples")) == ("{}", "{}")


async def test_its_files_are_served_and_nothing_beside_them(
    http: aiohttp.ClientSession, service: Running
) -> None:
    for name, kind in TYPES.items():
        async with http.get(f"{service.base}/static/graphiql/{name}") as response:
            assert (response.status, response.headers["Content-Type"]) == (200, kind)
    for name in ("nope.js", "..%2f..%2fsettings.py", "%2e%2e/%2e%2e/settings.py", "README.md"):
        async with http.get(f"{service.base}/static/graphiql/{name}") as response:
            assert response.status == 404


async def test_demo_keys_are_in_the_page_for_this_machine_only(
    http: aiohttp.ClientSession, service: Running
) -> None:
    text, _ = await page(http, service)
    keys = json.loads(attribute(text, "keys"))
    assert list(keys) == ["partner", "operator", "readonly"]
    assert keys == {name: service.ready["clients"][name] for name in keys}
    # A foreign name that leads to this address: its page could otherwise read ours.
    foreign, _ = await page(http, service, Host="rebinding.example")
    assert "vgs_" not in foreign
    assert 'data-keys="{}"' in foreign


async def test_whoever_wants_json_gets_no_page(
    http: aiohttp.ClientSession, service: Running
) -> None:
    async with http.get(service.url, headers={"Accept": "application/json"}) as response:
        assert response.content_type == "application/json"
