"""AES-256-GCM: seal, open, master keys, rotation. Nothing else.

A sealed value is `version | data-key id | nonce | ciphertext`, and bound to the row and field it
stands in: moved anywhere else it does not open.
"""

import asyncio
import hashlib
import hmac
import os
from collections import OrderedDict
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag

from domain.keys import KeyPurpose, SealedKey
from domain.secret import Secret
from vault.data_key import FORMAT, DataKey, new_data_key
from vault.errors import KeyRingInvalid, MasterRefused, MastersUnavailable, VaultError
from vault.keys import FILE, KeyRing
from vault.kms import SCHEME, Address, Token, Transit
from vault.masters import Masters, MasterState
from vault.ring_file import RingFile

__all__ = [
    "HEADER",
    "Binding",
    "DataKey",
    "KeyRing",
    "KeyRingInvalid",
    "MasterRefused",
    "MasterState",
    "Masters",
    "MastersUnavailable",
    "RingFile",
    "Transit",
    "Vault",
    "VaultError",
    "check_masters",
    "masters",
]

HEADER: Final = 17  # the format's byte and the data key's id
PREFIX: Final = HEADER + 12
SHORTEST: Final = PREFIX + 16  # with the tag of nothing
# A provider's JSON may hold half of a surrogate pair; an encoding error would carry the secret.
LOSSLESS: Final = "surrogatepass"
SEALING: Final = frozenset({KeyPurpose.DATA, KeyPurpose.TOKEN})


class Binding(NamedTuple):
    """Where a sealed value stands: account (None: the installation), row and field.

    A voucher's secret: its account, its id, its SecretField. A provider token: None,
    "<provider>/<login>", "token".
    """

    account: UUID | None
    row: UUID | str
    field: str

    def data(self, key_id: UUID) -> bytes:
        """The additional data that the cipher binds. No part can be mistaken for two."""
        row, field = str(self.row), str(self.field)
        if "|" in row or "|" in field:
            raise ValueError("a binding's row and field hold no '|'")
        account = _text(self.account) if self.account else "-"
        return f"vg1|{account}|{row}|{field}|{_text(key_id)}".encode()


@lru_cache(maxsize=1024)
def _text(id: UUID) -> str:
    """An account's or key's id as text: the same for every value of a page."""
    return str(id)


def masters(text: str, token: Secret | None = None) -> Masters:
    """The master keys that a text names: a ring, `file:` and its path, or `transit:` and a key.

    KeyRingInvalid when they cannot be had; `token` is for the last.
    """
    text = text.strip()
    if text.startswith(SCHEME):
        if token is None:
            raise KeyRingInvalid("the key service needs a token")
        return Transit(Address.parse(text), Token(token))
    if text.startswith(FILE):
        return RingFile(Path(text.removeprefix(FILE)))
    return KeyRing.parse(text)


def check_masters(text: str) -> None:
    """KeyRingInvalid, with nothing of a key in it, unless a text names master keys."""
    if text.strip().startswith(SCHEME):
        Address.parse(text)
    else:
        KeyRing.parse(text)


class Vault:
    """Seals and opens under data keys, which it keeps open while they are in use (`keep` of them).

    It reads no table: hand it sealed data keys, and store those that it makes.
    """

    def __init__(self, masters: Masters, *, keep: int = 4096) -> None:
        self.masters = masters
        self._keep = keep
        self._open: OrderedDict[UUID, DataKey] = OrderedDict()
        self._opening: dict[UUID, asyncio.Task[DataKey]] = {}

    async def close(self) -> None:
        """Let go of what the master keys hold open."""
        await self.masters.close()

    async def new_data_key(
        self, account: UUID | None, purpose: KeyPurpose
    ) -> tuple[DataKey, SealedKey]:
        """A new data key, in the clear and sealed. Store the sealed one before using the other."""
        key = new_data_key(account, purpose)
        return key, await self.masters.seal(key)

    async def data_key(self, sealed: SealedKey) -> DataKey:
        """The key in the clear; VaultError when it does not open.

        It is opened once: those who ask for it meanwhile wait for the same answer.
        """
        known = self.known(sealed.id)
        if known is None:
            task = self._opening.get(sealed.id)
            if task is None:
                task = asyncio.ensure_future(self.masters.open(sealed))
                self._opening[sealed.id] = task
                task.add_done_callback(partial(self._opened, sealed.id))
            # Whoever gives up waiting takes the answer from nobody else.
            known = await asyncio.shield(task)
        if (known.account, known.purpose) != (sealed.account, sealed.purpose):
            raise VaultError(f"data key {sealed.id} is of another account or purpose")
        return known

    def _opened(self, key_id: UUID, task: asyncio.Task[DataKey]) -> None:
        del self._opening[key_id]
        if task.cancelled() or task.exception() is not None:
            return
        self._open[key_id] = task.result()
        if len(self._open) > self._keep:
            self._open.popitem(last=False)

    def known(self, key_id: UUID) -> DataKey | None:
        """A data key that is open already; None: read its row and call `data_key`."""
        found = self._open.get(key_id)
        if found is not None:
            self._open.move_to_end(key_id)
        return found

    async def rewrap(self, sealed: SealedKey) -> SealedKey:
        """The same data key under the active master key, whatever it was sealed under before."""
        return await self.masters.seal(await self.masters.open(sealed))

    def seal(self, key: DataKey, secret: Secret, bound_to: Binding) -> bytes:
        """The secret, sealed for exactly this place. VaultError: the key is not for it."""
        _check(key, bound_to)
        nonce = os.urandom(12)
        value = key.cipher.encrypt(nonce, _bytes(secret), bound_to.data(key.id))
        return key.begin + nonce + value

    def open(self, key: DataKey, sealed: bytes, bound_to: Binding) -> Secret:
        """The secret; VaultError for another row, field, account or key, or an altered byte."""
        _check(key, bound_to)
        if sealed[:HEADER] != key.begin or len(sealed) < SHORTEST:
            self.key_id_of(sealed)
            raise VaultError("a sealed value belongs to another data key")
        try:
            value = key.cipher.decrypt(
                sealed[HEADER:PREFIX], sealed[PREFIX:], bound_to.data(key.id)
            )
            return Secret(value.decode(errors=LOSSLESS))
        except (InvalidTag, ValueError):
            raise VaultError(
                f"the sealed {bound_to.field} of {bound_to.row} does not open: it was altered, or"
                " stands in another place than it was sealed for"
            ) from None

    @staticmethod
    def key_id_of(sealed: bytes) -> UUID:
        """Which data key a sealed value needs; VaultError when it is not a sealed value."""
        if sealed[:1] != FORMAT or len(sealed) < SHORTEST:
            raise VaultError("a sealed value has an unknown format")
        return UUID(bytes=bytes(sealed[1:HEADER]))

    @staticmethod
    def fingerprint(key: DataKey, secret: Secret) -> bytes:
        """32 bytes that are the same for the same secret, and say nothing without the key."""
        if key.purpose is not KeyPurpose.FINGERPRINT:
            raise VaultError(f"a key for {key.purpose.value} makes no fingerprints")
        return hmac.new(key.raw(), _bytes(secret), hashlib.sha256).digest()


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode(errors=LOSSLESS)


def _check(key: DataKey, bound_to: Binding) -> None:
    if key.purpose not in SEALING:
        raise VaultError(f"a key for {key.purpose.value} seals no values")
    if key.account != bound_to.account:
        raise VaultError("the data key is of another account")
