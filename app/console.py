"""The console under /console: the files that `make web` built, for browsers of this origin.

The service runs without them, and picks up a new build while it runs.
"""

import asyncio
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath

from aiohttp import ETag, web

from app.explorer import SHOWN, is_local
from app.negotiation import packing

PATH = "/console"
DIST = Path(__file__).parents[1] / "web" / "dist"
INDEX = "index.html"
ASSETS = "assets"  # each file's name holds a digest of its content
NO_KEYS = b'data-keys="{}"'
NOT_BUILT = "The console is not built. Run `make web` in the directory of the service.\n"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
PACKED = {"br": ".br", "gzip": ".gz"}  # by encoding, the better first: what its files end with
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class File:
    """A built file as it was read; `version` is its time and size, `packed` by encoding."""

    version: tuple[int, int]
    body: bytes
    tag: str
    packed: Mapping[str, bytes]


class Console:
    """The files of one build. `demo` are the sandbox's demo keys by client, empty in live mode."""

    def __init__(self, demo: Mapping[str, Mapping[str, str]], dist: Path = DIST) -> None:
        self._dist = dist
        keys = json.dumps({name: demo[name] for name in SHOWN if name in demo})
        self._keys = f'data-keys="{html.escape(keys)}"'.encode()
        self._files: dict[Path, File] = {}

    def built(self) -> bool:
        """Whether there is a page to show now."""
        return (self._dist / INDEX).is_file()

    def register(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.answer)
        app.router.add_get(PATH + "/{path:.*}", self.answer)

    async def answer(self, request: web.Request) -> web.Response:
        """A built file, or the page for whatever is none: its own routes are no concern of ours."""
        name = request.match_info.get("path", "")
        if _is_file(name):
            file = await asyncio.to_thread(self._file, name)
            if file is None:
                raise web.HTTPNotFound
            return _asset(request, name, file)
        if not _is_route(name):
            raise web.HTTPNotFound
        index = await asyncio.to_thread(self._file, INDEX)
        if index is None:
            return web.Response(text=NOT_BUILT, status=HTTPStatus.NOT_FOUND)
        # The demo keys only where a browser on this very machine asks for the page.
        local = is_local(request)
        return web.Response(
            body=index.body.replace(NO_KEYS, self._keys, 1) if local else index.body,
            headers={
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": POLICY,
                "Cache-Control": "no-store",
            },
        )

    def _file(self, name: str) -> File | None:
        """The file as it is now; None where there is none, or it lies elsewhere by a link."""
        try:
            path = (self._dist / name).resolve(strict=True)
            if not path.is_relative_to(self._dist.resolve()) or not path.is_file():
                return None
            found = path.stat()
            version = (found.st_mtime_ns, found.st_size)
            known = self._files.get(path)
            if known is not None and known.version == version:
                return known
            if name == INDEX:
                self._files.clear()  # what belongs to another build
            file = self._files[path] = self._read(path, version)
        except (OSError, ValueError, RuntimeError):  # the last: links that lead in a circle
            return None
        return file

    def _read(self, path: Path, version: tuple[int, int]) -> File:
        body = path.read_bytes()
        packed = {
            encoding: other.read_bytes()
            for encoding, ending in PACKED.items()
            if (other := path.with_name(path.name + ending)).is_file() and not other.is_symlink()
        }
        return File(version, body, hashlib.sha256(body).hexdigest()[:32], packed)


def _is_file(name: str) -> bool:
    """Whether a name below /console may be one of a file that is handed out."""
    return _is_plain(name) and PurePosixPath(name).suffix in TYPES


def _is_route(name: str) -> bool:
    """Whether the page itself may know what to show there."""
    if name in {"", INDEX}:
        return True
    way = name.removesuffix("/")
    first, last = way.split("/")[0], way.split("/")[-1]
    return _is_plain(way) and first != ASSETS and "." not in last


def _is_plain(name: str) -> bool:
    """No step up, no hidden file, no other root; `name` is decoded already."""
    return name.isprintable() and not any(
        not part or part.startswith(".") for part in name.split("/")
    )


def _asset(request: web.Request, name: str, file: File) -> web.Response:
    encoding = packing(request, tuple(file.packed))
    named_by_content = name.startswith(f"{ASSETS}/")
    lasting = "public, max-age=31536000, immutable" if named_by_content else "no-cache"
    headers = {
        "Content-Type": TYPES[PurePosixPath(name).suffix],
        "Cache-Control": lasting,
        "Vary": "Accept-Encoding",
    }
    response = web.Response(headers=headers)
    response.etag = tag = ETag(file.tag, is_weak=True)  # the same for every encoding
    if any(one.value in (tag.value, "*") for one in request.if_none_match or ()):
        response.set_status(HTTPStatus.NOT_MODIFIED)
        return response
    response.body = file.packed[encoding] if encoding else file.body
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response
