"""The logins that give a bearer token: EnKash's, Xoxoday's and Woohoo's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from domain.secret import Secret
from providers.errors import Reason, Unavailable
from providers.replies import Reply
from providers.tokens import Token
from providers.wire import Fields, Unreadable

T = TypeVar("T")
REFUSALS = frozenset({400, 401, 403, 422})
MARGIN = timedelta(seconds=30)
WOOHOO_LIFE = timedelta(days=6)  # it lives for seven


class Send(Protocol):
    """How a login is sent: `Transport.login`."""

    async def __call__(
        self,
        path: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply: ...


class Login(Protocol):
    """Makes a new token, from the old one where the provider can; LoginRefused or Unavailable."""

    async def __call__(self, send: Send, old: Token | None) -> Token: ...


class LoginRefused(Exception):
    """The provider does not accept this credential."""


@dataclass(frozen=True, slots=True)
class PasswordGrant:
    """OAuth with name and password in a form; EnKash's.

    A refresh token is tried first and quietly given up: only a refused password counts.
    """

    provider: str
    path: str
    client_id: str
    authorization: Secret
    username: str
    password: Secret

    async def __call__(self, send: Send, old: Token | None) -> Token:
        if old is not None and old.refresh is not None and not _over(old.refresh_expires_at):
            refresh = {"grant_type": "refresh_token", "refresh_token": old.refresh.reveal()}
            reply = await self._post(send, refresh)
            if reply.status == 200 and (token := _oauth(reply)) is not None:
                return token
            if reply.status == 429:
                raise _no_token(self.provider, reply)
        reply = await self._post(
            send,
            {
                "grant_type": "password",
                "username": self.username,
                "password": self.password.reveal(),
            },
        )
        return _token(self.provider, reply, _oauth(reply))

    async def _post(self, send: Send, form: Mapping[str, str]) -> Reply:
        return await send(
            self.path,
            form={**form, "clientId": self.client_id},
            headers={"Authorization": self.authorization.reveal()},
        )


@dataclass(frozen=True, slots=True)
class RotatingRefresh:
    """A refresh token that gives the next one; Xoxoday's. `first` serves until one is stored.

    It is renewed at half its life, by the stated expiry.
    """

    provider: str
    path: str
    client_id: str
    client_secret: Secret
    first: Secret

    async def __call__(self, send: Send, old: Token | None) -> Token:
        refresh = (old.refresh if old is not None else None) or self.first
        reply = await send(
            self.path,
            json={
                "grant_type": "refresh_token",
                "refresh_token": refresh.reveal(),
                "client_id": self.client_id,
                "client_secret": self.client_secret.reveal(),
            },
        )
        return _token(self.provider, reply, self._read(reply, refresh))

    def _read(self, reply: Reply, used: Secret) -> Token | None:
        try:
            fields = Fields.of(reply.body)
            access = fields.secret("access_token")
            if access is None:
                return None
            now = datetime.now(UTC)
            expires = fields.epoch_ms("access_token_expiry")
            seconds = fields.integer("expires_in")
            if expires is None and seconds is not None:
                expires = now + timedelta(seconds=seconds)
            return Token(
                access,
                expires_at=expires and now + (expires - now) / 2,
                refresh=fields.secret("refresh_token") or used,
                refresh_expires_at=fields.epoch_ms("refresh_token_expiry"),
            )
        except (Unreadable, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class TwoStep:
    """A code for a name and password, then a token for the code; Woohoo's direct profile."""

    provider: str
    client_id: str
    client_secret: Secret
    username: str
    password: Secret
    verify_path: str = "/oauth2/verify"
    token_path: str = "/oauth2/token"  # noqa: S105

    async def __call__(self, send: Send, old: Token | None) -> Token:
        reply = await send(
            self.verify_path,
            json={
                "clientId": self.client_id,
                "username": self.username,
                "password": self.password.reveal(),
            },
        )
        code = _token(self.provider, reply, _secret(reply, "authorizationCode"))
        reply = await send(
            self.token_path,
            json={
                "clientId": self.client_id,
                "clientSecret": self.client_secret.reveal(),
                "authorizationCode": code.reveal(),
            },
        )
        access = _token(self.provider, reply, _secret(reply, "token"))
        return Token(access, expires_at=datetime.now(UTC) + WOOHOO_LIFE)


def _oauth(reply: Reply) -> Token | None:
    """The token of an OAuth answer in either spelling; None when it is not one."""
    try:
        fields = Fields.of(reply.body)
        access = fields.secret("access_token", "accessToken")
        if access is None:
            return None
        seconds = fields.integer("expires_in", "expiresIn")
        life = None if seconds is None else timedelta(seconds=min(max(seconds, 0), 10**9))
        margin = min(MARGIN, life / 10) if life else timedelta()
        return Token(
            access,
            expires_at=None if life is None else datetime.now(UTC) + life - margin,
            refresh=fields.secret("refresh_token", "refreshToken"),
        )
    except Unreadable:
        return None


def _secret(reply: Reply, name: str) -> Secret | None:
    try:
        return Fields.of(reply.body).secret(name)
    except Unreadable:
        return None


def _over(at: datetime | None) -> bool:
    return at is not None and at <= datetime.now(UTC)


def _token(provider: str, reply: Reply, found: T | None) -> T:
    """What was found in an accepted login, else the reason why there is none."""
    if found is not None and reply.status < 300:
        return found
    # A 403 page of an edge server (our address is not allow-listed) judges no credential.
    readable = reply.body is not None or reply.status == 401
    if readable and (reply.status in REFUSALS or reply.status < 300):
        raise LoginRefused
    raise _no_token(provider, reply)


def _no_token(provider: str, reply: Reply) -> Unavailable:
    reasons = {429: Reason.RATE_LIMITED, 403: Reason.CREDENTIALS}
    fallback = Reason.FAULT if reply.status >= 500 else Reason.UNREADABLE
    return Unavailable(
        f"{provider} gave no token",
        provider=provider,
        reason=reasons.get(reply.status, fallback),
        retry_after=reply.retry_after(),
    )
