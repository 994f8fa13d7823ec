"""Requests rendered once and sent byte for byte: kept sealed, since they may name people."""

from uuid import UUID

from domain.secret import Secret
from ordering.keys import Keys
from vault import Binding, Vault

BODY = "body"
RECIPIENT = "recipient"


class Bodies:
    """Seals and opens what is kept of a request beside an order."""

    def __init__(self, vault: Vault, keys: Keys) -> None:
        self._vault = vault
        self._keys = keys

    async def seal(self, account: UUID, row: UUID, body: bytes, field: str = BODY) -> bytes:
        """The body bound to its row; the text must be UTF-8, as JSON is."""
        key = await self._keys.of_account(account)
        return self._vault.seal(key, Secret(body.decode()), Binding(account, row, field))

    async def open(self, account: UUID, row: UUID, sealed: bytes, field: str = BODY) -> bytes:
        keys = await self._keys.of_values([sealed])
        key = keys[self._vault.key_id_of(sealed)]
        return self._vault.open(key, sealed, Binding(account, row, field)).reveal().encode()
