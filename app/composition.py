"""Puts the program together: every part is built here once, and taken apart in reverse order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web

from app import sandbox as sandboxes
from app.auth import Allowance, Authenticator, Caller
from app.pepper import Pepper
from app.provider_settings import for_simulator
from app.requests import purpose
from app.sandbox import Sandbox
from app.server import REQUEST_ID
from app.settings import Loaded, Settings
from app.tokens import SealedTokenStore
from db import clients, fulfillments, installation, jobs, pauses
from db.migrate import migrate, pending
from db.pool import Database, DatabaseUnavailable, check_wall
from domain.providers import ProviderHealth
from ordering import webhooks
from ordering.afresh import Afresh
from ordering.bodies import Bodies
from ordering.cancel import Canceller
from ordering.carts import Carts
from ordering.checkout import Checkout
from ordering.fulfill import Fulfiller
from ordering.imports import Importer
from ordering.keys import Keys
from ordering.linking import Linker
from ordering.quotes import Quotes
from ordering.reconcile import Reconciler, job
from ordering.references import References
from ordering.resend import Resender
from ordering.review import Reviewer
from ordering.settle import Settler
from ordering.waiting import Watcher
from ordering.wallets import Wallets
from providers import REGISTRY, build
from providers.errors import Unsupported
from providers.port import Provider
from resolvers.context import Context, Services
from resolvers.live import LiveStatuses
from schema import Schema, build_schema
from simulators import Simulator, start_all, stop_all
from vault import KeyRing, Vault

log = structlog.get_logger()

DEFERRED_SECONDS = 1.0  # for what is left to write when we stop
DEFAULT = Allowance(200, 20, 60, 10_000)
DEMO = Allowance(6000, 1000, 600, 1_000_000)


class StartRefused(Exception):
    """The program does not start; the text says why and what to do."""


@dataclass
class Core:
    """What every command that touches data needs."""

    settings: Settings
    database: Database
    pepper: Pepper
    sandbox: Sandbox | None
    vault: Vault
    keys: Keys


@asynccontextmanager
async def core(loaded: Loaded) -> AsyncIterator[Core]:
    """The database, up to date and of our mode, and the secrets that go with it."""
    settings = loaded.settings
    async with AsyncExitStack() as stack:
        prepare_data_dir(settings)
        ring, pepper, sandbox = _secrets(settings)
        dsn = await stack.enter_async_context(_address(settings))
        database = Database(dsn)
        stack.push_async_callback(database.close)
        await database.open()
        await check_wall(database)
        await _check_mode(database, settings)
        if sandbox is not None:
            async with database.worker() as conn:
                await sandboxes.provide(conn, sandbox, pepper)
        vault = Vault(ring)
        yield Core(settings, database, pepper, sandbox, vault, Keys(database, vault))


@asynccontextmanager
async def _address(settings: Settings) -> AsyncIterator[str]:
    """The migrated database's address; the embedded one is started and migrated by us."""
    if settings.database_url is not None:
        direct = settings.database_direct_url or settings.database_url
        if missing := await pending(direct.get_secret_value()):
            raise StartRefused(
                f"the database lacks {len(missing)} migrations: run `vouchergraph migrate`"
            )
        yield settings.database_url.get_secret_value()
        return
    # Only where it is used: it looks for system users and run-time directories when imported.
    from app.postgres import Embedded  # noqa: PLC0415

    embedded = Embedded(settings.data_dir / "postgres")
    dsn = await asyncio.to_thread(embedded.start)
    try:
        await migrate(dsn)
        yield dsn
    finally:
        await asyncio.to_thread(embedded.stop)


def prepare_data_dir(settings: Settings) -> None:
    """Make the data directory; whoever runs PostgreSQL for root must be able to pass through."""
    try:
        settings.data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise StartRefused(
            f"the data directory {settings.data_dir} cannot be made ({error.strerror}):"
            " set VOUCHERGRAPH_DATA_DIR"
        ) from None


async def _check_mode(database: Database, settings: Settings) -> None:
    """Stamp a new database with our mode; refuse one of the other."""
    async with database.worker() as conn:
        stamp = await installation.stamp(conn, settings.mode)
        demo = not settings.sandbox and await clients.exists_demo(conn)
    if stamp.mode != settings.mode:
        raise StartRefused(
            f"this database belongs to {stamp.mode} mode and VOUCHERGRAPH_MODE is"
            f" {settings.mode}: use another database, or VOUCHERGRAPH_MODE={stamp.mode}"
        )
    if demo:
        raise StartRefused("live mode does not start while a demo client exists: revoke it first")


def _secrets(settings: Settings) -> tuple[KeyRing, Pepper, Sandbox | None]:
    """Key ring and pepper: those that were set, in sandbox mode else its own."""
    sandbox = sandboxes.opened(settings.data_dir) if settings.sandbox else None
    ring = settings.key_ring.get_secret_value() if settings.key_ring else None
    pepper = settings.secret_pepper.get_secret_value() if settings.secret_pepper else None
    if sandbox is not None:
        ring = ring or sandboxes.key_ring(settings.data_dir)
        pepper = pepper or sandbox.pepper.reveal()
    return KeyRing.parse(ring or ""), Pepper.parse(pepper or ""), sandbox


@asynccontextmanager
async def opened_providers(
    loaded: Loaded, parts: Core, *, simulate: bool
) -> AsyncIterator[tuple[dict[str, Provider], Mapping[str, Simulator]]]:
    """The providers that are set up; in sandbox mode the others too, each with its simulator."""
    async with AsyncExitStack() as stack:
        simulators: Mapping[str, Simulator] = {}
        configured = dict(loaded.providers)
        if simulate and loaded.settings.sandbox and set(REGISTRY) - set(configured):
            simulators = await start_all()
            stack.push_async_callback(stop_all, simulators)
        played = {
            name: simulators[name] for name in REGISTRY if name in simulators.keys() - configured
        }
        for name, simulator in played.items():
            configured[name] = for_simulator(
                loaded.environment,
                REGISTRY[name],
                simulator.url,
                simulator.credentials,
                loaded.settings,
            )
        providers: dict[str, Provider] = {}
        for name in REGISTRY:
            if name in configured:
                login = REGISTRY[name].login_digest(configured[name])
                store = SealedTokenStore(parts.database, parts.vault, parts.keys, name, login)
                providers[name] = build(name, configured[name], store)
                stack.push_async_callback(providers[name].close)
        yield providers, played


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
