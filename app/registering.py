"""Registering documents: a whole file or nothing of it, and what is registered checked anew."""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.metering import MOST_COST
from app.registered import ManifestBroken, digest_of, merged, read_all, read_manifest
from providers import REGISTRY
from schema import build_schema
from schema.registrable import faults, names


class NotRegistered(Exception):
    """Nothing of a file was registered; `reasons` name each document that was refused, and why."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


@dataclass(frozen=True, slots=True)
class Registration:
    """What registering a file came to. `written`: whether its file was not there yet."""

    file: str
    total: int
    new: int
    written: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A registered document: its id, the operations in it, and where it stands."""

    id: str
    operations: tuple[str, ...]
    file: str


def register(source: Path, directory: Path) -> Registration:
    """Register the documents of a file in a directory, all of them or, with NotRegistered, none.

    A file becomes a file there, named by its content: registering it again changes nothing, and
    removing that file takes back what only it held. ManifestBroken: a file cannot be read.
    """
    documents = read_manifest(source)
    if reasons := broken(documents):
        raise NotRegistered(reasons)
    if directory.exists() and not directory.is_dir():
        raise ManifestBroken(f"{directory} is not a directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        files = read_all(directory)
        merged({**files, source: documents})
        known = merged(files)
        content = json.dumps(documents, indent=1, sort_keys=True).encode() + b"\n"
        target = directory / f"documents-{digest_of(content.decode())[:16]}.json"
        written = target not in files
        if written:
            _write(target, content)
    except OSError as error:
        raise ManifestBroken(f"{directory} cannot be written ({error.strerror})") from None
    return Registration(target.name, len(documents), len(documents.keys() - known.keys()), written)


def listed(place: Path) -> list[Listed]:
    """Everything registered, by file and id. ManifestBroken when a file cannot be read."""
    return [
        Listed(id, tuple(names(text)), path.name)
        for path, documents in read_all(place).items()
        for id, text in sorted(documents.items())
    ]


def broken(documents: Mapping[str, str]) -> list[str]:
    """The documents that cannot run against this schema, one line for every reason."""
    schema = build_schema()
    return [
        f"{_shown(id, text)}: {reason}"
        for id, text in sorted(documents.items())
        for reason in faults(schema, text, providers=len(REGISTRY), most=MOST_COST)
    ]


def _shown(id: str, text: str) -> str:
    held = ", ".join(names(text))
    return f"{id} ({held})" if held else id


def _write(target: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all; whoever serves must be able to read it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
