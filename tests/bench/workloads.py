"""What is measured: the documents, and how many connections send them."""

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

PLACE = """mutation Place($input: OrderPlaceInput!) {
  orderPlace(input: $input) { order { id reference status settled } problems { code } }
}"""

PAGE_SIZE = 50
BATCH_ORDERS = 100
BATCH_VOUCHERS = 10


@dataclass(frozen=True, slots=True)
class Workload:
    """One document under one load. `client` asks; `order` names the order that is asked for, by
    its id or, in another `variable`, as a place in the list.

    `places`: every request is another one, and places an order (see buying.py); `proof` stands in
    every answer that is right.
    """

    name: str
    title: str
    query: str
    connections: int
    latency_ms: int
    client: str
    order: str | None = None
    variable: str = "id"
    places: bool = False
    proof: str = ""

    def body(self, orders: dict[str, str]) -> dict[str, Any]:
        """The request's JSON; `orders` are global ids by name."""
        variables = {self.variable: orders[self.order]} if self.order else {}
        return {"query": self.query, "variables": variables}


WORKLOADS = (
    Workload(
        "B1",
        "one settled order, status only",
        STATUS,
        connections=32,
        latency_ms=0,
        client="partner",
        order="settled",
    ),
    Workload(
        "B2",
        "page of 50 orders, half open, providers at 0 ms",
        PAGE,
        connections=8,
        latency_ms=0,
        client="partner",
    ),
    Workload(
        "B3",
        "the page of B2, providers at 50 ms",
        PAGE,
        connections=1,
        latency_ms=50,
        client="partner",
    ),
    Workload(
        "B4",
        "100 orders x 10 vouchers x 6 fields, all settled",
        VOUCHERS,
        connections=4,
        latency_ms=0,
        client="other",
    ),
    Workload(
        "B5",
        "one open order, providers at 50 ms",
        LIVE_STATUS,
        connections=200,
        latency_ms=50,
        client="partner",
        order="open",
    ),
    Workload(
        "B6",
        "reveal 1,000 vouchers of one account",
        REVEAL,
        connections=1,
        latency_ms=0,
        client="other",
    ),
    Workload(
        "B7",
        "orders placed, instant delivery",
        PLACE,
        connections=16,
        latency_ms=0,
        client="buyer",
        places=True,
        proof='"problems":[]',
    ),
)
