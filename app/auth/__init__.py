"""Who asks: credentials from the headers turned into a caller, or refused without a hint."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from app.auth.api_keys import ApiKeys
from app.auth.failures import Failures
from app.errors import Refusal
from app.limits import Limiter, Rule, Standing
from app.pepper import Pepper
from db.clients import Client
from db.pool import Database
from domain.viewers import Limit, Scope, Viewer


@dataclass(frozen=True, slots=True)
class Allowance:
    """What clients may do whose row does not say otherwise."""

    rate_per_minute: int
    rate_per_10_seconds: int
    reveals_per_order_hour: int
    vouchers_per_hour: int

    @property
    def rules(self) -> tuple[Rule, ...]:
        return Rule(self.rate_per_minute, 60), Rule(self.rate_per_10_seconds, 10)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, None for the anonymous, and where they stand under their rate limit."""

    viewer: Viewer | None
    standing: Standing


class Authenticator:
    """Turns headers into a caller, or a Refusal. `demo` are the allowances of demo clients."""

    def __init__(
        self,
        database: Database,
        pepper: Pepper,
        *,
        mode: str,
        allowance: Allowance,
        demo: Allowance,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowance = allowance
        self._demo = demo
        self._anonymous = demo if mode == "sandbox" else allowance
        self._rates = Limiter(clock)
        self._failures = Failures(clock)
        self._api_keys = ApiKeys(database, pepper, self._failures, mode=mode, clock=clock)

    async def caller(self, headers: Mapping[str, str], address: str) -> Caller:
        """Who the headers name. Refused: bad credentials (401), too many requests (429)."""
        key, secret = headers.get("X-API-Key"), headers.get("X-API-Secret")
        if key is None and secret is None and "Authorization" not in headers:
            # The anonymous reach nothing but the schema, and have the limit of one client.
            rules = self._anonymous.rules
            return Caller(None, self._within(self._rates.take(f"address {address}", rules)))
        client = None
        if key is not None and secret is not None and "Authorization" not in headers:
            client = await self._api_keys.client(key, secret, address)
        if client is None:
            raise self._failures.count(address)
        allowance = self._of(client)
        standing = self._within(self._rates.take(f"client {client.id}", allowance.rules))
        return Caller(_viewer(client, allowance), standing)

    def limits(self, viewer: Viewer) -> list[Limit]:
        """Where a client stands under its rate limits, for its own eyes."""
        now = datetime.now(UTC)
        return [
            Limit(
                name=f"requests per {standing.rule.seconds} s",
                maximum=standing.rule.maximum,
                remaining=standing.remaining,
                resets_at=now + timedelta(seconds=standing.resets_in),
            )
            for standing in self._rates.standings(f"client {viewer.client_id}")
        ]

    def _of(self, client: Client) -> Allowance:
        default, own = self._demo if client.demo else self._allowance, client.limits
        return Allowance(
            own.rate_per_minute or default.rate_per_minute,
            own.rate_per_10_seconds or default.rate_per_10_seconds,
            own.reveals_per_order_hour or default.reveals_per_order_hour,
            own.vouchers_per_hour or default.vouchers_per_hour,
        )

    @staticmethod
    def _within(standing: Standing) -> Standing:
        if not standing.allowed:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                f"More than {standing.rule.maximum} requests in {standing.rule.seconds} seconds.",
                standing.headers(),
                {"retryAfterMs": standing.resets_in * 1000},
            )
        return standing


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
