"""Every registered provider against its simulator. A new adapter needs nothing here."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import stamina

from domain.orders import OrderStatus
from domain.providers import Capability
from domain.secret import Secret
from providers import REGISTRY, build
from providers.port import Configuration, OrderKey, Provider
from providers.tokens import MemoryTokenStore
from simulators import KINDS, Simulator
from simulators.faults import OPERATIONS
from simulators.world import Order

MOVING = frozenset({OrderStatus.PENDING, OrderStatus.PROCESSING})


@dataclass
class House:
    """One provider and the simulator that it talks to."""

    provider: Provider
    simulator: Simulator

    @property
    def asked(self) -> dict[str, int]:
        """Requests by operation, logins aside."""
        return {name: n for name, n in self.simulator.requests.items() if name != "token" and n}

    @property
    def orders(self) -> tuple[Order, ...]:
        return self.simulator.seeded_orders

    def delivered(self) -> Order:
        """The newest order that came whole."""
        return next(order for order in reversed(self.orders) if self.units(order) == order.quantity)

    def units(self, order: Order) -> int:
        return len(order.issued(self.simulator.settings.now()))

    def words(self, order: Order) -> frozenset[OrderStatus]:
        """What may be said of an order: pending and processing look alike at some providers."""
        word = OrderStatus(order.at(self.simulator.settings.now()).state.value)
        return MOVING if word in MOVING else frozenset({word})

    def strike(self, fault: str, *, everything_but: frozenset[str] = frozenset({"token"})) -> None:
        """Put one fault in force for every operation but some."""
        rows = [{"operation": name, "fault": fault} for name in OPERATIONS]
        rows = [row for row in rows if row["operation"] not in everything_but]
        self.simulator.faults.replace({"faults": rows})


def key(order: Order) -> OrderKey:
    return OrderKey(order.order_id, order.reference, datetime.fromtimestamp(order.placed_at, UTC))


def configured(adapter: type[Provider], simulator: Simulator, seconds: float) -> Configuration:
    """As the sandbox configures it, with our own rate out of the way."""
    return Configuration(
        base_url=simulator.url,
        values={name: Secret(value) for name, value in simulator.credentials.items()},
        timeout=timedelta(seconds=seconds),
        rate_per_minute=adapter.rate_per_minute * 1000,
        settling=timedelta(seconds=1),
        sandbox=True,
    )


@pytest.fixture(scope="package", autouse=True)
def second_tries_at_once() -> Iterator[None]:
    """Reads are tried twice as ever; only the wait in between is left out."""
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture(params=sorted(REGISTRY))
def name(request: pytest.FixtureRequest) -> str:
    """The provider; `needs` and `lacks` choose among them."""
    chosen = str(request.param)
    for marker, wanted in (("needs", True), ("lacks", False)):
        for mark in request.node.iter_markers(marker):
            if (mark.args[0] in REGISTRY[chosen].capabilities) is not wanted:
                pytest.skip(f"{chosen} {'lacks' if wanted else 'has'} {mark.args[0]}")
    return chosen


@pytest.fixture
async def simulator(name: str) -> AsyncIterator[Simulator]:
    """A new one for every test: some logins are good only once."""
    made = KINDS[name](11, products=40)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def hasty(
    request: pytest.FixtureRequest, name: str, simulator: Simulator
) -> AsyncIterator[House]:
    """A provider that has logged in already, with little patience where something has to time out.

    Elsewhere a machine that stands still for a moment would look like a provider that does.
    """
    fault: str = request.node.callspec.params.get("fault", "timeout")
    patience = 0.4 if fault.startswith("timeout") else 5
    provider = build(name, configured(REGISTRY[name], simulator, patience), MemoryTokenStore())
    house = House(provider, simulator)
    await provider.order(house.delivered().order_id)
    yield house
    await provider.close()


@pytest.fixture
async def house(name: str, simulator: Simulator) -> AsyncIterator[House]:
    """The provider against a simulator that is as new."""
    provider = build(name, configured(REGISTRY[name], simulator, 5), MemoryTokenStore())
    yield House(provider, simulator)
    await provider.close()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(capability): only for providers that have it")
    config.addinivalue_line("markers", "lacks(capability): only for providers without it")


def needs(capability: Capability) -> pytest.MarkDecorator:
    return pytest.mark.needs(capability)


def lacks(capability: Capability) -> pytest.MarkDecorator:
    return pytest.mark.lacks(capability)
