"""Data keys in the clear, and what a sealed one is bound to."""

import os
from typing import Final, final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.ids import uuid7
from domain.keys import KeyPurpose, SealedKey
from vault.errors import VaultError

KEY_BYTES: Final = 32
FORMAT: Final = b"\x01"


@final
class DataKey:
    """A key in the clear, for one purpose of one account (None: the installation). Never shown.

    `begin` is what the values that it seals begin with.
    """

    __slots__ = ("_raw", "account", "begin", "cipher", "id", "purpose")

    def __init__(self, id: UUID, account: UUID | None, purpose: KeyPurpose, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise VaultError("a data key has 32 bytes")
        self.id: Final = id
        self.account: Final = account
        self.purpose: Final = purpose
        self.begin: Final = FORMAT + id.bytes
        self.cipher: Final = AESGCM(raw)
        self._raw: Final = raw

    def raw(self) -> bytes:
        """The bytes, for keyed digests of purposes other than DATA and TOKEN."""
        return self._raw

    def __repr__(self) -> str:
        return f"DataKey({self.id}, account={self.account}, purpose={self.purpose.value}, '***')"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a DataKey is never pickled or copied to another process")


def new_data_key(account: UUID | None, purpose: KeyPurpose) -> DataKey:
    """A random data key of a new id."""
    return DataKey(uuid7(), account, purpose, os.urandom(KEY_BYTES))


def bound(key: DataKey | SealedKey) -> bytes:
    """The additional data of a sealed data key: it opens as what it was sealed, or not at all."""
    return f"vg1|key|{key.id}|{key.account or '-'}|{key.purpose.value}".encode()
