"""The console over HTTP: the files of a small build, and nothing beside them."""

import html
import json
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from app.console import NOT_BUILT, PATH, Console
from app.listening import listener
from app.server import HEADERS, _framed
from tests.app.process import ROOT, Running, serving, workplace
from tests.app.raw import exchange

KEYS = {name: {"key": f"vgtest_{name}", "secret": 'a"<b>&'} for name in ("partner", "operator")}
KEYS |= {"readonly": {"key": "r", "secret": "s"}, "other": {"key": "o", "secret": "theirs"}}
PAGE = """<!doctype html>
<link rel="stylesheet" href="/console/assets/main-1a.css">
<div id="root" data-keys="{}"></div>
<script type="module" src="/console/assets/main-1a.js"></script>
"""
SCRIPT = b"export const answer = 42;\n" * 40
FILES = {
    "index.html": PAGE.encode(),
    "favicon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "site.webmanifest": b"{}",
    "assets/main-1a.js": SCRIPT,
    "assets/main-1a.js.br": b"packed by brotli",
    "assets/main-1a.js.gz": b"packed by gzip",
    "assets/main-1a.css": b":root{color-scheme:light dark}",
    "assets/chart-2b.js": b"lazy",
    "assets/chart-2b.js.gz": b"lazy, packed",
    "assets/inter.woff2": b"wOF2",
    "assets/tool.exe": b"MZ",
    ".vite/manifest.json": b"{}",
}


@dataclass
class Site:
    """The console of a build in `dist`, at an address."""

    base: str
    dist: Path
    http: aiohttp.ClientSession

    async def get(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, bytes, Mapping[str, str]]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{self.base}{PATH}{path}"
        async with self.http.request(method, address, headers=sent) as found:
            return found.status, await found.read(), found.headers


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    dist = tmp_path / "dist"
    for name, body in FILES.items():
        path = dist / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    app = _framed()
    Console(KEYS, dist).register(app)
    session = aiohttp.ClientSession(
        auto_decompress=False, skip_auto_headers=("Accept-Encoding", "User-Agent")
    )
    async with listener(app, "127.0.0.1", 0, HEADERS) as base, session as http:
        yield Site(base, dist, http)


# ------------------------------------------------------------------------------------- the page
@pytest.mark.parametrize(
    "path", ["", "/", "/index.html", "/orders", "/orders/b3JkZXI6MQ", "/a/b/c/", "/orders?status=X"]
)
async def test_the_page_is_answered_on_all_its_routes(site: Site, path: str) -> None:
    status, body, headers = await site.get(path)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")
    assert headers["Cache-Control"] == "no-store"
    assert "Content-Encoding" not in headers


async def test_the_page_allows_its_own_origin_alone(site: Site) -> None:
    _, _, headers = await site.get("/")
    rules = dict(
        rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";")
    )
    own = ("script-src", "style-src", "connect-src", "font-src", "manifest-src")
    assert {rules.pop(name) for name in own} == {"'self'"}
    assert rules.pop("img-src") == "'self' data:"
    assert set(rules) == {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert set(rules.values()) == {"'none'"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_demo_keys_are_for_this_machine_alone(site: Site) -> None:
    _, body, _ = await site.get("/orders")
    found = re.search(r'data-keys="([^"]*)"', body.decode())
    assert found is not None
    shown = json.loads(html.unescape(found[1]))
    assert shown == {name: KEYS[name] for name in ("partner", "operator", "readonly")}
    # A foreign name that leads to this address: its page could otherwise read ours.
    _, foreign, _ = await site.get("/orders", Host="rebinding.example")
    assert foreign == PAGE.encode()


async def test_without_demo_keys_the_page_is_as_it_was_built(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    app = _framed()
    Console({}, tmp_path).register(app)
    async with (
        listener(app, "127.0.0.1", 0, HEADERS) as base,
        aiohttp.ClientSession() as http,
        http.get(f"{base}{PATH}") as found,
    ):
        assert await found.text() == PAGE


# ------------------------------------------------------------------------------------ the files
async def test_assets_are_kept_for_ever_and_the_others_asked_for(site: Site) -> None:
    lasting = "public, max-age=31536000, immutable"
    for path, kind, kept in (
        ("/assets/main-1a.js", "text/javascript; charset=utf-8", lasting),
        ("/assets/main-1a.css", "text/css; charset=utf-8", lasting),
        ("/assets/inter.woff2", "font/woff2", lasting),
        ("/favicon.svg", "image/svg+xml", "no-cache"),
        ("/site.webmanifest", "application/manifest+json", "no-cache"),
    ):
        status, body, headers = await site.get(path)
        assert (status, body) == (200, FILES[path.removeprefix("/")])
        assert (headers["Content-Type"], headers["Cache-Control"]) == (kind, kept)
        assert headers["Vary"] == "Accept-Encoding"
        status, body, again = await site.get(path, If_None_Match=headers["ETag"])
        assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
        assert (await site.get(path, If_None_Match='"other"'))[0] == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("identity", None),
        ("gzip;q=0", None),
        ("", None),
    ],
)
async def test_what_was_packed_is_sent_to_whom_it_suits(
    site: Site, accepted: str, encoding: str | None
) -> None:
    _, body, headers = await site.get("/assets/main-1a.js", Accept_Encoding=accepted)
    packed = {"br": b"packed by brotli", "gzip": b"packed by gzip", None: SCRIPT}
    assert (headers.get("Content-Encoding"), body) == (encoding, packed[encoding])
    assert headers["Content-Length"] == str(len(body))
    assert headers["Content-Type"].startswith("text/javascript")


async def test_only_what_was_packed_is_sent_packed(site: Site) -> None:
    _, body, headers = await site.get("/assets/chart-2b.js", Accept_Encoding="br, gzip;q=0.1")
    assert (body, headers["Content-Encoding"]) == (b"lazy, packed", "gzip")
    _, body, headers = await site.get("/assets/main-1a.css", Accept_Encoding="br, gzip")
    assert body == FILES["assets/main-1a.css"]
    assert "Content-Encoding" not in headers


@pytest.mark.parametrize("path", ["/", "/assets/main-1a.js", "/favicon.svg"])
async def test_a_head_tells_what_a_get_would(site: Site, path: str) -> None:
    status, body, headers = await site.get(path, "HEAD")
    got, whole, other = await site.get(path)
    assert (status, body, headers["Content-Length"]) == (got, b"", str(len(whole)))
    same = ("Content-Type", "Cache-Control", "Vary", "ETag", "Content-Security-Policy")
    assert [headers.get(name) for name in same] == [other.get(name) for name in same]


async def test_it_is_only_read(site: Site) -> None:
    for method in ("POST", "PUT", "DELETE"):
        status, _, headers = await site.get("/orders", method)
        assert (status, headers["Allow"]) == (405, "GET,HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/assets",
        "/assets/",
        "/assets/gone.js",
        "/assets/orders",
        "/assets/main-1a.js.br",
        "/assets/tool.exe",
        "/assets/main-1a.js/",
        "/gone.css",
        "/other.html",
        "/.vite/manifest.json",
        "/.env",
        "//assets/main-1a.js",
    ],
)
async def test_what_is_neither_file_nor_route_is_not_found(site: Site, path: str) -> None:
    status, body, headers = await site.get(path)
    assert (status, headers["Cache-Control"]) == (404, "no-store")
    assert b"<!doctype" not in body


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.json",
        "/assets/../../secret.json",
        "/%2e%2e/secret.json",
        "/%2e%2e%2fsecret.json",
        "/..%2fsecret.json",
        "/assets/..%2f..%2fsecret.json",
        "/%252e%252e/secret.json",
        "/..%5csecret.json",
        "/assets/%00/../secret.json",
        "/secret.json%00.js",
        "{parent}/secret.json",
        "/{parent}/secret.json",
        "/%2f{parent}/secret.json",
        "/link.json",
        "/linked/secret.json",
        "/assets/loop.json",
    ],
)
async def test_nothing_beside_the_build_can_be_reached(site: Site, path: str) -> None:
    """As bytes on the wire, where no client puts a path right before it is sent."""
    parent = site.dist.parent
    (parent / "secret.json").write_text('"secret"')
    (site.dist / "link.json").symlink_to(parent / "secret.json")
    (site.dist / "linked").symlink_to(parent)
    (site.dist / "assets" / "loop.json").symlink_to("loop.json")
    target = PATH + path.replace("{parent}", str(parent))
    answer = await exchange(
        site.base, f"GET {target} HTTP/1.1\r\nHost: {site.base[7:]}\r\n\r\n".encode()
    )
    assert answer.status in {400, 404}
    assert b"secret" not in answer.body


async def test_a_packed_file_that_leads_elsewhere_is_not_sent(site: Site) -> None:
    (site.dist.parent / "secret").write_text("secret")
    (site.dist / "assets" / "main-1a.css.gz").symlink_to(site.dist.parent / "secret")
    _, body, headers = await site.get("/assets/main-1a.css", Accept_Encoding="gzip")
    assert body == FILES["assets/main-1a.css"]
    assert "Content-Encoding" not in headers


async def test_files_are_read_once_and_again_when_they_change(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    original = Path.read_bytes

    def counted(path: Path) -> bytes:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    for _ in range(3):
        await site.get("/")
        await site.get("/assets/chart-2b.js")
    assert sorted(read) == ["chart-2b.js", "chart-2b.js.gz", "index.html"]
    index = site.dist / "index.html"
    index.write_text(PAGE.replace("1a", "9z"))
    os.utime(index, ns=(1, 1))
    _, body, _ = await site.get("/")
    assert b"main-9z.js" in body


async def test_a_build_is_found_while_the_service_runs(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    app, console = _framed(), Console(KEYS, dist)
    console.register(app)
    async with listener(app, "127.0.0.1", 0, HEADERS) as base, aiohttp.ClientSession() as http:
        for path in (PATH, f"{PATH}/", f"{PATH}/orders"):
            async with http.get(base + path) as answer:
                assert (answer.status, await answer.text()) == (404, NOT_BUILT)
                assert "make web" in NOT_BUILT
                assert answer.content_type == "text/plain"
        assert not console.built()
        dist.mkdir()
        (dist / "index.html").write_text(PAGE)
        assert console.built()
        async with http.get(base + PATH) as answer:
            assert answer.status == 200


# ---------------------------------------------------------------------------------- the program
def test_the_service_serves_and_names_what_was_built() -> None:
    """The whole program, in a place of its own that has a build beside the packages."""
    with workplace() as directory:
        house = directory / "house"
        dist = house / "web" / "dist"
        dist.mkdir(parents=True)
        (dist / "index.html").write_text(PAGE)
        for package in ROOT.glob("*/__init__.py"):
            (house / package.parent.name).symlink_to(package.parent)
        with serving(directory, PYTHONPATH=str(house)) as service:
            _is_served(service)


def _is_served(service: Running) -> None:
    address = f"{service.base}{PATH}/"
    assert service.ready["console"] == address
    assert f"Console       {address}" in service.output()
    host, port = service.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        wire.sendall(f"GET {PATH}/ HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        with wire.makefile("rb") as answer:
            text = answer.read().decode()
    assert text.startswith("HTTP/1.0 200")
    assert html.escape(service.ready["clients"]["readonly"]["secret"]) in text
    assert service.ready["clients"]["other"]["secret"] not in text
