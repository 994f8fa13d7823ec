"""Provider tokens at rest: sealed by the vault, shared by all replicas through the database."""

from datetime import datetime, timedelta

import msgspec
import structlog

from db import provider_tokens
from db.pool import Database
from domain.secret import Secret
from ordering.keys import Keys
from providers.port import StoredToken, Token
from vault import Binding, Vault, VaultError

log = structlog.get_logger()


class _Plain(msgspec.Struct):
    """A token as it stands inside the seal."""

    access: str
    expires_at: datetime | None = None
    refresh: str | None = None
    refresh_expires_at: datetime | None = None


class SealedTokenStore:
    """The TokenStore of one login at one provider; see providers.tokens for the promise."""

    def __init__(
        self, database: Database, vault: Vault, keys: Keys, provider: str, login: str
    ) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._of = (provider, login)
        self._bound_to = Binding(None, f"{provider}/{login}", "token")

    async def load(self) -> StoredToken:
        async with self._database.worker(read_only=True) as conn:
            found = await provider_tokens.load(conn, *self._of)
        token = await self._opened(found.sealed) if found.sealed else None
        return StoredToken(found.version, token, refused=found.refused)

    async def claim(self, version: int, lease: timedelta) -> int | None:
        async with self._database.worker() as conn:
            return await provider_tokens.claim(conn, *self._of, version, lease)

    async def save(self, fence: int, token: Token) -> bool:
        plain = _Plain(
            token.access.reveal(),
            token.expires_at,
            token.refresh.reveal() if token.refresh else None,
            token.refresh_expires_at,
        )
        text = Secret(msgspec.json.encode(plain).decode())
        sealed = self._vault.seal(await self._keys.token(), text, self._bound_to)
        async with self._database.worker() as conn:
            return await provider_tokens.save(conn, *self._of, fence, sealed) is not None

    async def release(self, fence: int, *, refused: bool) -> None:
        async with self._database.worker() as conn:
            await provider_tokens.release(conn, *self._of, fence, refused=refused)

    async def _opened(self, sealed: bytes) -> Token | None:
        """The token; None when it does not open any more: logging in again is always possible."""
        try:
            keys = await self._keys.of_values([sealed])
            text = self._vault.open(keys[Vault.key_id_of(sealed)], sealed, self._bound_to)
            plain = msgspec.json.decode(text.reveal(), type=_Plain)
        except (VaultError, KeyError, msgspec.MsgspecError) as error:
            log.warning("token.unreadable", provider=self._of[0], cause=type(error).__name__)
            return None
        return Token(
            Secret(plain.access),
            plain.expires_at,
            Secret(plain.refresh) if plain.refresh else None,
            plain.refresh_expires_at,
        )
