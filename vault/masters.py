"""What seals data keys: a ring of master keys, or a key service behind the same interface."""

from dataclasses import dataclass
from typing import Protocol

from domain.keys import SealedKey
from vault.data_key import DataKey


@dataclass(frozen=True, slots=True)
class MasterState:
    """The master versions that open data keys now, ascending, and the one that seals new ones."""

    active: int
    versions: tuple[int, ...]


class Masters(Protocol):
    """Master keys by version. No method gives one away.

    Every method raises VaultError when something does not open or is out of order, and its
    subclass MastersUnavailable when trying again later may help.
    """

    async def state(self) -> MasterState:
        """As it stands now, read anew where it can change under a running process."""
        ...

    async def seal(self, key: DataKey) -> SealedKey:
        """The data key under the active master key."""
        ...

    async def open(self, sealed: SealedKey) -> DataKey:
        """The data key in the clear; VaultError for another id, account, purpose or master key."""
        ...

    async def rotate(self) -> int:
        """Make a new version and make it the active one; MasterRefused says what to do instead."""
        ...

    async def retire(self, version: int) -> bool:
        """Make a version open nothing any more, for good. The caller has made sure it is unused.

        False: it may go, but only those who deploy the key ring can take it out.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; safe to call twice."""
        ...
