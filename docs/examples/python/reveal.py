"""Prints the codes of an order's vouchers: python reveal.py ORDER_ID PURPOSE

They are secrets, and worth money. Print them nowhere but here, and keep them out of logs. Each
reveal is recorded with its purpose.
"""

import asyncio
import os
import sys

from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError

REVEAL = """
  query Reveal($id: ID!, $after: String) {
    order(by: {id: $id}) {
      vouchers(first: 100, after: $after) {
        nodes { faceValue { amount currency } expiresOn code pin claimUrl }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
"""


async def main(id: str, purpose: str) -> None:
    """Print one line for each voucher: face value, last day, code, PIN, link."""
    transport = AIOHTTPTransport(
        os.environ["VOUCHERGRAPH_URL"],
        headers={
            "X-API-Key": os.environ["VOUCHERGRAPH_KEY"],
            "X-API-Secret": os.environ["VOUCHERGRAPH_SECRET"],
            "X-Purpose": purpose,
        },
        timeout=30,
    )
    asked = {"id": id, "after": None}
    more = True
    async with Client(transport=transport) as session:
        while more:
            try:
                answer = await session.execute(GraphQLRequest(REVEAL, variable_values=asked))
            except TransportQueryError as error:
                first = (error.errors or [{}])[0]
                raise SystemExit(f"Not revealed: {first.get('message')}") from None
            if answer["order"] is None:
                raise SystemExit("There is no such order.")
            for voucher in answer["order"]["vouchers"]["nodes"]:
                print(
                    voucher["faceValue"]["amount"],
                    voucher["faceValue"]["currency"],
                    voucher["expiresOn"] or "never",
                    voucher["code"] or "",
                    voucher["pin"] or "",
                    voucher["claimUrl"] or "",
                    sep="\t",
                )
            page = answer["order"]["vouchers"]["pageInfo"]
            more, asked["after"] = page["hasNextPage"], page["endCursor"]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
