"""New data keys, and every value sealed anew under them, while everything runs.

1. Each account's active data key is replaced; the old one opens what it has sealed.
2. Every value under an old key is sealed anew, by compare-and-set: whatever changed meanwhile is
   left to the next look.
3. Processes may go on sealing under the old key for a while, since they remember it, and operations
   under way may still have to open a value that they read before. After `grace` neither is so, and
   values are looked for once more.
4. The old key's row is locked, which waits for writers under it; nothing is left under it; it is
   deleted. A writer that comes later still is refused by the database and tries again.

Nothing but the rows says how far it has come: cut off anywhere, it is run again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from db import audit, data_keys, key_runs, sealed_values
from db.pool import Database
from db.sealed_values import SHELVES, Shelf, Values
from domain.keys import KeyPurpose
from ordering.keys import Keys
from ordering.rekeying import Progress, Rekeying
from vault import Binding, DataKey, MasterRefused, MastersUnavailable, Vault, VaultError

log = structlog.get_logger()

# Longer than a key is remembered as the active one (20 s), and then the longest operation (60 s).
GRACE = timedelta(seconds=90)
ORDERS, ROWS = 200, 500  # of one look, of one transaction
LOOKS = 3  # at an account whose old key is still found in use
NOWHERE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Resealed:
    """What a run did: `values` sealed anew; keys replaced, deleted, and kept since in use.

    `unreadable` values do not open under any key that there is; they stay as they are.
    """

    resumed: bool
    replaced: int
    values: int
    deleted: int
    kept: int
    unreadable: int


class Resealing:
    """What `keys rewrap --values` does."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        keys: Keys,
        rekeying: Rekeying,
        *,
        grace: timedelta = GRACE,
    ) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self.rekeying = rekeying
        self._grace = grace
        self._values = 0
        self._total = 0
        self._unreadable: set[tuple[str, str]] = set()

    async def run(self, account: UUID | None, progress: Progress) -> Resealed:
        """Give one account, or all and the installation, new data keys. One run per object."""
        async with self._database.worker() as conn:
            run, resumed = await key_runs.begin(conn, account)
        replaced = await self._replace_all(run, progress)
        async with self._database.worker(read_only=True) as conn:
            self._total = await sealed_values.count_behind(conn, account)
            owners = await data_keys.retired_owners(conn, account)
        for owner in owners:
            await self._pass(owner, progress)
        await self._wait(account, progress)
        deleted = kept = 0
        for number, owner in enumerate(owners, 1):
            gone, left = await self._clean(owner, progress)
            deleted, kept = deleted + gone, kept + left
            progress("old data keys", number, len(owners))
        if not kept or self._unreadable:
            async with self._database.worker() as conn:
                await key_runs.finish(conn, run)
        return Resealed(resumed, replaced, self._values, deleted, kept, len(self._unreadable))

    # --- 1: new keys
    async def _replace_all(self, run: UUID, progress: Progress) -> int:
        async with self._database.worker(read_only=True) as conn:
            waiting = await key_runs.waiting(conn, run)
        replaced = 0
        for number, (owner, purpose) in enumerate(waiting, 1):
            replaced += await self._replace(run, owner, purpose)
            progress("new data keys", number, len(waiting))
        return replaced

    async def _replace(self, run: UUID, owner: UUID | None, purpose: KeyPurpose) -> bool:
        _, sealed = await self._vault.new_data_key(owner, purpose)
        key = await self._keys.audit()
        try:
            async with self._database.worker() as conn:
                done = await data_keys.replace(conn, sealed, run)
                if done and owner is not None:
                    act = self.rekeying.act(owner, f"data key {sealed.id} made active")
                    await audit.append(conn, owner, [act], key)
        except data_keys.MasterRetired as error:
            raise MasterRefused(str(error)) from None
        return done

    # --- 2: values
    async def _pass(self, owner: UUID | None, progress: Progress) -> None:
        """Seal anew what is not under the owner's active key."""
        purpose = KeyPurpose.TOKEN if owner is None else KeyPurpose.DATA
        async with self._database.worker(read_only=True) as conn:
            row = await data_keys.active(conn, owner, purpose)
        if row is None:
            return
        key = await self._keys.opened(row)
        if owner is None:
            await self._tokens(key, progress)
            return
        for shelf in SHELVES:
            if shelf.by == "account":
                await self._rows(shelf, [owner], owner, key, progress)
        after = None
        while True:
            async with self._database.worker(read_only=True) as conn:
                orders, after = await sealed_values.orders(conn, owner, after, ORDERS)
            for shelf in SHELVES:
                if shelf.by != "account":
                    await self._rows(shelf, orders, owner, key, progress)
            if after is None:
                return

    async def _rows(
        self, shelf: Shelf, owners: Sequence[UUID], account: UUID, key: DataKey, progress: Progress
    ) -> None:
        after = NOWHERE
        while True:
            async with self._database.worker(read_only=True) as conn:
                found = await sealed_values.behind(conn, shelf, owners, key.id, after, ROWS)
            if not found:
                return
            after = found[-1].row
            anew = [await self._anew(shelf, values, account, key) for values in found]
            async with self._database.worker() as conn:
                done = await sealed_values.exchange(
                    conn, shelf, list(zip(found, anew, strict=True))
                )
            self._count(
                sum(
                    _differing(old, new)
                    for old, new in zip(found, anew, strict=True)
                    if old.row in done
                ),
                progress,
            )

    async def _anew(self, shelf: Shelf, values: Values, account: UUID, key: DataKey) -> Values:
        """A row's values under the new key; one that does not open stays as it is."""
        fresh: dict[str, bytes] = {}
        for column, sealed in values.sealed.items():
            place = Binding(account, values.row, shelf.fields[column])
            again = await self._sealed(sealed, place, key)
            if again is None:
                self._unreadable.add((shelf.table, str(values.row)))
                log.error("value.unreadable", table=shelf.table, row=str(values.row))
            fresh[column] = again or sealed
        return Values(values.row, fresh)

    async def _tokens(self, key: DataKey, progress: Progress) -> None:
        async with self._database.worker(read_only=True) as conn:
            found = await sealed_values.tokens_behind(conn, key.id)
        for token in found:
            place = Binding(None, f"{token.provider}/{token.login}", "token")
            sealed = await self._sealed(token.sealed, place, key)
            if sealed is None:
                self._unreadable.add(("provider_tokens", token.provider))
                log.error("value.unreadable", table="provider_tokens", provider=token.provider)
                continue
            async with self._database.worker() as conn:
                done = await sealed_values.exchange_token(conn, token, sealed)
            self._count(int(done), progress)

    async def _sealed(self, sealed: bytes, place: Binding, key: DataKey) -> bytes | None:
        """One value under the new key; None when it does not open."""
        try:
            key_id = self._vault.key_id_of(sealed)
            if key_id == key.id:
                return sealed
            old = self._vault.known(key_id) or (await self._keys.of_values([sealed]))[key_id]
            return self._vault.seal(key, self._vault.open(old, sealed, place), place)
        except MastersUnavailable:
            raise
        except (VaultError, KeyError):
            return None

    def _count(self, number: int, progress: Progress) -> None:
        self._values += number
        progress("values", self._values, max(self._total, self._values))

    # --- 3 and 4: patience, and the old keys
    async def _wait(self, account: UUID | None, progress: Progress) -> None:
        waited = False
        while True:
            async with self._database.worker(read_only=True) as conn:
                left = await data_keys.until_quiet(conn, account, self._grace)
            seconds = left.total_seconds()
            if seconds <= 0:
                break
            whole = round(self._grace.total_seconds())
            progress("seconds for running work to end", max(whole - round(seconds), 0), whole)
            waited = True
            await asyncio.sleep(min(seconds + 0.01, 1.0))
        if waited:
            whole = round(self._grace.total_seconds())
            progress("seconds for running work to end", whole, whole)

    async def _clean(self, owner: UUID | None, progress: Progress) -> tuple[int, int]:
        """Delete an owner's old keys once nothing is under them: how many, and how many stay."""
        left: set[UUID] = set()
        for _ in range(LOOKS):
            await self._pass(owner, progress)
            deleted, left = await self._delete(owner)
            if not left:
                return deleted, 0
        return deleted, len(left)

    async def _delete(self, owner: UUID | None) -> tuple[int, set[UUID]]:
        purpose = KeyPurpose.TOKEN if owner is None else KeyPurpose.DATA
        key = await self._keys.audit()
        async with self._database.worker() as conn:
            ids = await data_keys.retired(conn, owner, purpose, self._grace)
            used = await sealed_values.in_use(conn, owner, ids) if ids else set()
            unused = [id for id in ids if id not in used]
            await data_keys.drop(conn, unused)
            if unused and owner is not None:
                done = ", ".join(f"data key {id} deleted" for id in unused)
                await audit.append(conn, owner, [self.rekeying.act(owner, done)], key)
        return len(unused), used


def _differing(old: Values, new: Values) -> int:
    return sum(new.sealed[column] != sealed for column, sealed in old.sealed.items())
