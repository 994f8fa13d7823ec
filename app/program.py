"""The running service: its parts put together once, as the HTTP server and the worker see it."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web

from app.auth import Allowance, Authenticator, Caller
from app.composition import Core
from app.requests import purpose
from app.server import REQUEST_ID
from app.settings import Settings
from db import fulfillments, installation, jobs, pauses
from db.pool import DatabaseUnavailable
from domain.providers import ProviderHealth
from ordering import webhooks
from ordering.afresh import Afresh
from ordering.bodies import Bodies
from ordering.cancel import Canceller
from ordering.carts import Carts
from ordering.checkout import Checkout
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
from resolvers.context import Context, Services
from resolvers.live import LiveStatuses
from schema import Schema, build_schema
from simulators import Simulator

log = structlog.get_logger()

DEFERRED_SECONDS = 1.0  # for what is left to write when we stop
DEFAULT = Allowance(200, 20, 60, 10_000)
DEMO = Allowance(6000, 1000, 600, 1_000_000)


class Program:
    """The running service, as the HTTP server sees it."""

    def __init__(
        self, parts: Core, providers: Mapping[str, Provider], simulators: Mapping[str, Simulator]
    ) -> None:
        settings = parts.settings
        self.settings = settings
        self.database = parts.database
        self.parts = parts
        self.providers = providers
        self.simulators = simulators
        self.schema: Schema = build_schema()
        self.draining = False
        self._deferred: set[asyncio.Future[None]] = set()
        self._authenticator = Authenticator(
            parts.database,
            parts.pepper,
            mode=settings.mode,
            allowance=allowance(settings, DEFAULT),
            demo=allowance(settings, DEMO),
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
            health=self._health,
            limits=self._authenticator.limits,
        )

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

    async def caller(self, request: web.Request) -> Caller:
        return await self._authenticator.caller(request.headers, request.remote or "")

    def context(self, request: web.Request, caller: Caller) -> Context:
        viewer = caller.viewer
        if viewer is not None:
            viewer = replace(viewer, request_id=request[REQUEST_ID], purpose=purpose(request))
        return Context(
            self.services,
            viewer,
            partial(self.schema.check_type, viewer),
            reveals_allowed=request.method == "POST",
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


def prefixes(providers: Mapping[str, Provider]) -> dict[str, str]:
    """The references' prefixes of providers that want one of their own."""
    found = {name: provider.reference_prefix for name, provider in providers.items()}
    return {name: prefix for name, prefix in found.items() if prefix}


def allowance(settings: Settings, default: Allowance) -> Allowance:
    """The settings where they are given, else the default of that kind of client."""
    return Allowance(
        settings.rate_per_minute or default.rate_per_minute,
        settings.rate_per_10_seconds or default.rate_per_10_seconds,
        settings.reveals_per_order_hour or default.reveals_per_order_hour,
        settings.revealed_vouchers_per_hour or default.vouchers_per_hour,
    )
