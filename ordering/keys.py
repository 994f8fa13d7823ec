"""The keys that values are sealed and signed with: made once, kept sealed, opened when needed."""

from collections.abc import Iterable
from uuid import UUID

from db import data_keys
from db.pool import Database
from domain.keys import KeyPurpose
from vault import DataKey, Vault


class Keys:
    """Data keys by account and purpose, opened by the vault and remembered by it.

    Every method makes the key at its first use; two replicas that do so at once end up with the
    same one, since the database keeps one active key per account and purpose.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._active: dict[tuple[UUID | None, KeyPurpose], DataKey] = {}

    async def of_account(self, account: UUID) -> DataKey:
        """The key that an account's vouchers are sealed with now."""
        return await self._get(account, KeyPurpose.DATA)

    async def audit(self) -> bytes:
        return (await self._get(None, KeyPurpose.AUDIT)).raw()

    async def fingerprint(self) -> DataKey:
        return await self._get(None, KeyPurpose.FINGERPRINT)

    async def reference(self) -> bytes:
        """The key that references and request fingerprints are made with."""
        return (await self._get(None, KeyPurpose.REFERENCE)).raw()

    async def token(self) -> DataKey:
        """The key that provider tokens are sealed with."""
        return await self._get(None, KeyPurpose.TOKEN)

    async def of_values(self, sealed: Iterable[bytes]) -> dict[UUID, DataKey]:
        """The keys that these values were sealed with, by id."""
        wanted = {self._vault.key_id_of(value) for value in sealed}
        found = {key_id: key for key_id in wanted if (key := self._vault.known(key_id))}
        if missing := wanted - found.keys():
            async with self._database.worker() as conn:
                rows = await data_keys.by_ids(conn, list(missing))
            found.update({row.id: self._vault.data_key(row) for row in rows.values()})
        return found

    async def _get(self, account: UUID | None, purpose: KeyPurpose) -> DataKey:
        known = self._active.get((account, purpose))
        if known is not None:
            return known
        async with self._database.worker() as conn:
            row = await data_keys.active(conn, account, purpose)
            if row is None:
                _, fresh = self._vault.new_data_key(account, purpose)
                row = await data_keys.add(conn, fresh)
        key = self._active[account, purpose] = self._vault.data_key(row)
        return key
