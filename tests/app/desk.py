"""An authenticator whose clocks a test turns, and clients for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from app.auth import Allowance, Authenticator
from app.auth.api_keys import Credentials, new_secret
from app.auth.issuer import Issuer
from app.errors import Refusal
from app.pepper import Pepper
from db import accounts, clients
from db.clients import Limits, NewClient
from db.pool import Database
from domain.ids import uuid7
from domain.viewers import Scope

HERE = "203.0.113.7"
FREELY = Allowance(10_000, 10_000, 60, 10_000)
WRONG = new_secret().reveal()  # in the right form


@dataclass
class Desk:
    """An authenticator with a clock that the test turns."""

    database: Database
    pepper: Pepper = field(default_factory=lambda: Pepper.parse(Pepper.generate()))
    now: float = 1000.0
    allowance: Allowance = FREELY
    account: UUID = field(default_factory=uuid7)
    issuer: Issuer | None = None
    wall: float = 1_800_000_000.0

    def __post_init__(self) -> None:
        self.authenticator = Authenticator(
            self.database,
            self.pepper,
            mode="sandbox",
            allowance=self.allowance,
            demo=self.allowance,
            issuer=self.issuer,
            clock=lambda: self.now,
            wall=lambda: self.wall,
        )

    async def client(self, mode: str = "sandbox", limits: Limits = Limits()) -> Credentials:  # noqa: B008
        made = Credentials.mint(mode)
        await self.open_account()
        async with self.database.worker() as conn:
            mac = self.pepper.mac(made.secret.reveal(), self.pepper.version)
            scopes = (Scope.CATALOG_READ.value,)
            await clients.add(
                conn,
                NewClient(
                    uuid7(), self.account, made.key, "c", mac, self.pepper.version, scopes, limits
                ),
            )
        return made

    async def open_account(self) -> None:
        async with self.database.worker() as conn:
            if await accounts.find(conn, self.account) is None:
                await accounts.add(conn, self.account, "acme")

    async def refusal(self, headers: Mapping[str, str], address: str = HERE) -> Refusal:
        with pytest.raises(Refusal) as caught:
            await self.authenticator.caller(headers, address)
        return caught.value


def headers(made: Credentials, secret: str | None = None) -> dict[str, str]:
    return {
        "X-API-Key": made.key,
        "X-API-Secret": made.secret.reveal() if secret is None else secret,
    }
