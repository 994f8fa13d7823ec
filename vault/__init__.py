"""AES-256-GCM: seal, open, key ring, rotation. Nothing else.

A sealed value is `version | data-key id | nonce | ciphertext`, and bound to the row and field it
stands in: moved anywhere else it does not open.
"""

import hashlib
import hmac
import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag

from domain.keys import KeyPurpose, SealedKey
from domain.secret import Secret
from vault.keys import DataKey, KeyRing, KeyRingInvalid, VaultError, new_data_key

__all__ = ["Binding", "DataKey", "KeyRing", "KeyRingInvalid", "Vault", "VaultError"]

FORMAT: Final = b"\x01"
HEADER: Final = 17  # the format's byte and the data key's id
PREFIX: Final = HEADER + 12
TAG: Final = 16
# A provider's JSON may hold half of a surrogate pair; an encoding error would carry the secret.
LOSSLESS: Final = "surrogatepass"
SEALING: Final = frozenset({KeyPurpose.DATA, KeyPurpose.TOKEN})


@dataclass(frozen=True, slots=True)
class Binding:
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
        return f"vg1|{self.account or '-'}|{row}|{field}|{key_id}".encode()


class Vault:
    """Seals and opens under data keys, which it keeps open while they are in use (`keep` of them).

    It reads no table: hand it sealed data keys, and store those that it makes.
    """

    def __init__(self, ring: KeyRing, *, keep: int = 4096) -> None:
        self.ring = ring
        self._keep = keep
        self._open: OrderedDict[UUID, DataKey] = OrderedDict()

    def new_data_key(self, account: UUID | None, purpose: KeyPurpose) -> tuple[DataKey, SealedKey]:
        """A new data key, in the clear and sealed. Store the sealed one before using the other."""
        key = new_data_key(account, purpose)
        return key, self.ring.seal(key)

    def data_key(self, sealed: SealedKey) -> DataKey:
        """The key in the clear, opened once; VaultError when it does not open."""
        known = self.known(sealed.id)
        if known is None:
            known = self.ring.open(sealed)
            self._open[sealed.id] = known
            if len(self._open) > self._keep:
                self._open.popitem(last=False)
        elif (known.account, known.purpose) != (sealed.account, sealed.purpose):
            raise VaultError(f"data key {sealed.id} is of another account or purpose")
        return known

    def known(self, key_id: UUID) -> DataKey | None:
        """A data key that is open already; None: read its row and call `data_key`."""
        found = self._open.get(key_id)
        if found is not None:
            self._open.move_to_end(key_id)
        return found

    def rewrap(self, sealed: SealedKey) -> SealedKey:
        """The same data key under the active master key; the very same record if it is already."""
        if sealed.master_version == self.ring.active:
            return sealed
        return self.ring.seal(self.ring.open(sealed))

    def seal(self, key: DataKey, secret: Secret, bound_to: Binding) -> bytes:
        """The secret, sealed for exactly this place. VaultError: the key is not for it."""
        _check(key, bound_to)
        nonce = os.urandom(12)
        value = key.cipher.encrypt(nonce, _bytes(secret), bound_to.data(key.id))
        return FORMAT + key.id.bytes + nonce + value

    def open(self, key: DataKey, sealed: bytes, bound_to: Binding) -> Secret:
        """The secret; VaultError for another row, field, account or key, or an altered byte."""
        _check(key, bound_to)
        if self.key_id_of(sealed) != key.id:
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
        if sealed[:1] != FORMAT or len(sealed) < PREFIX + TAG:
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
