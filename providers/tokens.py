"""What a login gave us, and the store that shares it among replicas."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Token:
    """What a login gave us. From `expires_at` on it is replaced; None: it is used until refused."""

    access: Secret
    expires_at: datetime | None = None
    refresh: Secret | None = None
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredToken:
    """The shared state of one credential.

    `version` rises with every saved token. `refused` says that the provider rejected this very
    credential: nobody tries it again until it is changed.
    """

    version: int
    token: Token | None = None
    refused: bool = False


class TokenStore(Protocol):
    """Where tokens are kept, sealed and shared by all replicas; one for each credential.

    A lease on the row makes one replica the renewer; its fence is checked when the new token is
    saved, and the new token is committed before anyone uses it.
    """

    async def load(self) -> StoredToken: ...

    async def claim(self, version: int, lease: timedelta) -> int | None:
        """Take the right to replace that version: a fence, or None while somebody else has it."""

    async def save(self, fence: int, token: Token) -> bool:
        """Keep the new token and end the lease; False when the fence is no longer ours."""

    async def release(self, fence: int, *, refused: bool) -> None:
        """End the lease without a token; `refused` stops further logins with this credential."""


class MemoryTokenStore:
    """A TokenStore for one process: tools and tests. Replicas in that process may share it."""

    def __init__(self) -> None:
        self._stored = StoredToken(0)
        self._fence = 0
        self._leased_until: float | None = None

    async def load(self) -> StoredToken:
        return self._stored

    async def claim(self, version: int, lease: timedelta) -> int | None:
        now = asyncio.get_running_loop().time()
        busy = self._leased_until is not None and now < self._leased_until
        if busy or version != self._stored.version or self._stored.refused:
            return None
        self._fence += 1
        self._leased_until = now + lease.total_seconds()
        return self._fence

    async def save(self, fence: int, token: Token) -> bool:
        if fence != self._fence or self._leased_until is None:
            return False
        self._stored = StoredToken(self._stored.version + 1, token)
        self._leased_until = None
        return True

    async def release(self, fence: int, *, refused: bool) -> None:
        if fence == self._fence and self._leased_until is not None:
            self._leased_until = None
            if refused:
                self._stored = StoredToken(self._stored.version, self._stored.token, refused=True)
