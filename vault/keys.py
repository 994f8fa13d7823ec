"""Master keys by version, and the data keys that they seal."""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.ids import uuid7
from domain.keys import KeyPurpose, SealedKey

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
VERSION = re.compile(r"[1-9][0-9]{0,8}")
EXAMPLE = "1:BASE64-OF-32-BYTES,2*:BASE64-OF-32-BYTES or file:/run/secrets/key-ring"


class KeyRingInvalid(ValueError):
    """The key ring could not be read; the text says where, and nothing of a key."""


class VaultError(Exception):
    """Something sealed does not open here; the text says nothing of its value."""


@final
class DataKey:
    """A key in the clear, for one purpose of one account (None: the installation). Never shown."""

    __slots__ = ("_raw", "account", "cipher", "id", "purpose")

    def __init__(self, id: UUID, account: UUID | None, purpose: KeyPurpose, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise VaultError("a data key has 32 bytes")
        self.id: Final = id
        self.account: Final = account
        self.purpose: Final = purpose
        self.cipher: Final = AESGCM(raw)
        self._raw: Final = raw

    def raw(self) -> bytes:
        """The bytes, for keyed digests of purposes other than DATA and TOKEN."""
        return self._raw

    def __repr__(self) -> str:
        return f"DataKey({self.id}, account={self.account}, purpose={self.purpose.value}, '***')"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a DataKey is never pickled or copied to another process")


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
        if text.strip().startswith("file:"):
            text = _file(text.strip(), "the key ring")
        entries = [entry for entry in re.split(r"[\s,]+", text) if entry]
        if not entries:
            raise KeyRingInvalid(f"the key ring is empty; example: {EXAMPLE}")
        ciphers: dict[int, AESGCM] = {}
        marked: list[int] = []
        for number, entry in enumerate(entries, 1):
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

    def seal(self, key: DataKey) -> SealedKey:
        """The data key under the active master key."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._ciphers[self.active].encrypt(nonce, key.raw(), _bound(key))
        return SealedKey(key.id, key.account, key.purpose, sealed, self.active)

    def open(self, sealed: SealedKey) -> DataKey:
        """The data key in the clear; VaultError for another row, account, purpose or master key."""
        cipher = self._ciphers.get(sealed.master_version)
        if cipher is None:
            raise VaultError(
                f"data key {sealed.id} needs master key version {sealed.master_version},"
                " which is not in the key ring"
            )
        nonce, value = sealed.sealed[:NONCE_BYTES], sealed.sealed[NONCE_BYTES:]
        try:
            raw = cipher.decrypt(nonce, value, _bound(sealed))
        except (InvalidTag, ValueError):
            raise VaultError(
                f"data key {sealed.id} does not open: altered, or not the one it stands for"
            ) from None
        return DataKey(sealed.id, sealed.account, sealed.purpose, raw)


def new_data_key(account: UUID | None, purpose: KeyPurpose) -> DataKey:
    """A random data key of a new id."""
    return DataKey(uuid7(), account, purpose, os.urandom(KEY_BYTES))


def _bound(key: DataKey | SealedKey) -> bytes:
    return f"vg1|key|{key.id}|{key.account or '-'}|{key.purpose.value}".encode()


def _entry(entry: str, where: str) -> tuple[int, bool, bytes]:
    """Version, whether it is marked, and the key. Errors quote nothing: it may be a key."""
    version, colon, key = entry.partition(":")
    star = version.endswith("*")
    if not colon or not VERSION.fullmatch(version.removesuffix("*")):
        raise KeyRingInvalid(
            f"{where}: it must begin with a whole number and a colon; example: {EXAMPLE}"
        )
    if key.startswith("file:"):
        key = _file(key, where).strip()
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRingInvalid(f"{where}: the key is not base64") from None
    if len(raw) != KEY_BYTES:
        raise KeyRingInvalid(f"{where}: the key has {len(raw)} bytes, not {KEY_BYTES}")
    return int(version.removesuffix("*")), star, raw


def _file(text: str, where: str) -> str:
    path = Path(text.removeprefix("file:"))
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyRingInvalid(f"{where}: {path} cannot be read ({type(error).__name__})") from None
