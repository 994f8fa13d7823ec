"""Waits until nothing more is expected of an order: python wait.py ORDER_ID"""

import asyncio
import os
import sys
from typing import Any

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport
from websockets import ConnectionClosed

ORDER = """
  query Order($id: ID!) {
    order(by: {id: $id}) { status settled lastSequence lines { quantity delivered failed } }
  }
"""
EVENTS = """
  subscription Events($id: ID!, $after: String!) {
    orderEvents(orderIds: [$id], after: $after) { type status }
  }
"""
REFUSED = 4403  # no credentials, wrong ones, or they no longer hold
LOOK_SECONDS = 30  # also without an event: what fails of a part delivery changes no status


async def read(session: AsyncClientSession, id: str) -> dict[str, Any]:
    """The order as it stands now."""
    answer = await session.execute(GraphQLRequest(ORDER, variable_values={"id": id}))
    if answer["order"] is None:
        raise SystemExit("There is no such order.")
    order: dict[str, Any] = answer["order"]
    return order


async def settled(session: AsyncClientSession, id: str) -> dict[str, Any]:
    """The order once it is settled. Every event, and a long silence, is a reason to look again."""
    order = await read(session, id)
    # From the last event in what was read: nothing can happen unseen between the two.
    after = {"id": id, "after": order["lastSequence"]}
    events = session.subscribe(GraphQLRequest(EVENTS, variable_values=after))
    event = asyncio.ensure_future(anext(events))
    while not order["settled"]:
        await asyncio.wait([event], timeout=LOOK_SECONDS)
        if event.done():
            told = event.result()["orderEvents"]
            print(told["type"], told["status"], sep="\t", flush=True)
            event = asyncio.ensure_future(anext(events))
        order = await read(session, id)
    event.cancel()
    return order


async def main(id: str) -> None:
    """Print events as they come, and at the end: status, units delivered, units that failed."""
    credentials = {
        "X-API-Key": os.environ["VOUCHERGRAPH_KEY"],
        "X-API-Secret": os.environ["VOUCHERGRAPH_SECRET"],
    }
    while True:
        transport = WebsocketsTransport(
            os.environ["VOUCHERGRAPH_URL"].replace("http", "ws", 1),
            init_payload=credentials,
            subprotocols=["graphql-transport-ws"],
        )
        try:
            async with Client(transport=transport) as session:
                order = await settled(session, id)
                break
        except TransportConnectionFailed as error:
            closed = error.__cause__
            if isinstance(closed, ConnectionClosed) and closed.rcvd and closed.rcvd.code == REFUSED:
                raise SystemExit("The credentials were refused.") from None
            print(f"{error}; connecting again", file=sys.stderr)
            await asyncio.sleep(2)
    delivered = sum(line["delivered"] for line in order["lines"])
    failed = sum(line["failed"] for line in order["lines"])
    print(order["status"], delivered, failed, sep="\t")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
