"""Follows the orders of your account and misses nothing: python resume.py PLACE_FILE

The file holds the sequence of the last event that was handled. However the connection ends, and if
this program does, what happened in between comes first.
"""

import asyncio
import os
import random
import sys
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport
from websockets import ConnectionClosed

EVENTS = """
  subscription Events($after: String!) {
    orderEvents(after: $after) { sequence type status order { reference } }
  }
"""
REFUSED = 4403  # no credentials, wrong ones, or they no longer hold
LONGEST_WAIT = 30.0


def handle(event: dict[str, Any]) -> None:
    """Your work. An end of this program between here and the file brings the event again."""
    print(event["sequence"], event["order"]["reference"], event["type"], sep="\t", flush=True)


def seen(place: Path) -> str:
    """The sequence of the last event that was handled; "0" begins with the first of all."""
    return place.read_text() if place.exists() else "0"


def keep(place: Path, sequence: str) -> None:
    """Written whole or not at all."""
    new = place.with_suffix(".new")
    new.write_text(sequence)
    new.replace(place)


async def follow(place: Path) -> None:
    """Handle what comes behind the place, until the connection is lost."""
    transport = WebsocketsTransport(
        os.environ["VOUCHERGRAPH_URL"].replace("http", "ws", 1),
        init_payload={
            "X-API-Key": os.environ["VOUCHERGRAPH_KEY"],
            "X-API-Secret": os.environ["VOUCHERGRAPH_SECRET"],
        },
        subprotocols=["graphql-transport-ws"],
    )
    after = {"after": seen(place)}
    async with Client(transport=transport) as session:
        async for told in session.subscribe(GraphQLRequest(EVENTS, variable_values=after)):
            handle(told["orderEvents"])
            keep(place, told["orderEvents"]["sequence"])


async def main(place: Path) -> None:
    """Connect again and again, each time behind the last event that was handled."""
    wait = 1.0
    while True:
        before = seen(place)
        try:
            await follow(place)
        except TransportConnectionFailed as error:
            closed = error.__cause__
            if isinstance(closed, ConnectionClosed) and closed.rcvd and closed.rcvd.code == REFUSED:
                raise SystemExit("The credentials were refused.") from None
        wait = 1.0 if seen(place) != before else min(2 * wait, LONGEST_WAIT)
        print("connecting again", file=sys.stderr)
        # At random, so that a thousand clients do not all come back in the same second.
        await asyncio.sleep(random.uniform(0, wait))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
