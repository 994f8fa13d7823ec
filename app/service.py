"""`serve` and `worker`: from settings to a running process, and to an orderly end."""

import asyncio
import ctypes
import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import structlog

from app import demo, server, worker
from app.composition import StartRefused, core, opened_providers
from app.console import PATH as CONSOLE
from app.console import Console
from app.explorer import Page
from app.listening import DRAIN_SECONDS, CannotListen, allow_many_connections, listener
from app.program import Program
from app.sandbox import FILE, write_private
from app.settings import Loaded, Settings
from ordering import restored
from ordering.reconcile import job

log = structlog.get_logger()

# Everything together must end within 5 s of the signal.
GIVE_UP_SECONDS = 4.5
# Objects more than were freed until the young are looked at: eight pages at once make as many, and
# none of them leaves anything to be found. At 5,000 looking took a twentieth of a page's time.
YOUNG = 25_000

MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h
GIVEN_BACK_BYTES = 128 * 1024  # blocks from this size on; what glibc begins with


async def serve(loaded: Loaded) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return."""
    stop = stop_signal()
    allow_many_connections()
    async with _program(loaded, simulate=True) as program, AsyncExitStack() as stack:
        if loaded.settings.sandbox:
            await demo.furnish(program)
        keys = program.demo_keys()
        page, console = Page(keys, program.samples()), Console(keys)
        _settle_memory()
        await stack.enter_async_context(_listening(program, page, console))
        await stack.enter_async_context(_background(program))
        await stop.wait()
        log.info("service.stopping")
        program.draining = True
        asyncio.get_running_loop().call_later(GIVE_UP_SECONDS, _give_up)


async def work(loaded: Loaded) -> None:
    """Background work only, until SIGTERM or SIGINT."""
    stop = stop_signal()
    async with _program(loaded, simulate=False) as program:
        if not program.providers:
            raise StartRefused(
                "there is no provider to work with: the simulators of sandbox mode live inside"
                " `vouchergraph serve`; set a provider's base URL"
            )
        async with _background(program):
            log.info("worker.running", providers=sorted(program.providers))
            await stop.wait()


@asynccontextmanager
async def _program(loaded: Loaded, *, simulate: bool) -> AsyncIterator[Program]:
    async with (
        core(loaded) as parts,
        opened_providers(loaded, parts, simulate=simulate) as (providers, simulators),
    ):
        await parts.limiter.open()
        program = Program(parts, providers, simulators)
        await restored.guard(
            parts.database, providers, map(job, providers), told=loaded.settings.restored == "1"
        )
        yield program
        await program.finish()


def _settle_memory() -> None:
    """What was made until now stays as long as we run: no collection looks at it again.

    Modules and schema are some 130,000 objects: a full collection would look at them for 0.15 s,
    in the middle of everybody's requests.
    Room that large answers took goes back to the system: left to itself glibc keeps what was freed
    once, up to 32 MiB, for the next of that size.
    """
    with suppress(OSError, AttributeError):  # another C library has no such thing
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, GIVEN_BACK_BYTES)
    gc.collect()
    gc.freeze()
    # Once more: full collections wait for a quarter of what the last one found, 30,000 objects.
    gc.collect()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


@asynccontextmanager
async def _background(program: Program) -> AsyncIterator[None]:
    tasks = worker.start(program)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _listening(program: Program, page: Page, console: Console) -> AsyncIterator[None]:
    """The HTTP listeners, and the ready file while they answer."""
    settings = program.settings
    local = settings.sandbox and not settings.metrics_address
    app = server.build(program, page, console, metrics=local)
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(
                listener(app, settings.host, settings.port, server.HEADERS)
            )
        except CannotListen as error:
            raise StartRefused(f"{error}: set VOUCHERGRAPH_HOST and VOUCHERGRAPH_PORT") from None
        metrics = f"{url}/metrics" if local else None
        if settings.metrics_address:
            metrics = await stack.enter_async_context(_counters(settings.metrics_address))
        for name, simulator in program.simulators.items():
            simulator.settings.webhook_url = f"{url}/webhooks/{name}"
        stack.enter_context(_ready(program, url, metrics, built=console.built()))
        yield


@asynccontextmanager
async def _counters(place: str) -> AsyncIterator[str]:
    """The counters on an address of their own; their URL."""
    host, _, port = place.rpartition(":")
    async with AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(
                listener(server.counters(), host.strip("[]"), int(port), server.HEADERS)
            )
        except CannotListen as error:
            raise StartRefused(f"{error}: set VOUCHERGRAPH_METRICS_ADDRESS") from None
        yield f"{url}/metrics"


def _give_up() -> None:
    """End now: what hangs is only waiting, and everything decided is committed."""
    log.warning("service.cut_off", seconds=GIVE_UP_SECONDS)
    os._exit(0)


@contextmanager
def _ready(program: Program, url: str, metrics: str | None, *, built: bool) -> Iterator[None]:
    """The banner, and the ready file while the service answers; `built`: there is a console."""
    settings = program.settings
    content: dict[str, object] = {
        "graphql": f"{url}/graphql",
        "graphiql": f"{url}/graphql",
        "metrics": metrics,
        "pid": os.getpid(),
        "simulators": {name: one.url for name, one in program.simulators.items()},
    }
    if settings.sandbox:
        content["clients"] = program.demo_keys()
    if built:
        content["console"] = f"{url}{CONSOLE}/"
    path = settings.ready_file
    if path is not None:
        try:
            write_private(path, json.dumps(content) + "\n")
        except OSError as error:
            raise StartRefused(
                f"the ready file {path} cannot be written ({error.strerror}):"
                " set VOUCHERGRAPH_READY_FILE to a path in a directory that exists"
            ) from None
    _banner(settings, url, built=built)
    log.info(
        "service.ready",
        graphql=content["graphql"],
        mode=settings.mode,
        providers=sorted(program.providers),
    )
    try:
        yield
    finally:
        if path is not None:
            _remove_ours(path)


def _remove_ours(path: Path) -> None:
    """Remove the ready file unless another process has written its own meanwhile."""
    with suppress(OSError, ValueError):
        if json.loads(path.read_text(encoding="utf-8"))["pid"] == os.getpid():
            path.unlink()


def _banner(settings: Settings, url: str, *, built: bool) -> None:
    lines = [f"Console       {url}{CONSOLE}/"] if built else []
    lines.append(f"GraphiQL      {url}/graphql")
    if settings.sandbox:
        lines += [
            f"Demo keys     {settings.data_dir / FILE}",
            "Mode          sandbox: simulated providers, nothing is bought",
        ]
    sys.stdout.write("\n".join(["", *(f"  {line}" for line in lines), "", ""]))
    sys.stdout.flush()


def stop_signal() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; a second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)
    return stop
