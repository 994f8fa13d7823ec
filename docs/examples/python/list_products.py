"""Lists what can be bought, page by page: python list_products.py [WORDS]"""

import asyncio
import os
import sys
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport

PRODUCTS = """
  query Products($words: String, $after: String) {
    products(first: 50, after: $after, filter: {search: $words, available: true}, sort: NAME) {
      nodes {
        id
        name
        currency
        provider { name }
        denominations {
          ... on FixedDenominations { values { faceValue { amount } } }
          ... on DenominationRange { min { amount } max { amount } }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
"""


def face_values(denominations: dict[str, Any]) -> str:
    """The face values, as "500.00 1000.00" or "10.00 to 250.00". Amounts stay text."""
    if "values" in denominations:
        return " ".join(value["faceValue"]["amount"] for value in denominations["values"])
    return f"{denominations['min']['amount']} to {denominations['max']['amount']}"


async def main(words: str | None) -> None:
    """Print one line for each product: id, provider, name, currency, face values."""
    transport = AIOHTTPTransport(
        os.environ["VOUCHERGRAPH_URL"],
        headers={
            "X-API-Key": os.environ["VOUCHERGRAPH_KEY"],
            "X-API-Secret": os.environ["VOUCHERGRAPH_SECRET"],
        },
        timeout=30,
    )
    asked = {"words": words, "after": None}
    more = True
    async with Client(transport=transport) as session:
        while more:
            answer = await session.execute(GraphQLRequest(PRODUCTS, variable_values=asked))
            for product in answer["products"]["nodes"]:
                print(
                    product["id"],
                    product["provider"]["name"],
                    product["name"],
                    product["currency"],
                    face_values(product["denominations"]),
                    sep="\t",
                )
            page = answer["products"]["pageInfo"]
            more, asked["after"] = page["hasNextPage"], page["endCursor"]


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or None))
