"""Who asks: credentials from the headers turned into a caller, or refused without a hint."""

import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from app.auth.api_keys import CACHED, Accepted, ApiKeys
from app.auth.failures import Failures
from app.auth.issuer import Issuer, IssuerUnavailable
from app.auth.presented import Ambiguous, ApiKey, BearerToken, from_headers
from app.errors import Refusal
from app.limits import Bucket, Limiter, Rule, Standing, neighborhood
from app.limits.local import Local
from app.limits.refusals import decided, too_many
from app.pepper import Pepper
from db.accounts import Account
from db.clients import Client
from db.pool import Database
from domain.viewers import Scope, Viewer

if TYPE_CHECKING:
    from app.auth.bearer import Bearer, Identity


@dataclass(frozen=True)
class Allowance:
    """What clients may do whose row does not say otherwise."""

    rate_per_minute: int
    rate_per_10_seconds: int
    reveals_per_order_hour: int
    vouchers_per_hour: int
    cost_budget: int = 20_000

    @cached_property
    def bucket(self) -> Bucket:
        return Bucket(self.cost_budget)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return Rule(self.rate_per_minute, 60), Rule(self.rate_per_10_seconds, 10)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, None for the anonymous, and where they stand under their rate limit.

    `counted_as` is under whose name they are counted, `bucket` their budget of cost. `holds` asks
    whether their credentials still do.
    """

    viewer: Viewer | None
    standing: Standing
    counted_as: str
    rules: tuple[Rule, ...]
    bucket: Bucket
    holds: Callable[[], Awaitable[bool]] | None = field(default=None, repr=False, compare=False)

    @property
    def stands_with(self) -> Hashable:
        """Equal for those whose credentials hold or end together: the same ones, from one place."""
        if not isinstance(self.holds, partial):
            return id(self)
        who, *where = self.holds.args
        # A genuine token is remembered: who comes with it again is the same one.
        return (who if isinstance(who, Accepted) else id(who), *where)


# Who it is, what they may do, and whether that still holds.
Found: TypeAlias = tuple[Viewer, Allowance, Callable[[], Awaitable[bool]]]


class Authenticator:
    """Turns credentials into a caller, or a Refusal. `demo` are the allowances of demo clients.

    Without an `issuer` there are no bearer tokens. `wall` answers seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        pepper: Pepper,
        *,
        mode: str,
        allowance: Allowance,
        demo: Allowance,
        limiter: Limiter | None = None,
        issuer: Issuer | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._allowance = allowance
        self._demo = demo
        self._anonymous = demo if mode == "sandbox" else allowance
        self._rates: Limiter = limiter or Local(clock)
        self._failures = Failures(self._rates, bearer=issuer is not None)
        self._api_keys = ApiKeys(database, pepper, self._failures, mode=mode, clock=clock)
        self._clients: dict[str, tuple[Client, Viewer, Allowance]] = {}
        self._bearer = _bearer(database, self._failures, issuer, clock, wall) if issuer else None

    async def caller(self, headers: Mapping[str, str], address: str) -> Caller:
        """Who the headers name; a WebSocket's connection_init may hold the same names.

        Refused: bad credentials (401), too many requests (429), or a token that nobody can verify
        since the issuer's keys are not known (503).
        """
        try:
            sent = from_headers(headers)
        except Ambiguous:
            raise await self._failures.count(address) from None
        if sent is None:
            # The anonymous reach nothing but the schema, and have the limit of one client.
            return await self._counted(None, f"address {neighborhood(address)}", self._anonymous)
        if isinstance(sent, ApiKey):
            found = await self._with_key(sent, address)
        else:
            found = await self._with_token(sent, address)
        if found is None:
            raise await self._failures.count(address)
        viewer, allowance, holds = found
        return await self._counted(viewer, _name(viewer.client_id), allowance, holds)

    async def still_valid(self, caller: Caller) -> bool:
        """Whether somebody let in before would be let in now with the same rights.

        Asks the database at most once in five seconds for each client; DatabaseUnavailable.
        """
        if caller.holds is None:
            return True
        try:
            return await caller.holds()
        except IssuerUnavailable:
            return False  # not seen for a day: its tokens are not taken from anybody else either

    async def _with_key(self, sent: ApiKey, address: str) -> Found | None:
        accepted = await self._api_keys.accepted(sent.key, sent.secret.reveal(), address)
        if accepted is None:
            return None
        viewer, allowance = self._known(accepted.client)
        return viewer, allowance, partial(self._api_keys.holds, accepted, address)

    async def _with_token(self, sent: BearerToken, address: str) -> Found | None:
        if self._bearer is None:
            return None
        try:
            accepted = await self._bearer.accepted(sent.token, address)
        except IssuerUnavailable as error:
            raise _not_now(error) from None
        if accepted is None:
            return None
        identity, account = accepted
        holds = partial(self._bearer.holds, identity)
        return _holder(identity, account, self._allowance), self._allowance, holds

    async def _counted(
        self,
        viewer: Viewer | None,
        name: str,
        allowance: Allowance,
        holds: Callable[[], Awaitable[bool]] | None = None,
    ) -> Caller:
        standing = self._within(await decided(self._rates.take(name, allowance.rules)))
        return Caller(viewer, standing, name, allowance.rules, allowance.bucket, holds)

    def _known(self, client: Client) -> tuple[Viewer, Allowance]:
        """Who a client is and what it may do, found once for each row that was read of it."""
        found = self._clients.get(client.key_id)
        if found is None or found[0] is not client:
            allowance = self._of(client)
            if len(self._clients) >= CACHED:
                self._clients.clear()
            found = self._clients[client.key_id] = (client, _viewer(client, allowance), allowance)
        return found[1], found[2]

    def _of(self, client: Client) -> Allowance:
        default, own = self._demo if client.demo else self._allowance, client.limits
        return Allowance(
            own.rate_per_minute or default.rate_per_minute,
            own.rate_per_10_seconds or default.rate_per_10_seconds,
            own.reveals_per_order_hour or default.reveals_per_order_hour,
            own.vouchers_per_hour or default.vouchers_per_hour,
            own.cost_budget or default.cost_budget,
        )

    @staticmethod
    def _within(standing: Standing) -> Standing:
        if not standing.allowed:
            rule = standing.rule
            message = f"More than {rule.maximum} requests in {rule.seconds} seconds."
            raise too_many(standing, message)
        return standing


@lru_cache(maxsize=CACHED)  # an id takes longer to write than a request to count
def _name(client_id: UUID) -> str:
    return f"client {client_id}"


def _viewer(client: Client, allowance: Allowance) -> Viewer:
    known = {scope.value: scope for scope in Scope}
    return Viewer(
        account=client.account,
        account_name=client.account_name,
        client_id=client.id,
        actor=client.key_id,
        scopes=frozenset(known[scope] for scope in client.scopes if scope in known),
        reveals_per_order_hour=allowance.reveals_per_order_hour,
        vouchers_per_hour=allowance.vouchers_per_hour,
    )


def _holder(identity: "Identity", account: Account, allowance: Allowance) -> Viewer:
    return Viewer(
        account=account.id,
        account_name=account.name,
        client_id=identity.client_id,
        actor=identity.actor,
        scopes=identity.scopes,
        reveals_per_order_hour=allowance.reveals_per_order_hour,
        vouchers_per_hour=allowance.vouchers_per_hour,
    )


def _bearer(
    database: Database,
    failures: Failures,
    issuer: Issuer,
    clock: Callable[[], float],
    wall: Callable[[], float],
) -> "Bearer":
    from app.auth.bearer import Bearer  # noqa: PLC0415 - 3 MiB that few need

    return Bearer(database, failures, issuer, clock=clock, wall=wall)


def _not_now(error: IssuerUnavailable) -> Refusal:
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "UNAVAILABLE",
        "Tokens cannot be verified at the moment. Try again soon.",
        {"Retry-After": str(error.seconds)},
    )
