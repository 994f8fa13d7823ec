"""How we log in: four schemes as client middlewares. An adapter only names one.

BearerToken    a token that a login gives and renews, shared by all callers and replicas
StaticHeaders  a key and a secret in every request, signed if wanted
Basic          name and password in every request
Sha512Request  a signature over the whole request, inside a BearerToken
"""

import asyncio
import base64
import contextvars
import hashlib
import hmac
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import structlog
from aiohttp import ClientRequest, ClientResponse
from aiohttp.client_middlewares import ClientHandlerType

from domain.secret import Secret
from providers.errors import Reason, Unavailable
from providers.logins import Login, LoginRefused, Send
from providers.replies import Reply, decode, encode, reply_of
from providers.tokens import Token, TokenStore

log = structlog.get_logger()

LEASE = timedelta(seconds=60)  # longer than the two steps of the longest login
RENEWAL_SECONDS = 50.0
# A fresh token that is refused too is not the token's fault: no storm of logins then.
DISTRUST_SECONDS = 30.0


class Auth(ABC):
    """Authenticates every request of one transport, as its client middleware."""

    def attach(self, send: Send) -> None:  # noqa: B027 most schemes never log in
        """Called once by the transport: how a login is sent."""

    @abstractmethod
    async def __call__(
        self, request: ClientRequest, handler: ClientHandlerType
    ) -> ClientResponse: ...

    async def close(self) -> None:  # noqa: B027 most schemes have nothing under way
        """Stop whatever is under way."""


def unauthorized(reply: Reply) -> bool:
    """The plainest sign that a token is not accepted any more."""
    return reply.status == 401


class BearerToken(Auth):
    """One token for all callers of all replicas, renewed by expiry or on the provider's word.

    One renewal runs in a process, whoever waits for it or goes away, and one among replicas: the
    store's lease decides. A new token is saved before it is used. A login that the provider
    refuses is recorded and never tried again with the same credential.
    """

    def __init__(
        self,
        provider: str,
        store: TokenStore,
        login: Login,
        *,
        rejected: Callable[[Reply], bool] = unauthorized,
    ) -> None:
        self._provider = provider
        self._store = store
        self._login = login
        self._rejected = rejected
        self._held: Token | None = None
        self._renewal: asyncio.Task[Token] | None = None
        self._distrusted_until = 0.0

    def attach(self, send: Send) -> None:
        self._send = send

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        token = await self._current()
        response = await self._with(token, request, handler)
        if not await self._refuses(response):
            return response
        response.release()
        response = await self._with(await self._current(stale=token.access), request, handler)
        if await self._refuses(response):
            self._distrusted_until = time.monotonic() + DISTRUST_SECONDS
        return response

    async def close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    async def _with(
        self, token: Token, request: ClientRequest, handler: ClientHandlerType
    ) -> ClientResponse:
        request.headers["Authorization"] = f"Bearer {token.access.reveal()}"
        return await handler(request)

    async def _refuses(self, response: ClientResponse) -> bool:
        if response.status < 400 or time.monotonic() < self._distrusted_until:
            return False
        try:
            return self._rejected(await reply_of(response))
        except BaseException:
            response.close()  # whoever asked has no response that could be closed
            raise

    async def _current(self, stale: Secret | None = None) -> Token:
        """A token that is neither overdue nor the stale one."""
        held = self._held
        if held is not None and _usable(held, stale):
            return held
        if self._renewal is None or self._renewal.done():
            # Its own context: the first caller's deadline and trace are not the others'.
            self._renewal = asyncio.get_running_loop().create_task(
                self._renew(stale), context=contextvars.Context()
            )
            self._renewal.add_done_callback(_seen)
        return await asyncio.shield(self._renewal)

    async def _renew(self, stale: Secret | None) -> Token:
        try:
            async with asyncio.timeout(RENEWAL_SECONDS):
                self._held = await self._shared(stale)
                return self._held
        except TimeoutError:
            pass
        raise Unavailable(
            f"{self._provider}: no token in time", provider=self._provider, reason=Reason.TIMEOUT
        )

    async def _shared(self, stale: Secret | None) -> Token:
        """The token that another replica has made meanwhile, or a new one made by us."""
        while True:
            stored = await self._store.load()
            if stored.refused:
                raise self._refused()
            if stored.token is not None and _usable(stored.token, stale):
                return stored.token
            fence = await self._store.claim(stored.version, LEASE)
            if fence is None:
                await asyncio.sleep(random.uniform(0.05, 0.15))  # noqa: S311
                continue
            token = await self._new(fence, stored.token)
            if token is not None:
                return token

    async def _new(self, fence: int, old: Token | None) -> Token | None:
        """Log in and save; None when the lease was lost meanwhile."""
        refused = False
        try:
            token = await self._login(self._send, old)
        except LoginRefused:
            refused = True
        except BaseException:
            await asyncio.shield(self._store.release(fence, refused=False))
            raise
        if refused:
            await self._store.release(fence, refused=True)
            log.error("provider.login_refused", provider=self._provider)
            raise self._refused()
        return token if await self._store.save(fence, token) else None

    def _refused(self) -> Unavailable:
        return Unavailable(
            f"{self._provider} refused our login; nobody tries it again until it is changed",
            provider=self._provider,
            reason=Reason.CREDENTIALS,
        )


def _usable(token: Token, stale: Secret | None) -> bool:
    overdue = token.expires_at is not None and token.expires_at <= datetime.now(UTC)
    return not overdue and token.access != stale


def _seen(task: "asyncio.Task[Token]") -> None:
    """Its failure was told to whoever still waited."""
    if not task.cancelled():
        task.exception()


class StaticHeaders(Auth):
    """A key and a secret that never change; with `signing` each request is signed as well.

    The signature is HMAC-SHA256 in hex over timestamp, method, path and the bytes sent, plainly
    joined: `X-Signature: t=<unix seconds>,v1=<hex>`.
    """

    def __init__(self, headers: Mapping[str, Secret], signing: Secret | None = None) -> None:
        self._headers = dict(headers)
        self._signing = signing

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        for name, value in self._headers.items():
            request.headers[name] = value.reveal()
        if self._signing is not None:
            timestamp = str(int(time.time()))
            signed = f"{timestamp}{request.method}{request.url.raw_path}".encode()
            signature = hmac.new(
                self._signing.reveal().encode(), signed + await _sent(request), hashlib.sha256
            ).hexdigest()
            request.headers["X-Timestamp"] = timestamp
            request.headers["X-Signature"] = f"t={timestamp},v1={signature}"
        return await handler(request)


class Basic(Auth):
    """Name and password in every request."""

    def __init__(self, username: str, password: Secret) -> None:
        self._value = basic(username, password)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.headers["Authorization"] = self._value.reveal()
        return await handler(request)


class Sha512Request(Auth):
    """HMAC-SHA512 in hex over method, absolute URL and body; Woohoo's recipe.

    The body is put into its canonical form first, and exactly the signed bytes are sent.
    """

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        url = request.url.with_query(sorted(request.url.query.items()))
        parts = [request.method, quote(str(url), safe="")]
        if body := await _sent(request):
            body = canonical(body)
            await request.update_body(body)
            parts.append(quote(body.decode(), safe=""))
        key, text = self._secret.reveal().encode(), "&".join(parts).encode()
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        request.headers["signature"] = hmac.new(key, text, hashlib.sha512).hexdigest()
        request.headers["dateAtClient"] = now
        return await handler(request)


def canonical(body: bytes) -> bytes:
    """JSON with keys sorted at every depth, compact, and numbers without needless zeros."""
    return encode(_plain(decode(body)))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return int(value) if whole else value.normalize()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def basic(username: str, password: Secret) -> Secret:
    """The value of a Basic Authorization header."""
    pair = f"{username}:{password.reveal()}".encode()
    return Secret("Basic " + base64.b64encode(pair).decode())


async def _sent(request: ClientRequest) -> bytes:
    """The very bytes of the request's body."""
    body = request.body
    return body if isinstance(body, bytes) else await body.as_bytes()
