"""Buys vouchers, once: python buy.py PURCHASE PRODUCT_ID FACE_VALUE QUANTITY

PURCHASE is your own number for it. Run it again after a crash or with a problem put right: as long
as PURCHASE.json is there, it is the same purchase and nothing is bought twice.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportError, TransportQueryError

CART = """
  mutation Cart($line: CartLineInput!) {
    cartCreate(input: {lines: [$line]}) {
      cart { id totals { price { amount currency } } warnings { message } }
      problems { code message retry outcome retryAfterMs }
    }
  }
"""
PLACE = """
  mutation Place($input: OrderPlaceInput!) {
    orderPlace(input: $input) {
      order { id reference status }
      problems { code message retry outcome retryAfterMs }
    }
  }
"""
WAITS = (1, 2, 4, 8, 16)  # seconds after each try
TEMPORARY = {"RATE_LIMITED", "TIMEOUT", "UNAVAILABLE", "INTERNAL"}


async def prepare(session: AsyncClientSession, line: dict[str, Any]) -> dict[str, Any]:
    """Fill a cart; what will be ordered, at most at the price shown now."""
    answer = await session.execute(GraphQLRequest(CART, variable_values={"line": line}))
    for problem in answer["cartCreate"]["problems"]:
        raise SystemExit(f"{problem['code']}: {problem['message']}")
    cart = answer["cartCreate"]["cart"]
    for warning in cart["warnings"]:
        print(warning["message"], file=sys.stderr)
    return {
        "cartId": cart["id"],
        "maxTotals": [total["price"] for total in cart["totals"]],
        "idempotencyKey": str(uuid4()),
    }


async def place(session: AsyncClientSession, record: Path) -> dict[str, Any]:
    """Order what was prepared; the order, the same one however often it is asked for."""
    purchase = {"input": json.loads(record.read_text())}
    for usual_wait in WAITS:
        wait: float = usual_wait
        try:
            answer = await session.execute(GraphQLRequest(PLACE, variable_values=purchase))
        except TransportQueryError as error:
            first = (error.errors or [{}])[0]
            if first.get("extensions", {}).get("code") not in TEMPORARY:
                raise SystemExit(first.get("message")) from None
        except TransportError:
            pass  # No answer. It may have been ordered: only the same key is safe now.
        else:
            payload = answer["orderPlace"]
            if not payload["problems"]:
                order: dict[str, Any] = payload["order"]
                return order
            wait = follow_advice(payload["problems"][0], record, wait)
        await asyncio.sleep(wait)
    raise SystemExit("It is not known yet whether it was ordered. Run this again.")


def follow_advice(problem: dict[str, Any], record: Path, wait: float) -> float:
    """Seconds until the next try with the same key; ends the program where somebody must decide."""
    match problem["retry"], problem["outcome"]:
        case "AFTER", _:
            return float(problem["retryAfterMs"] or 1000) / 1000
        case "SAME_KEY", "UNKNOWN":
            return wait
        case "SAME_KEY", _:
            advice = "Put that right and run this again."
        case "NEW_KEY", _:
            record.unlink()
            advice = "Put that right and run this again: it will be a new purchase."
        case _:
            advice = "Repeating it does not help."
    raise SystemExit(f"{problem['code']}: {problem['message']}. {advice}")


async def main(name: str, product: str, face_value: str, quantity: str) -> None:
    """Print the order: id, reference, status."""
    transport = AIOHTTPTransport(
        os.environ["VOUCHERGRAPH_URL"],
        headers={
            "X-API-Key": os.environ["VOUCHERGRAPH_KEY"],
            "X-API-Secret": os.environ["VOUCHERGRAPH_SECRET"],
        },
        timeout=30,
    )
    line = {"productId": product, "faceValue": face_value, "quantity": int(quantity)}
    record = Path(f"{name}.json")
    async with Client(transport=transport) as session:
        # The key is kept before its first use: after a crash the next run must know it.
        # In your program it stands in your database, beside your own order.
        if not record.exists():
            record.write_text(json.dumps(await prepare(session, line)))
        order = await place(session, record)
    print(order["id"], order["reference"], order["status"], sep="\t")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
