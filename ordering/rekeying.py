"""Changing the master key while everything runs: new version, data keys moved, old one retired."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from db import accounts, audit, data_keys, key_runs, sealed_values
from db.data_keys import KeyCount
from db.pool import Database
from domain.audit import Act, AuditAction
from domain.ids import Kind, global_id
from ordering.keys import Keys
from vault import MasterRefused, MasterState, Vault

log = structlog.get_logger()

ACTOR = "cli"
BATCH = 200  # owners of data keys

# What is going on, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Status:
    """The keys of the installation: `behind` values are sealed under keys that seal nothing new."""

    masters: MasterState
    retired: frozenset[int]
    keys: Sequence[KeyCount]
    behind: int
    open_runs: Sequence[UUID | None]

    @property
    def retirable(self) -> tuple[int, ...]:
        """The master versions that nothing is sealed under, and that are not retired yet."""
        used = {count.version for count in self.keys} | {self.masters.active} | self.retired
        return tuple(version for version in self.masters.versions if version not in used)


class Rekeying:
    """What `keys status`, `rotate`, `rewrap` and `retire` do. Any number may run at once."""

    def __init__(self, database: Database, vault: Vault, keys: Keys, *, actor: str = ACTOR) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._actor = actor

    async def status(self) -> Status:
        masters = await self._vault.masters.state()
        async with self._database.worker(read_only=True) as conn:
            return Status(
                masters,
                await data_keys.retired_masters(conn),
                await data_keys.counts(conn),
                await sealed_values.count_behind(conn),
                await key_runs.open_runs(conn),
            )

    async def rotate(self) -> int:
        """Make a new master version the active one: its number. MasterRefused says why not."""
        version = await self._vault.masters.rotate()
        await self._tell_all(f"master key version {version} made active")
        return version

    async def rewrap(self, progress: Progress) -> int:
        """Move every data key under the active master version: how many were moved.

        Each owner's keys move in one transaction with its audit row; running it again does the
        rest. Whatever is opened meanwhile opens, under the one version or the other.
        """
        active = (await self._vault.masters.state()).active
        async with self._database.worker(read_only=True) as conn:
            total = _others(await data_keys.counts(conn), active)
        moved, last = 0, -1
        while moved != last:
            last = moved
            async with self._database.worker(read_only=True) as conn:
                owners = await data_keys.owners_under_other_masters(conn, active, BATCH)
            for owner in owners:
                moved += await self._move(owner, active)
                progress("data keys", moved, max(total, moved))
        return moved

    async def retire(self, version: int) -> bool:
        """Let a master version go; False: it may now be taken out of the key ring by hand.

        MasterRefused with the reason while it is active or anything is sealed under it.
        """
        state = await self._vault.masters.state()
        if version not in state.versions:
            raise MasterRefused(f"there is no master key version {version}")
        if version == state.active:
            raise MasterRefused(
                f"master key version {version} is the active one: rotate and re-wrap first"
            )
        async with self._database.worker() as conn:
            used = [count for count in await data_keys.counts(conn) if count.version == version]
            if used:
                raise MasterRefused(_in_use(version, used))
            try:
                await data_keys.retire_master(conn, version)
            except data_keys.MasterInUse as error:
                raise MasterRefused(f"{error}: re-wrap first") from None
        gone = await self._vault.masters.retire(version)
        await self._tell_all(f"master key version {version} retired")
        return gone

    async def _move(self, owner: UUID | None, active: int) -> int:
        """Move one owner's keys, and say so in its chain; how many were moved."""
        async with self._database.worker(read_only=True) as conn:
            rows = await data_keys.under_other_masters(conn, owner, active)
        # Asked outside any transaction: the masters may be a service elsewhere.
        fresh = [(row, await self._vault.rewrap(row)) for row in rows]
        key, moved = await self._keys.audit(), 0
        try:
            async with self._database.worker() as conn:
                for row, sealed in fresh:
                    moved += await data_keys.rewrapped(conn, sealed, row)
                if moved and owner is not None:
                    done = f"{moved} data keys moved under master key version {active}"
                    await audit.append(conn, owner, [self.act(owner, done)], key)
        except data_keys.MasterRetired as error:
            raise MasterRefused(str(error)) from None
        if moved and owner is None:
            await self._tell_all(
                f"{moved} keys of the installation moved under master key version {active}"
            )
        return moved

    async def _tell_all(self, done: str) -> None:
        """An act on the installation concerns every account: one row in the chain of each."""
        log.info("keys.changed", done=done)
        key = await self._keys.audit()
        async with self._database.worker(read_only=True) as conn:
            everyone = await accounts.listed(conn)
        for account in everyone:
            async with self._database.worker() as conn:
                await audit.append(conn, account.id, [self.act(account.id, done)], key)

    def act(self, account: UUID, done: str) -> Act:
        subject = global_id(Kind.ACCOUNT, account)
        return Act(self._actor, AuditAction.KEYS_CHANGED, subject, fields=(done,))


def _others(counts: Sequence[KeyCount], version: int) -> int:
    return sum(count.active + count.retired for count in counts if count.version != version)


def _in_use(version: int, used: Sequence[KeyCount]) -> str:
    by_purpose = Counter({count.purpose.value: count.active + count.retired for count in used})
    listed = ", ".join(f"{number} {purpose}" for purpose, number in sorted(by_purpose.items()))
    return (
        f"{by_purpose.total()} data keys are sealed under master key version {version}"
        f" ({listed}): run vouchergraph keys rewrap first"
    )
