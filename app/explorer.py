"""GraphiQL, from our own files: the page works without the internet and asks no other host."""

import html
import ipaddress
import json
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

ASSETS = Path(__file__).parent / "static" / "graphiql"
TYPES = {
    "graphiql.js": "text/javascript; charset=utf-8",
    "graphiql.css": "text/css; charset=utf-8",
    "LICENSES.txt": "text/plain; charset=utf-8",
}
SHOWN = ("partner", "operator", "readonly")  # of the demo clients: those of one account
# Styles that scripts set as they draw are admitted; none that are written into the page.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Vouchergraph GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/graphiql/graphiql.css">
</head>
<body>
<div id="graphiql" data-endpoint="/graphql" data-keys="{keys}" data-samples="{samples}">
<noscript>GraphiQL needs JavaScript.</noscript>
</div>
<script src="/static/graphiql/graphiql.js"></script>
</body>
</html>
"""


class Page:
    """The page. `demo` are the sandbox's demo keys by client, empty in live mode; `samples`, by
    provider, an order that the example operations can start from: none in live mode either.
    """

    def __init__(
        self, demo: Mapping[str, Mapping[str, str]], samples: Mapping[str, str] | None = None
    ) -> None:
        shown = {name: demo[name] for name in SHOWN if name in demo}
        self._with_keys = _page(shown, samples or {})
        self._without = _page({}, samples or {})

    def answer(self, request: web.Request) -> web.Response:
        """The page, with the demo keys only where a browser on this very machine asks for it."""
        text = self._with_keys if is_local(request) else self._without
        return web.Response(
            text=text,
            content_type="text/html",
            headers={"Content-Security-Policy": POLICY, "Vary": "Accept"},
        )


def is_local(request: web.Request) -> bool:
    """Whether both ends are this machine, by address and by the name that the browser used.

    A foreign name that resolves to 127.0.0.1 would let its page read ours.
    """
    try:
        name = request.url.host or ""
    except ValueError:
        return False
    return _loopback(name) and _loopback(request.remote or "")


def _loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _page(keys: Mapping[str, Mapping[str, str]], samples: Mapping[str, str]) -> str:
    return PAGE.format(keys=html.escape(json.dumps(keys)), samples=html.escape(json.dumps(samples)))


async def asset(request: web.Request) -> web.FileResponse:
    """One of GraphiQL's files."""
    name = request.match_info["name"]
    if name not in TYPES:
        raise web.HTTPNotFound
    return web.FileResponse(
        ASSETS / name,
        headers={"Content-Type": TYPES[name], "Cache-Control": "no-cache"},
    )
