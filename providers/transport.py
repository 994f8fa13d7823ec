"""How requests travel to one provider: session, deadline, limits, breaker, decoding."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import stamina
import structlog
from aiohttp import ClientRequest, ClientResponse
from aiohttp.client_middlewares import ClientHandlerType, ClientMiddlewareType
from stamina.instrumentation import RetryDetails
from yarl import URL

from domain.providers import ProviderHealth
from providers.auth import Auth
from providers.errors import OutcomeUnknown, ProviderError, Reason, Unavailable
from providers.health import Breaker, Figures
from providers.pacing import Asker, Limit, Pace, who_asks
from providers.replies import BoundedResponse, Reply, encode, reply_of

__all__ = ["Reply", "Transport", "is_fault"]

log = structlog.get_logger()

CONCURRENT = 32  # calls to one provider at once; the others wait
CONNECT_SECONDS = 10.0
LOGIN_SECONDS = 20.0
# A place is sent within 5 s of its claim or not at all; a second is left for the way there.
PATIENCE_SECONDS = 4.0
SHORTEST_RETRY_SECONDS = 0.5  # a second try with less time left than this only adds load
TOKEN = "token"  # noqa: S105 the operation under which logins are counted


def _log_retry(details: RetryDetails) -> None:
    """stamina's own hooks print the exception and the arguments; ours must not."""
    log.info("provider.retry", cause=type(details.caused_by).__name__)


stamina.instrumentation.set_on_retry_hooks([_log_retry])


@dataclass(slots=True)
class _Call:
    """One thing asked. `sent`: the provider may have seen it. Its repr holds no secret."""

    operation: str
    method: str
    url: URL = field(repr=False)
    body: bytes | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    effect: bool
    asker: Asker
    started: float
    deadline: float
    sent: bool = False


class _Faulty(Exception):
    """A whole answer that is a fault of the provider; lets a read be tried again."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


_call: ContextVar[_Call] = ContextVar("call")


def is_fault(reply: Reply) -> bool:
    """Whether an answer is a fault of the provider rather than its word."""
    return reply.status >= 500 or (reply.status < 400 and reply.body is None)


class Transport:
    """One keep-alive session to one provider. Nothing of an URL's query or a body is ever logged.

    `auth` are client middlewares, outermost first. `faulty` tells faults, which open the circuit
    and let a read be tried once more, from answers. `requests` counts what was sent by operation.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        *,
        timeout: timedelta,
        rate_per_minute: int,
        limits: Sequence[Limit] = (),
        limits_factor: float = 1.0,
        auth: Sequence[Auth] = (),
        faulty: Callable[[Reply], bool] = is_fault,
    ) -> None:
        self.provider = provider
        self.requests: Counter[str] = Counter()
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout.total_seconds()
        self._pace = Pace(rate_per_minute, tuple(limits), limits_factor)
        self._auth = tuple(auth)
        self._middlewares: tuple[ClientMiddlewareType, ...] = (*self._auth, self._send)
        for scheme in self._auth:
            scheme.attach(self.login)
        self._faulty = faulty
        self._breaker = Breaker(provider)
        self._figures = Figures()
        self._bulkhead = asyncio.Semaphore(CONCURRENT)
        self._session: aiohttp.ClientSession | None = None

    async def get(
        self,
        operation: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A read. Unavailable when no whole answer came, OutcomeUnknown never."""
        return await self.request("GET", operation, path, params=params, headers=headers)

    async def post(
        self,
        operation: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        effect: bool = False,
    ) -> Reply:
        """A post; with `effect` a lost answer is OutcomeUnknown and nothing is ever repeated.

        `content` is JSON already rendered, sent byte for byte.
        """
        body = content if json is None else encode(json)
        return await self.request(
            "POST", operation, path, body=body, params=params, headers=headers, effect=effect
        )

    async def request(
        self,
        method: str,
        operation: str,
        path: str,
        *,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        effect: bool = False,
    ) -> Reply:
        """Any request; `path` is already percent-encoded and goes behind the base URL."""
        asker, within = who_asks()
        now = asyncio.get_running_loop().time()
        call = _Call(
            operation,
            method,
            self._url(path, params),
            body,
            self._headers(body, headers),
            effect,
            Asker.PLACING if effect else asker,
            now,
            now + self._timeout if effect else min(now + self._timeout, within or float("inf")),
        )
        if effect:
            return await self._attempt(call)
        try:
            return await self._read(call)
        except _Faulty as fault:
            return fault.reply

    async def login(
        self,
        path: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A login on behalf of an auth scheme: without its middlewares, limits or second try."""
        body = encode(json) if form is None else urlencode(form).encode()
        given = dict(headers or {})
        if form is not None:
            given["Content-Type"] = "application/x-www-form-urlencoded"
        now = asyncio.get_running_loop().time()
        deadline = now + min(self._timeout, LOGIN_SECONDS)
        url, sent = self._url(path, None), self._headers(body, given)
        call = _Call(TOKEN, "POST", url, body, sent, False, Asker.PLACING, now, deadline)
        # Never asks the breaker: the call that needs the token has done so already.
        return await self._exchange(call, (self._send,))

    def health(self, **known: Any) -> ProviderHealth:
        """Figures of the last five minutes; `known` as in `Figures.health`."""
        return self._figures.health(
            self._breaker.state, quota_remaining=self._pace.remaining, **known
        )

    async def close(self) -> None:
        """Close the connections; the transport opens them again when it is used."""
        for scheme in self._auth:
            await scheme.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _read(self, call: _Call) -> Reply:
        """A read, tried at most twice, the second time after a short random wait."""
        loop = asyncio.get_running_loop()

        def worth_repeating(error: Exception) -> bool:
            if call.deadline - loop.time() < SHORTEST_RETRY_SECONDS:
                return False
            return isinstance(error, _Faulty) or (
                isinstance(error, Unavailable) and error.reason is Reason.UNREACHABLE
            )

        try:
            return await self._faultless(call)
        except (_Faulty, Unavailable) as error:
            failure = error
        # Only what failed is worth the library's preparations: they take as long as the call.
        async for attempt in stamina.retry_context(
            worth_repeating,
            attempts=2,
            timeout=None,
            wait_initial=0.05,
            wait_max=0.2,
            wait_jitter=0.1,
        ):
            with attempt:
                if attempt.num == 1:
                    raise failure
                return await self._faultless(call)
        raise AssertionError("the last attempt returns or raises")

    async def _faultless(self, call: _Call) -> Reply:
        reply = await self._attempt(call)
        if self._faulty(reply):
            raise _Faulty(reply)
        return reply

    async def _attempt(self, call: _Call) -> Reply:
        """One try within the limits: wait for a turn, then ask."""
        if (wait := self._pace.held(call.operation)) is not None:
            raise self._unavailable("it asked us to wait", Reason.RATE_LIMITED, retry_after=wait)
        if call.asker is Asker.VIEWER and not self._pace.has_room(call.operation, call.asker):
            raise self._unavailable("its rate for viewers is used up", Reason.RATE_LIMITED)
        if not self._breaker.admits():
            raise self._unavailable("its circuit is open", Reason.PAUSED)
        if not await self._turn(call):
            raise self._unavailable("our own limit towards it is used up", Reason.RATE_LIMITED)
        try:
            reply = await self._exchange(call, self._middlewares)
        finally:
            self._bulkhead.release()
        if reply.status == 429 and (wait := reply.retry_after()) is not None:
            self._pace.hold(call.operation, wait)
        return reply

    async def _turn(self, call: _Call) -> bool:
        """Wait for a place in the rate and the bulkhead; False when it does not come in time."""
        if not self._bulkhead.locked() and self._pace.has_room(call.operation, call.asker):
            # Nothing to wait for, and so no time to limit.
            await self._pace.turn(call.operation, call.asker)
            await self._bulkhead.acquire()
            return True
        deadline = call.deadline
        if call.effect:
            deadline = min(deadline, call.started + PATIENCE_SECONDS)
        try:
            async with asyncio.timeout_at(deadline):
                await self._pace.turn(call.operation, call.asker)
                await self._bulkhead.acquire()
        except BaseException as error:
            self._breaker.abandoned()
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    async def _exchange(self, call: _Call, middlewares: Sequence[ClientMiddlewareType]) -> Reply:
        """Ask once, and tell breaker and figures how it went."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        token = _call.set(call)
        lost: Reason | None = None
        reply: Reply | None = None
        try:
            async with asyncio.timeout_at(call.deadline):
                reply = await self._ask(call, middlewares)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            call.sent, lost = False, Reason.UNREACHABLE
        except TimeoutError:
            lost = Reason.TIMEOUT
        except aiohttp.ClientResponseError:  # not HTTP at all
            lost = Reason.UNREADABLE
        except (aiohttp.ClientError, OSError):
            lost = Reason.UNREACHABLE
        except BaseException:  # a login told already; a canceled caller tells nothing
            self._breaker.abandoned()
            raise
        finally:
            _call.reset(token)
        # Raised here, outside the handlers: an aiohttp error knows the request and its headers.
        good = reply is not None and not self._faulty(reply)
        self._figures.add(good=good, seconds=loop.time() - began)
        if good:
            self._breaker.succeeded()
        else:
            self._breaker.failed()
        if reply is None:
            raise self._lost(call, lost or Reason.UNREACHABLE)
        return reply

    async def _ask(self, call: _Call, middlewares: Sequence[ClientMiddlewareType]) -> Reply:
        async with self._opened().request(
            call.method,
            call.url,
            data=call.body,
            headers=call.headers,
            allow_redirects=False,
            middlewares=middlewares,
        ) as response:
            return await reply_of(response)

    async def _send(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """The innermost middleware: nothing runs between it and the wire."""
        call = _call.get()
        waited = asyncio.get_running_loop().time() - call.started
        if call.effect and waited > PATIENCE_SECONDS:
            raise self._unavailable("logging in there took too long", Reason.TIMEOUT)
        self.requests[call.operation] += 1
        call.sent = True
        response = await handler(request)
        if response.status == 401:
            call.sent = False  # refused at the door: the token may be renewed and it is sent again
        return response

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONCURRENT + 4, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "vouchergraph"},
                response_class=BoundedResponse,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            )
            # aiohttp repeats a GET on a dropped connection by itself; how often is ours to say.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session

    def _url(self, path: str, params: Mapping[str, str] | None) -> URL:
        url = URL(self._base_url + path, encoded=True)
        return url.with_query(sorted(params.items())) if params else url

    def _headers(self, body: bytes | None, given: Mapping[str, str] | None) -> Mapping[str, str]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        return {**headers, **(given or {})}

    def _lost(self, call: _Call, reason: Reason) -> ProviderError:
        if call.effect and call.sent:
            return OutcomeUnknown(
                f"{self.provider} gave no whole answer to {call.operation}", provider=self.provider
            )
        return self._unavailable(f"no whole answer to {call.operation}", reason)

    def _unavailable(
        self, what: str, reason: Reason, *, retry_after: timedelta | None = None
    ) -> Unavailable:
        return Unavailable(
            f"{self.provider}: {what}",
            provider=self.provider,
            reason=reason,
            retry_after=retry_after,
        )
