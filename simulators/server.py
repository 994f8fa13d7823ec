"""One pretend provider as a small HTTP server: its own paths, and `/_sim/*` to control it."""

import asyncio
import contextlib
import json
import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from aiohttp import web

from simulators.calls import HTML, Call, Malformed, Refused, Route
from simulators.faults import OPERATIONS, Faults
from simulators.settings import Settings
from simulators.webhooks import Messenger, Post
from simulators.world import Order, Purchase, Step, World, course_of

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
FEWEST_PRODUCTS = 40
DISCONNECT_CHECK_SECONDS = 0.2
RETRY_AFTER_SECONDS = 1
WEBHOOK_LAG_SECONDS = 0.05


class Simulator(ABC):
    """A provider with its own world. `start` it, use `url` and `credentials`, `stop` it.

    Stopped and started again it still knows its orders; a new one with the same seed begins with
    the same goods and the same past.
    """

    name: ClassVar[str]
    webhook_retries: ClassVar[tuple[float, ...]] = ()

    def __init__(self, seed: int = 7, *, products: int = 80) -> None:
        self.seed = seed
        self.size = products
        self.settings = Settings()
        self.faults = Faults()
        self.messenger = Messenger(self.webhook_retries)
        self.requests: Counter[str] = Counter()
        self.world: World
        self.seeded_orders: tuple[Order, ...] = ()
        self.url = ""
        self._garbled = 0
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        if products < FEWEST_PRODUCTS:
            raise ValueError(f"the seeded orders need at least {FEWEST_PRODUCTS} products")
        self.begin()
        self.enroll()

    @property
    @abstractmethod
    def credentials(self) -> Mapping[str, str]:
        """What a client must set, by the lower-case names of its settings."""

    @abstractmethod
    def begin(self) -> None:
        """Make the world as it is at the start: `world`, `seeded_orders`, nothing else known."""

    def enroll(self) -> None:  # noqa: B027 - some have neither logins nor tokens
        """Make what outlives a reset: logins and the tokens that were issued."""

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Every path of the provider."""

    @abstractmethod
    def recognize(self, call: Call) -> None:
        """Find out what the call is about; must bear any body."""

    @abstractmethod
    def admit(self, call: Call) -> None:
        """Check credentials, signatures and rate limits; raises Refused."""

    @abstractmethod
    def limited(self, call: Call, seconds: int) -> web.Response:
        """The provider's words for: too many calls, come back in so many seconds."""

    @abstractmethod
    def unauthorized(self, call: Call) -> web.Response:
        """The provider's words for: token or credentials not accepted."""

    @abstractmethod
    def crashed(self, call: Call) -> web.Response:
        """The provider's 5xx."""

    @abstractmethod
    def malformed(self, call: Call) -> web.Response:
        """The provider's words for a body it cannot read."""

    def finish(self, call: Call, response: web.Response) -> web.Response:
        """Whatever must be added to a finished answer, such as a signature."""
        return response

    def leave(self, call: Call) -> None:  # noqa: B027 - most providers keep nothing
        """The call has had its effect, or will never have one."""

    def write_post(self, order: Order, step: Step) -> Post | None:
        """The webhook for an order that took a step; None: the provider sends none."""
        return None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Only loopback addresses, ValueError otherwise."""
        if host not in LOOPBACK:
            raise ValueError(f"simulators listen on loopback only, not on {host}")
        self._stopping = asyncio.Event()  # a new one: the loop may be another
        app = web.Application(client_max_size=4 * 2**20)
        app.on_response_prepare.append(_without_server_name)
        app.router.add_routes(self._control())
        for route in self.routes():
            app.router.add_route(route.method, route.path, self._serving(route))
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        self._runner = runner
        bound = runner.addresses[0]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{bound[1]}"

    async def stop(self) -> None:
        """Stop listening; calls that hang are cut."""
        runner, self._runner = self._runner, None
        self._stopping.set()
        await self.messenger.stop()
        if runner:
            await runner.cleanup()

    def reset(self, *, seeded: bool = True) -> None:
        """Forget orders, faults and counts; tokens and settings stay.

        The seeded orders come back as at the start; without `seeded` there are none.
        """
        self.begin()
        if not seeded:
            self.world = World(self.world.products.values(), self.world.mint, self.world.funds)
            self.seeded_orders = ()
        self.faults = Faults()
        self.requests.clear()

    # For the providers' handlers

    def accept(self, call: Call, purchase: Purchase) -> Order:
        """Accept an order; its course follows the settings and the faults that struck the call."""
        course = course_of(purchase.product, purchase.quantity, self.settings, call.twists)
        order = self.world.accept(purchase, course)
        self.announce(order, copies=2 if "duplicate_webhook" in call.twists else 1)
        return order

    def announce(self, order: Order, *, copies: int = 1) -> None:
        """Send a webhook for each state still to come, where somebody asked for them."""
        url = self.settings.webhook_url
        if not url:
            return
        now = self.settings.now()
        for step in order.course:
            if step.at >= now - 1:
                wait = max(step.at - now, WEBHOOK_LAG_SECONDS)
                write = partial(self.write_post, order, step)
                self.messenger.send(url, wait, write, copies=copies)

    def findable(self, call: Call, order: Order) -> bool:
        """Whether look-ups by reference and lists know it yet."""
        return order.seeded or call.now >= order.placed_at + self.settings.settling_seconds

    def found(self, call: Call, reference: str) -> Order | None:
        """The order of a reference, once it can be found."""
        order = self.world.by_reference(reference)
        return order if order and self.findable(call, order) else None

    def listed(self, call: Call) -> list[Order]:
        """The orders a list shows, newest first."""
        return [order for order in self.world.newest_first() if self.findable(call, order)]

    # The way of a call

    def _serving(self, route: Route) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            call = Call(request, await request.read(), route.operation, self.settings.now())
            self.recognize(call)
            self.requests[call.operation] += 1
            struck = self.faults.strike(call.serves, call.reference, call.sku)
            call.twists |= struck.twists
            try:
                wait = struck.delay_seconds + self.settings.latency_ms / 1000
                if wait:
                    await self._pause(wait)
                    call.now = self.settings.now()
                kind = struck.kind or call.fate
                response = self._outcome(route, call, kind)
            finally:
                self.leave(call)
            return await self._deliver(call, kind, response)

        return serve

    def _outcome(self, route: Route, call: Call, kind: str | None) -> web.Response:
        """Do what is to be done, and the answer to it; no effect where the fault comes before."""
        match kind:
            case "refused" | "timeout_before":
                return web.Response()
            case "error_before":
                return self.finish(call, self.crashed(call))
            case "rate_limited":
                return self.finish(call, self.limited(call, RETRY_AFTER_SECONDS))
            case "unauthorized":
                return self.finish(call, self.unauthorized(call))
        response = self._handled(route, call)
        match kind:
            case "error_after":
                return self.finish(call, self.crashed(call))
            case "garbage":
                return self._garbage(response)
        return response

    def _handled(self, route: Route, call: Call) -> web.Response:
        try:
            self.admit(call)
            response = route.handler(call)
        except Refused as refused:
            response = refused.response
        except Malformed:
            response = self.malformed(call)
        return self.finish(call, response)

    async def _deliver(
        self, call: Call, kind: str | None, response: web.Response
    ) -> web.StreamResponse:
        match kind:
            case "refused":
                return _hang_up(call)
            case "timeout_before" | "timeout_after":
                return await self._hang(call)
            case "reset_after":
                return await _cut(call, response)
        return response

    async def _hang(self, call: Call) -> web.Response:
        """Never answer: until the client is gone or the simulator stops."""
        while call.request.transport is not None and not self._stopping.is_set():
            await self._pause(DISCONNECT_CHECK_SECONDS)
        return _hang_up(call)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _garbage(self, response: web.Response) -> web.Response:
        """By turns a page of a proxy and half a body."""
        self._garbled += 1
        if self._garbled % 2:
            return web.Response(text=HTML.format("Please wait"), content_type="text/html")
        body = response.body if isinstance(response.body, bytes) else b"{}"
        return web.Response(body=body[: math.ceil(len(body) / 2)], content_type="application/json")

    # Control

    def _control(self) -> list[web.RouteDef]:
        return [
            web.get("/_sim/ledger", self._show_ledger),
            web.get("/_sim/requests", self._show_requests),
            web.put("/_sim/faults", self._put_faults),
            web.put("/_sim/settings", self._put_settings),
            web.post("/_sim/reset", self._post_reset),
        ]

    async def _show_ledger(self, _: web.Request) -> web.Response:
        return web.json_response(self.world.ledger(self.settings.now()))

    async def _show_requests(self, _: web.Request) -> web.Response:
        return web.json_response({name: self.requests[name] for name in OPERATIONS})

    async def _put_faults(self, request: web.Request) -> web.Response:
        return await _controlled(request, self.faults.replace, self.faults.shown)

    async def _put_settings(self, request: web.Request) -> web.Response:
        return await _controlled(request, self.settings.change, self.settings.shown)

    async def _post_reset(self, request: web.Request) -> web.Response:
        self.reset(seeded=request.query.get("seeded") != "false")
        return web.json_response({"reset": True})


async def _without_server_name(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)


def _hang_up(call: Call) -> web.Response:
    transport = call.request.transport
    if transport is not None:
        transport.abort()
    return web.Response()


async def _cut(call: Call, response: web.Response) -> web.StreamResponse:
    """Send half the answer and cut the connection."""
    body = response.body if isinstance(response.body, bytes) else b""
    stream = web.StreamResponse(status=response.status, headers=response.headers.copy())
    stream.content_length = len(body)
    await stream.prepare(call.request)
    await stream.write(body[: len(body) // 2])
    _hang_up(call)
    return stream


async def _controlled(
    request: web.Request,
    change: Callable[[Mapping[str, Any]], None],
    shown: Callable[[], dict[str, Any]],
) -> web.Response:
    """Apply a control body and show what holds now; 400 with the reason when it is wrong."""
    try:
        wanted = json.loads(await request.read())
        change(wanted if isinstance(wanted, dict) else {"(not an object)": wanted})
    except (ValueError, TypeError) as wrong:
        return web.json_response({"error": str(wrong)}, status=400)
    return web.json_response(shown())
