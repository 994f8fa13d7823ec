"""The ring of master keys by version, read from text: they seal the data keys."""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.keys import SealedKey
from vault.data_key import KEY_BYTES, DataKey, bound
from vault.errors import KeyRingInvalid, MasterRefused, VaultError
from vault.masters import MasterState

NONCE_BYTES: Final = 12
VERSION = re.compile(r"[1-9][0-9]{0,8}")
FILE: Final = "file:"
EXAMPLE = "1:BASE64-OF-32-BYTES,2*:BASE64-OF-32-BYTES or file:/run/secrets/key-ring"
TWO_DEPLOYS = (
    "the key ring is given as text, which no command can change. Rotate it in two deploys:"
    " (1) give every process the new version {next} beside the active one, which keeps the star,"
    " as in {active}*:OLD,{next}:NEW; (2) when all of them run with it, move the star:"
    " {active}:OLD,{next}*:NEW. Then run: vouchergraph keys rewrap"
)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The master keys by version; new data keys are sealed under the active one."""

    active: int
    _ciphers: Mapping[int, AESGCM] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read `version:key` entries, apart by commas or white space; KeyRingInvalid otherwise.

        A key is the base64 of 32 bytes, or `file:` and the path of a file that holds it. The whole
        text may be `file:` and the path of a file with the entries. A star after one version marks
        the active one; without it the highest is.
        """
        if text.strip().startswith(FILE):
            text = read_file(text.strip().removeprefix(FILE), "the key ring")
        listed = entries(text)
        if not listed:
            raise KeyRingInvalid(f"the key ring is empty; example: {EXAMPLE}")
        ciphers: dict[int, AESGCM] = {}
        marked: list[int] = []
        for number, entry in enumerate(listed, 1):
            where = f"entry {number} of the key ring"
            version, star, raw = _entry(entry, where)
            if version in ciphers:
                raise KeyRingInvalid(f"{where}: version {version} stands there twice")
            ciphers[version] = AESGCM(raw)
            if star:
                marked.append(version)
        if len(marked) > 1:
            raise KeyRingInvalid("more than one version of the key ring is marked active with *")
        return cls(marked[0] if marked else max(ciphers), ciphers)

    @staticmethod
    def generate(version: int = 1) -> str:
        """A new ring of one random key, as text for `parse`: to be stored, never to be shown."""
        return f"{version}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"

    @property
    def versions(self) -> tuple[int, ...]:
        return tuple(sorted(self._ciphers))

    async def state(self) -> MasterState:
        return MasterState(self.active, self.versions)

    async def seal(self, key: DataKey) -> SealedKey:
        """The data key under the active master key."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._ciphers[self.active].encrypt(nonce, key.raw(), bound(key))
        return SealedKey(key.id, key.account, key.purpose, sealed, self.active)

    async def open(self, sealed: SealedKey) -> DataKey:
        """The data key in the clear; VaultError for another row, account, purpose or master key."""
        cipher = self._ciphers.get(sealed.master_version)
        if cipher is None:
            raise VaultError(
                f"data key {sealed.id} needs master key version {sealed.master_version},"
                " which is not in the key ring"
            )
        nonce, value = sealed.sealed[:NONCE_BYTES], sealed.sealed[NONCE_BYTES:]
        try:
            raw = cipher.decrypt(nonce, value, bound(sealed))
        except (InvalidTag, ValueError):
            raise VaultError(
                f"data key {sealed.id} does not open: altered, or not the one it stands for"
            ) from None
        return DataKey(sealed.id, sealed.account, sealed.purpose, raw)

    async def rotate(self) -> int:
        raise MasterRefused(TWO_DEPLOYS.format(active=self.active, next=self.versions[-1] + 1))

    async def retire(self, version: int) -> bool:
        return version not in self._ciphers

    async def close(self) -> None:
        """Nothing is held open."""


def entries(text: str) -> list[str]:
    """The entries of a ring's text, as they stand there."""
    return [entry for entry in re.split(r"[\s,]+", text) if entry]


def read_file(path: str | Path, where: str) -> str:
    """A file's text; KeyRingInvalid when it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyRingInvalid(f"{where}: {path} cannot be read ({type(error).__name__})") from None


def _entry(entry: str, where: str) -> tuple[int, bool, bytes]:
    """Version, whether it is marked, and the key. Errors quote nothing: it may be a key."""
    version, colon, key = entry.partition(":")
    star = version.endswith("*")
    if not colon or not VERSION.fullmatch(version.removesuffix("*")):
        raise KeyRingInvalid(
            f"{where}: it must begin with a whole number and a colon; example: {EXAMPLE}"
        )
    if key.startswith(FILE):
        key = read_file(key.removeprefix(FILE), where).strip()
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRingInvalid(f"{where}: the key is not base64") from None
    if len(raw) != KEY_BYTES:
        raise KeyRingInvalid(f"{where}: the key has {len(raw)} bytes, not {KEY_BYTES}")
    return int(version.removesuffix("*")), star, raw
