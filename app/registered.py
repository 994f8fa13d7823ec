"""Registered documents: the files that name them, and those that are trusted while we run."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import structlog

log = structlog.get_logger()

APOLLO = "apollo-persisted-query-manifest"
SHA256 = "sha256:"
MAX_ID = 200
LOOK_SECONDS = 1.0  # between two looks whether the files have changed


class ManifestBroken(Exception):
    """A file of documents cannot be used; the text says which and why."""


def digest_of(text: str) -> str:
    """The SHA-256 of a document, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_manifest(path: Path) -> dict[str, str]:
    """The documents of a file by their ids. ManifestBroken when it is none.

    Taken are `{"<id>": "<document>"}`, as graphql-codegen and Relay write it, and Apollo's
    manifest.
    """
    try:
        content = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise ManifestBroken(f"{path.name} cannot be read ({error.strerror})") from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        raise ManifestBroken(f"{path.name} is not JSON") from None
    found: dict[str, str] = {}
    for id, text in _pairs(path, content):
        _check(path, id, text)
        if found.setdefault(id, text) != text:
            raise ManifestBroken(f"{path.name} has two documents with the id {id}")
    return found


def _pairs(path: Path, content: Any) -> Iterable[tuple[Any, Any]]:
    if not isinstance(content, dict):
        raise ManifestBroken(f"{path.name} holds no documents by their ids")
    if "format" not in content:
        return content.items()
    operations = content.get("operations")
    if content["format"] != APOLLO or content.get("version") != 1:
        raise ManifestBroken(f"{path.name} is of a format that is not known here")
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise ManifestBroken(f"{path.name} has no list of operations")
    return [(one.get("id"), one.get("body")) for one in operations]


def _check(path: Path, id: Any, text: Any) -> None:
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID or not id.isprintable() or " " in id:
        raise ManifestBroken(f"{path.name} has an id that is not 1 to {MAX_ID} plain characters")
    if not isinstance(text, str) or not text.strip():
        raise ManifestBroken(f"{path.name} has no document for the id {id}")
    if id.startswith(SHA256) and id.removeprefix(SHA256) != digest_of(text):
        raise ManifestBroken(f"{path.name}: the id {id} is not the hash of its document")


@dataclass(frozen=True)
class Registered:
    """Registered documents, by their ids and by their hashes."""

    by_id: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(init=False)
    texts: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", frozenset(self.by_id.values()))
        object.__setattr__(self, "digests", {digest_of(text): text for text in self.texts})

    def find(self, name: str) -> str | None:
        """The document of an id, or of a SHA-256, with its prefix or without."""
        return self.by_id.get(name) or self.digests.get(name.removeprefix(SHA256).lower())


def files_of(place: Path) -> list[Path]:
    """The files of documents: one, or those of a directory. ManifestBroken when it is neither."""
    try:
        if place.is_dir():
            return sorted(one for one in place.glob("*.json") if not one.name.startswith("."))
        place.stat()
    except OSError as error:
        raise ManifestBroken(f"{place} cannot be read ({error.strerror})") from None
    return [place]


def read_all(place: Path) -> dict[Path, dict[str, str]]:
    """The documents of every file of a place. ManifestBroken when any cannot be used."""
    found = {path: read_manifest(path) for path in files_of(place)}
    merged(found)
    return found


def merged(files: Mapping[Path, Mapping[str, str]]) -> dict[str, str]:
    """The documents of all files by their ids. ManifestBroken when they contradict each other."""
    found: dict[str, str] = {}
    for path, documents in files.items():
        for id, text in documents.items():
            if found.setdefault(id, text) != text:
                raise ManifestBroken(f"{path.name} has another document with the id {id}")
    return found


Mark = tuple[int, int, int]


class Trusted:
    """The registered documents of a place, read again when its files change.

    Made: ManifestBroken when anything is wrong. Later a file that cannot be used is left out with a
    line in the log, and what it held before still holds.
    """

    def __init__(self, place: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._clock = clock
        self._broken: str | None = None
        self._marks = _marks(files_of(place))  # before it is read: what changes meanwhile is seen
        self._files = read_all(place)
        self._registered = Registered(merged(self._files))
        self._looked = clock()
        self._tell()

    async def current(self) -> Registered:
        """What is registered, as of a second ago at most."""
        if self._clock() - self._looked >= LOOK_SECONDS:
            self._looked = self._clock()
            await asyncio.to_thread(self._look)
        return self._registered

    def _look(self) -> None:
        try:
            marks = _marks(files_of(self._place))
        except ManifestBroken as error:
            self._complain(str(error))
            return
        if marks == self._marks:
            return
        self._broken = None
        files: dict[Path, dict[str, str]] = {}
        # Older files first: a newer one does not change what an id stands for.
        for path in sorted(marks, key=lambda one: (marks[one], one)):
            documents = self._files.get(path, {})
            if marks[path] != self._marks.get(path):
                try:
                    documents = read_manifest(path)
                    merged({**files, path: documents})
                except ManifestBroken as error:
                    self._complain(str(error))
                    documents = self._files.get(path, {})
            files[path] = documents
        self._marks, self._files = marks, files
        self._registered = Registered(
            {id: text for path in reversed(files) for id, text in files[path].items()}
        )
        self._tell()

    def _complain(self, reason: str) -> None:
        if reason != self._broken:
            self._broken = reason
            log.error("documents.broken", reason=reason)

    def _tell(self) -> None:
        log.info("documents.read", files=len(self._files), documents=len(self._registered.by_id))


def _marks(paths: Iterable[Path]) -> dict[Path, Mark]:
    """What changes when a file does; files that are gone by now are left out."""
    found: dict[Path, Mark] = {}
    for path in paths:
        try:
            known = path.stat()
        except FileNotFoundError:
            continue
        found[path] = (known.st_mtime_ns, known.st_size, known.st_ino)
    return found
