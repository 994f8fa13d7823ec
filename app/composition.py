"""What a command works with: the database, up to date and of our mode, keys and providers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import sandbox as sandboxes
from app.limits import Limiter
from app.limits.local import Local
from app.pepper import Pepper
from app.provider_settings import for_simulator
from app.sandbox import Sandbox
from app.settings import Loaded, Settings
from app.tokens import SealedTokenStore
from db import clients, installation
from db.migrate import migrate, pending
from db.pool import Database, check_wall
from db.wakeups import Listener, Notifier
from domain.secret import Secret
from ordering.keys import Keys
from providers import REGISTRY, build
from providers.port import Provider
from vault import KeyRingInvalid, Masters, Vault, masters

if TYPE_CHECKING:
    from simulators import Simulator


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
    limiter: Limiter
    listener: Listener


@asynccontextmanager
async def core(loaded: Loaded) -> AsyncIterator[Core]:
    """The database, up to date and of our mode, and the secrets that go with it."""
    settings = loaded.settings
    async with AsyncExitStack() as stack:
        prepare_data_dir(settings)
        master_keys, pepper, sandbox = _secrets(settings)
        dsn = await stack.enter_async_context(_address(settings))
        database = Database(dsn)
        direct = _direct(settings, dsn)
        notifier = Notifier(direct)
        database.when_events(notifier.tell)
        stack.push_async_callback(notifier.close)
        stack.push_async_callback(database.close)
        await database.open()
        await check_wall(database)
        await _check_mode(database, settings)
        if sandbox is not None:
            async with database.worker() as conn:
                await sandboxes.provide(conn, sandbox, pepper)
        vault = Vault(master_keys)
        stack.push_async_callback(vault.close)
        limiter = await stack.enter_async_context(_limiter(settings))
        yield Core(
            settings,
            database,
            pepper,
            sandbox,
            vault,
            Keys(database, vault),
            limiter,
            Listener(direct),
        )


@asynccontextmanager
async def _limiter(settings: Settings) -> AsyncIterator[Limiter]:
    """The counts of this process, or those in the Redis that all processes share."""
    if settings.redis_url is None:
        yield Local()
        return
    # Only where it is used: most installations have none.
    from app.limits.shared import Shared  # noqa: PLC0415

    url = Secret(settings.redis_url.get_secret_value())
    instead = Local() if settings.redis_down == "local" else None
    shared = Shared(url, instead=instead, processes=settings.processes)
    try:
        yield shared
    finally:
        await shared.close()


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


def _direct(settings: Settings, dsn: str) -> str:
    """Where wake-ups are sent and heard: no pooler keeps a LISTEN."""
    direct = settings.database_direct_url
    return direct.get_secret_value() if settings.database_url and direct else dsn


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


def _secrets(settings: Settings) -> tuple[Masters, Pepper, Sandbox | None]:
    """Master keys and pepper: those that were set, in sandbox mode else its own."""
    sandbox = sandboxes.opened(settings.data_dir) if settings.sandbox else None
    ring = settings.key_ring.get_secret_value() if settings.key_ring else None
    pepper = settings.secret_pepper.get_secret_value() if settings.secret_pepper else None
    if sandbox is not None:
        ring = ring or f"file:{sandboxes.key_ring_file(settings.data_dir)}"
        pepper = pepper or sandbox.pepper.reveal()
    token = settings.transit_token
    try:
        found = masters(ring or "", Secret(token.get_secret_value()) if token else None)
    except KeyRingInvalid as error:
        raise StartRefused(str(error)) from None
    return found, Pepper.parse(pepper or ""), sandbox


@asynccontextmanager
async def opened_providers(
    loaded: Loaded, parts: Core, *, simulate: bool
) -> "AsyncIterator[tuple[dict[str, Provider], Mapping[str, Simulator]]]":
    """The providers that are set up; in sandbox mode the others too, each with its simulator."""
    async with AsyncExitStack() as stack:
        simulators: Mapping[str, Simulator] = {}
        configured = dict(loaded.providers)
        if simulate and loaded.settings.sandbox and set(REGISTRY) - set(configured):
            # Only where they play: an installation with providers of its own has none.
            from simulators import start_all, stop_all  # noqa: PLC0415

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
