"""Pages in browsers: which origins may use the API, and what a browser is told about it.

No answer allows credentials in the browser's sense (cookies), since there are none: a page must
hold an API key or a token itself and send it in a header that no form or link can send.
"""

import re
from collections.abc import Iterable

from aiohttp import web

METHODS = "GET, POST"
ORIGIN = re.compile(
    r"(?P<scheme>https?)://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:(?P<port>[0-9]{1,5}))?"
)
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Last-Event-ID",
    "X-API-Key",
    "X-API-Secret",
    "X-Purpose",
    "X-Request-Id",
)
ANSWER_HEADERS = (
    "RateLimit",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-Id",
)
MAX_AGE = 600  # seconds a browser remembers a preflight: how long a removed origin may go on asking
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def parse_origins(text: str) -> tuple[str, ...]:
    """Exact origins, apart by commas, as browsers write them. ValueError for anything else."""
    return tuple(_origin(part.strip()) for part in text.split(",") if part.strip())


def _origin(text: str) -> str:
    found = ORIGIN.fullmatch(text.lower())
    if found is None or int(found["port"] or 1) not in range(1, 65536):
        raise ValueError("not an exact origin")
    return _without_default_port(found["scheme"], text)


def _without_default_port(scheme: str, text: str) -> str:
    return text.lower().removesuffix(DEFAULT_PORTS[scheme])


class Origins:
    """The origins that are listed, beside the service's own."""

    def __init__(self, listed: Iterable[str] = ()) -> None:
        self._listed = frozenset(listed)

    def admits(self, request: web.Request) -> bool:
        """Whether a request comes from no browser's page, from our own or from a listed one.

        Our own is known by its host: the scheme is not compared, since TLS ends at a proxy.
        """
        sent = request.headers.getall("Origin", [])
        if not sent:
            return True
        if len(sent) > 1:
            return False
        return sent[0] in self._listed or _is_own(sent[0], request.headers.get("Host", ""))

    def headers(self, request: web.Request) -> dict[str, str]:
        """What a browser needs to show an answer to a listed page; for others only Vary."""
        found = {"Vary": "Origin"}
        origin = request.headers.get("Origin")
        if origin and origin in self._listed and self.admits(request):
            found["Access-Control-Allow-Origin"] = origin
            found["Access-Control-Expose-Headers"] = ", ".join(ANSWER_HEADERS)
        return found

    def preflight(self, request: web.Request) -> web.Response:
        """The answer to OPTIONS, for a request that is admitted."""
        headers = {"Allow": f"{METHODS}, OPTIONS"}
        listed = request.headers.get("Origin", "") in self._listed
        if listed and "Access-Control-Request-Method" in request.headers:
            headers["Access-Control-Allow-Methods"] = METHODS
            headers["Access-Control-Allow-Headers"] = ", ".join(REQUEST_HEADERS)
            headers["Access-Control-Max-Age"] = str(MAX_AGE)
        return web.Response(status=204, headers=headers)


def _is_own(origin: str, host: str) -> bool:
    scheme, _, place = origin.partition("://")
    if scheme not in DEFAULT_PORTS or not place:
        return False
    return _without_default_port(scheme, place) == _without_default_port(scheme, host)
