"""What is measured: the documents, how many connections send them, and what they are to cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

STATUS = "query Status($id: ID!) { order(by: {id: $id}) { status } }"

LIVE_STATUS = "query LiveStatus($id: ID!) { order(by: {id: $id}) { status live } }"

PAGE = """query Page {
  orders(first: 50) {
    nodes {
      id reference status settled live placedAt
      lines {
        productName quantity
        faceValue { amount currency } total { amount currency }
        product { id name brand }
      }
      fulfillments {
        provider { name displayName }
        status live providerOrderId delivered total
      }
      vouchers(first: 10) {
        nodes { id type state maskedCode expiresAt faceValue { amount currency } }
      }
    }
    pageInfo { hasNextPage }
  }
}"""

VOUCHERS = """query Vouchers {
  orders(first: 100) {
    nodes {
      id
      vouchers(first: 10) {
        nodes { id type state maskedCode expiresAt faceValue { amount currency } }
      }
    }
  }
}"""

REVEAL = """query Reveal {
  orders(first: 100) { nodes { vouchers(first: 10) { nodes { id code } } } }
}"""

PAGE_SIZE = 50
BATCH_ORDERS = 100
BATCH_VOUCHERS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians of one side over the rounds. CPU and percentiles in milliseconds, memory in MiB.

    `calls` are upstream calls per request. `other` is the share of answers that were not the one
    of an idle machine: a provider's word that came too late is answered as recorded.
    """

    cpu_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float
    calls: float
    peak_mib: float
    other: float


Judge = Callable[[Figures, Figures], float]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of the service (and of the floor), and the bound it is to keep."""

    words: str
    figure: Judge
    bound: float
    at_least: bool = False

    def is_met(self, service: Figures, floor: Figures) -> bool:
        found = self.figure(service, floor)
        return found >= self.bound if self.at_least else found <= self.bound


@dataclass(frozen=True, slots=True)
class Workload:
    """One document under one load. `order` names the order asked for, `client` who asks."""

    name: str
    title: str
    query: str
    connections: int
    latency_ms: int
    client: str
    goals: tuple[Goal, ...]
    order: str | None = None

    def body(self, orders: dict[str, str]) -> dict[str, Any]:
        """The request's JSON; `orders` are global ids by name."""
        variables = {"id": orders[self.order]} if self.order else {}
        return {"query": self.query, "variables": variables}


def _cpu(bound: float) -> Goal:
    return Goal(f"CPU at most {bound:g}x the floor", lambda s, f: s.cpu_ms / f.cpu_ms, bound)


WORKLOADS = (
    Workload(
        "B1",
        "one settled order, status only",
        STATUS,
        connections=32,
        latency_ms=0,
        client="partner",
        order="settled",
        goals=(_cpu(2),),
    ),
    Workload(
        "B2",
        "page of 50 orders, half open, providers at 0 ms",
        PAGE,
        connections=8,
        latency_ms=0,
        client="partner",
        goals=(_cpu(1.6), Goal("at most 4 calls a page", lambda s, _: s.calls, 4)),
    ),
    Workload(
        "B3",
        "the page of B2, providers at 50 ms",
        PAGE,
        connections=1,
        latency_ms=50,
        client="partner",
        goals=(
            Goal("p50 at most 1.05x of 50 ms", lambda s, _: s.p50_ms / 50, 1.05),
            Goal("p50 at most 1.05x the handler", lambda s, f: s.p50_ms / f.p50_ms, 1.05),
            Goal("at most 4 calls a page", lambda s, _: s.calls, 4),
        ),
    ),
    Workload(
        "B4",
        "100 orders x 10 vouchers x 6 fields, all settled",
        VOUCHERS,
        connections=4,
        latency_ms=0,
        client="other",
        goals=(_cpu(1.5),),
    ),
    Workload(
        "B5",
        "one open order, providers at 50 ms",
        LIVE_STATUS,
        connections=200,
        latency_ms=50,
        client="partner",
        order="open",
        goals=(
            Goal(
                "requests/s at least 0.85x of 200 / 50 ms",
                lambda s, _: s.per_second / 4000,
                0.85,
                at_least=True,
            ),
            Goal(
                "requests/s at least 0.85x the handler",
                lambda s, f: s.per_second / f.per_second,
                0.85,
                at_least=True,
            ),
            Goal("p99 at most 180 ms", lambda s, _: s.p99_ms, 180),
        ),
    ),
    Workload(
        "B6",
        "reveal 1,000 vouchers of one account",
        REVEAL,
        connections=1,
        latency_ms=0,
        client="other",
        goals=(_cpu(2),),
    ),
)
