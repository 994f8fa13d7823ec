"""The keys that values are sealed and signed with: made once, kept sealed, opened when needed."""

import asyncio
import time
from collections.abc import Iterable
from uuid import UUID

from db import data_keys
from db.pool import Database
from domain.keys import KeyPurpose, SealedKey
from vault import HEADER, DataKey, Vault, VaultError

# A key that seals values may be replaced by `keys rewrap --values`: every process uses the new one
# after so long, which together with the longest operation stays below that command's patience.
ACTIVE_SECONDS = 20.0
REPLACED = frozenset({KeyPurpose.DATA, KeyPurpose.TOKEN})


class Keys:
    """Data keys by account and purpose, opened by the vault and remembered by it.

    Every method makes the key at its first use; two replicas that do so at once end up with the
    same one, since the database keeps one active key per account and purpose.
    """

    def __init__(
        self, database: Database, vault: Vault, *, active_seconds: float = ACTIVE_SECONDS
    ) -> None:
        self._database = database
        self._vault = vault
        self._active_seconds = active_seconds
        self._active: dict[tuple[UUID | None, KeyPurpose], tuple[DataKey, float]] = {}

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
        # By what they begin with: thousands of values have a key or two.
        begun = {value[:HEADER]: value for value in sealed}
        wanted = {self._vault.key_id_of(value) for value in begun.values()}
        found = {key_id: key for key_id in wanted if (key := self._vault.known(key_id))}
        if missing := wanted - found.keys():
            async with self._database.worker() as conn:
                rows = await data_keys.by_ids(conn, list(missing))
            opened = await asyncio.gather(*map(self.opened, rows.values()))
            found.update({key.id: key for key in opened})
        return found

    async def opened(self, row: SealedKey) -> DataKey:
        """The key of a row in the clear. VaultError."""
        try:
            return await self._vault.data_key(row)
        except VaultError:
            # Since the row was read it may have been re-wrapped, and the old master retired.
            async with self._database.worker() as conn:
                again = (await data_keys.by_ids(conn, [row.id])).get(row.id)
            if again is None or again == row:
                raise
            return await self._vault.data_key(again)

    async def _get(self, account: UUID | None, purpose: KeyPurpose) -> DataKey:
        known, until = self._active.get((account, purpose), (None, 0.0))
        if known is not None and (purpose not in REPLACED or time.monotonic() < until):
            return known
        # The age counts from before the look: a key replaced right after it is not used longer.
        until = time.monotonic() + self._active_seconds
        async with self._database.worker() as conn:
            row = await data_keys.active(conn, account, purpose)
        if row is None:
            row = await self._made(account, purpose)
        key = await self.opened(row)
        self._active[account, purpose] = key, until
        return key

    async def _made(self, account: UUID | None, purpose: KeyPurpose) -> SealedKey:
        """A new key, or the one of whoever was first. Sealed outside any transaction."""
        _, fresh = await self._vault.new_data_key(account, purpose)
        try:
            async with self._database.worker() as conn:
                return await data_keys.add(conn, fresh)
        except data_keys.MasterRetired as error:
            raise VaultError(str(error)) from None
