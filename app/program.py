"""The running service: its parts put together once, as the HTTP server and the worker see it."""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from app.addresses import caller_address
from app.auth import Allowance, Authenticator, Caller
from app.auth.issuer import Issuer
from app.compiled import compile_documents
from app.composition import Core, StartRefused
from app.cors import Origins
from app.crowds import Crowds
from app.errors import Refusal
from app.metering import Meter
from app.persisted import Documents
from app.registered import ManifestBroken, Trusted
from app.requests import purpose
from app.server import REQUEST_ID
from app.settings import Settings
from app.streams import Streams
from app.telemetry import WEBHOOKS
from db import fulfillments, installation, jobs, pauses
from db.pool import DatabaseUnavailable
from domain.providers import ProviderHealth
from notices.addresses import Rules
from notices.sender import Sender
from ordering import webhooks
from ordering.afresh import Afresh
from ordering.announcing import Announcer
from ordering.bodies import Bodies
from ordering.cancel import Canceller
from ordering.carts import Carts
from ordering.checkout import Checkout
from ordering.endpoints import Endpoints
from ordering.fulfill import Fulfiller
from ordering.imports import Importer
from ordering.linking import Linker
from ordering.quotes import Quotes
from ordering.reconcile import Reconciler, job
from ordering.references import References
from ordering.resend import Resender
from ordering.review import Reviewer
from ordering.settle import Settler
from ordering.waiting import Watcher
from ordering.wallets import Wallets
from providers.errors import Unsupported
from providers.port import Provider
from resolvers.context import Context, Services, Undecided
from resolvers.feed import Feed
from resolvers.live import LiveStatuses
from schema import Schema, build_schema

if TYPE_CHECKING:
    from simulators import Simulator

log = structlog.get_logger()

DEFERRED_SECONDS = 1.0  # for what is left to write when we stop
DEFAULT = Allowance(200, 20, 60, 10_000)
DEMO = Allowance(6000, 1000, 600, 1_000_000, cost_budget=2_000_000)


class Program:
    """The running service, as the HTTP server sees it."""

    def __init__(
        self, parts: Core, providers: Mapping[str, Provider], simulators: "Mapping[str, Simulator]"
    ) -> None:
        settings = parts.settings
        self.settings = settings
        self.database = parts.database
        self.parts = parts
        self.providers = providers
        self.simulators = simulators
        self.schema: Schema = build_schema(introspection=settings.introspects)
        if settings.compiles:
            compile_documents(self.schema)
        self.origins = Origins(settings.origins)
        self._proxies = settings.proxies
        self.draining = False
        self._deferred: set[asyncio.Future[None]] = set()
        self._authenticator = Authenticator(
            parts.database,
            parts.pepper,
            mode=settings.mode,
            allowance=allowance(settings, DEFAULT),
            demo=allowance(settings, DEMO),
            limiter=parts.limiter,
            issuer=issuer(settings),
        )
        references = References(settings.reference_prefix, prefixes(providers))
        carts = Carts(parts.database, Quotes(providers))
        bodies = Bodies(parts.vault, parts.keys)
        settler, watcher = Settler(parts.database, parts.vault, parts.keys), Watcher()
        fulfiller = Fulfiller(
            parts.database,
            providers,
            bodies,
            settler,
            watcher,
            gap=settings.not_found_gap,
            tolerance_percent=settings.price_tolerance_percent,
        )
        endpoints = Endpoints(parts.database, parts.vault, parts.keys, webhook_rules(settings))
        self.announcer = Announcer(
            parts.database,
            parts.vault,
            parts.keys,
            Sender(webhook_rules(settings)),
            endpoints,
            count=_webhook_tried,
        )
        self.services = Services(
            database=parts.database,
            providers=providers,
            live=LiveStatuses(
                providers,
                deadline=timedelta(milliseconds=settings.live_status_deadline_ms),
                fresh=timedelta(seconds=settings.live_status_seconds),
            ),
            vault=parts.vault,
            keys=parts.keys,
            importer=Importer(
                parts.database,
                parts.vault,
                parts.keys,
                references,
            ),
            carts=carts,
            fulfiller=fulfiller,
            checkout=Checkout(
                parts.database,
                providers,
                parts.keys,
                bodies,
                references,
                carts,
                fulfiller,
            ),
            wallets=Wallets(parts.database, parts.keys),
            reviewer=Reviewer(
                parts.database,
                providers,
                parts.keys,
                Linker(references, settler, watcher),
                Afresh(parts.database, parts.keys, bodies, references),
            ),
            canceller=Canceller(parts.database, providers, bodies, fulfiller),
            resender=Resender(parts.database, providers, parts.vault, parts.keys),
            reconciler=Reconciler(parts.database, providers, references),
            endpoints=endpoints,
            health=self._health,
            feed=Feed(parts.database, parts.listener),
        )
        self.streams = Streams(self)
        self.crowds = Crowds(self)

    @cached_property
    def documents(self) -> Documents:
        """The documents that may be named. StartRefused: the trusted ones cannot be read."""
        place = self.settings.trusted_documents
        try:
            return Documents(Trusted(place) if place else None)
        except ManifestBroken as error:
            raise StartRefused(f"{error}: see VOUCHERGRAPH_TRUSTED_DOCUMENTS") from None

    def demo_keys(self) -> dict[str, dict[str, str]]:
        """The demo clients' credentials in the clear; nothing in live mode."""
        return self.parts.sandbox.shown() if self.parts.sandbox else {}

    def samples(self) -> dict[str, str]:
        """By provider, an order that its simulator knows from before: something to import."""
        return {
            name: simulator.seeded_orders[0].order_id
            for name, simulator in self.simulators.items()
            if simulator.seeded_orders
        }

    async def caller(
        self, request: web.Request, credentials: Mapping[str, str] | None = None
    ) -> Caller:
        """Who sent a request, by its headers, or by credentials that came another way."""
        sent = request.headers if credentials is None else credentials
        return await self._authenticator.caller(sent, self.address(request))

    def address(self, request: web.Request) -> str:
        """Where a request came from, as limits and address lists see it."""
        forwarded = request.headers.getall("X-Forwarded-For", [])
        return caller_address(request.remote or "", forwarded, self._proxies)

    async def still_valid(self, caller: Caller) -> bool:
        """Whether a caller's credentials hold yet, as they were. Undecided: nobody can tell."""
        try:
            return await self._authenticator.still_valid(caller)
        except (DatabaseUnavailable, Refusal):
            raise Undecided from None

    def context(self, request: web.Request, caller: Caller) -> Context:
        viewer = caller.viewer
        if viewer is not None:
            viewer = viewer.asking(request[REQUEST_ID], purpose(request))
        return Context(
            self.services,
            viewer,
            partial(self.schema.check_type, viewer),
            Meter(self.parts.limiter, caller),
            reveals_allowed=request.method == "POST",
            still_valid=partial(self.still_valid, caller),
            resume=request.headers.get("Last-Event-ID"),
        )

    def defer(self, work: Awaitable[None]) -> None:
        """Do it after the answer; a failure is logged, never raised."""
        task = asyncio.ensure_future(self._quietly(work))
        self._deferred.add(task)
        task.add_done_callback(self._deferred.discard)

    async def ready(self) -> str | None:
        """None when it can serve: the database answers, its migrations are there (see `core`)."""
        if self.draining:
            return "stopping"
        try:
            async with asyncio.timeout(2):
                async with self.database.worker(read_only=True) as conn:
                    found = await installation.find(conn)
        except (DatabaseUnavailable, TimeoutError):
            return "no database"
        return None if found else "no migrations"

    async def receive(self, provider: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take a webhook in; raises Unsupported or Rejected, and nothing has changed then."""
        known = self.providers.get(provider)
        if known is None:
            raise Unsupported("there is no such provider here", provider="")
        await webhooks.receive(self.database, known, headers, body)

    async def finish(self) -> None:
        """Wait a moment for what is left to write, and for calls that may still be settled."""
        await self.announcer.close()
        await self.services.feed.close()
        await self.services.checkout.drain(timedelta(seconds=DEFERRED_SECONDS))
        if self._deferred:
            await asyncio.wait(self._deferred, timeout=DEFERRED_SECONDS)

    @staticmethod
    async def _quietly(work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - nobody waits for it any more
            log.warning("deferred.failed", cause=type(error).__name__)

    async def _health(self, provider: Provider) -> ProviderHealth:
        async with self.database.worker(read_only=True) as conn:
            counts = (await fulfillments.counts_by_provider(conn)).get(provider.name)
            paused = provider.name in await pauses.paused(conn)
            name = job(provider.name)
            compared = (await jobs.last_done(conn, [name])).get(name)
        return provider.transport.health(
            paused=paused,
            last_reconciled_at=compared,
            unknown_outcomes=counts.unknown if counts else 0,
            needs_review=counts.needs_review if counts else 0,
        )


def webhook_rules(settings: Settings) -> Rules:
    """Where webhooks may go: the sandbox also tells receivers on this machine."""
    return Rules(loopback=settings.sandbox)


def _webhook_tried(outcome: str) -> None:
    WEBHOOKS.labels(outcome).inc()


def prefixes(providers: Mapping[str, Provider]) -> dict[str, str]:
    """The references' prefixes of providers that want one of their own."""
    found = {name: provider.reference_prefix for name, provider in providers.items()}
    return {name: prefix for name, prefix in found.items() if prefix}


def issuer(settings: Settings) -> Issuer | None:
    """Whose bearer tokens are good here; None: API keys only."""
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    return Issuer(
        settings.oidc_issuer,
        settings.oidc_audience,
        settings.oidc_jwks_url,
        settings.oidc_account_claim,
        settings.oidc_scope_claim,
    )


def allowance(settings: Settings, default: Allowance) -> Allowance:
    """The settings where they are given, else the default of that kind of client."""
    return Allowance(
        settings.rate_per_minute or default.rate_per_minute,
        settings.rate_per_10_seconds or default.rate_per_10_seconds,
        settings.reveals_per_order_hour or default.reveals_per_order_hour,
        settings.revealed_vouchers_per_hour or default.vouchers_per_hour,
        settings.cost_budget or default.cost_budget,
    )
