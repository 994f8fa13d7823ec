"""A client with carts at the outer edge: goods to choose from, mutations, what was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ordering.catalog import refresh
from tests.operations.service import Service

MONEY = "{ amount currency }"
CART = f"""id totalQuantity updatedAt order {{ id }}
  lines {{ id quantity live quotedAt product {{ id name provider {{ name }} }}
    faceValue {MONEY} unitPrice {MONEY} fee {MONEY} total {MONEY} savings {MONEY} }}
  totals {{ price {MONEY} fee {MONEY} faceValue {MONEY} savings {MONEY} }}
  warnings {{ code message lineId }}"""
PROBLEMS = "problems { code message path retry outcome }"
CREATE = f"""mutation ($lines: [CartLineInput!]) {{
  done: cartCreate(input: {{lines: $lines}}) {{ cart {{ {CART} }} {PROBLEMS} }} }}"""
ADD = f"""mutation ($cart: ID!, $lines: [CartLineInput!]!) {{
  done: cartLinesAdd(input: {{cartId: $cart, lines: $lines}}) {{
    cart {{ {CART} }} {PROBLEMS} }} }}"""
UPDATE = f"""mutation ($cart: ID!, $lines: [CartLineUpdate!]!) {{
  done: cartLinesUpdate(input: {{cartId: $cart, lines: $lines}}) {{
    cart {{ {CART} }} {PROBLEMS} }} }}"""
READ = f"query ($id: ID!) {{ cart(id: $id) {{ {CART} }} }}"
PROVIDERS = ("enkash", "starship", "xoxoday", "woohoo")
GOODS = """query ($p: [String!]) { products(first: 100, filter: {provider: $p}) { nodes {
  id sku available currency denominations { __typename
    ... on FixedDenominations { values { faceValue { amount } price { amount currency }
                                         maxQuantity } }
    ... on DenominationRange { min { amount } max { amount } step discountPercent
                               maxQuantity } } } } }"""


@dataclass
class Shop:
    """A client with carts, in front of the recorded catalogs."""

    service: Service
    name: str = "partner"

    async def goods(self, provider: str) -> list[Any]:
        found = await self.service.client(self.name).data(GOODS, {"p": [provider]})
        return list(found["products"]["nodes"])

    async def fixed(self, provider: str, *, without_fee: bool = True) -> Any:
        return next(node for node in await self.plain(provider, "FixedDenominations", without_fee))

    async def ranged(self, provider: str) -> Any:
        return next(node for node in await self.plain(provider, "DenominationRange", True))

    async def plain(self, provider: str, kind: str, without_fee: bool) -> Any:
        """Products in stock without habits of their own, whose price has no strange parts."""
        known = self.service.simulators[provider].world.products
        return iter(
            [
                node
                for node in await self.goods(provider)
                if node["available"]
                and node["denominations"]["__typename"] == kind
                and (goods := known.get(node["sku"])) is not None
                and goods.available
                and not goods.habit
                and (bool(goods.fee) is not without_fee)
            ]
        )

    async def send(self, query: str, **variables: Any) -> Any:
        answer = await self.service.client(self.name).data(query, variables)
        return answer["done"]

    async def create(self, *lines: Mapping[str, Any]) -> Any:
        """A cart that must be made."""
        done = await self.send(CREATE, lines=list(lines))
        assert done["problems"] == []
        return done["cart"]

    async def read(self, cart: Any) -> Any:
        return (await self.service.client(self.name).data(READ, {"id": cart["id"]}))["cart"]

    def faults(self, provider: str, *wanted: Mapping[str, Any]) -> None:
        self.service.simulators[provider].faults.replace({"seed": 1, "faults": list(wanted)})

    async def rows(self) -> list[Any]:
        async with self.service.program.database.worker() as conn:
            return list(
                await conn.fetch(
                    "SELECT id, cart_id, quantity, total FROM cart_lines ORDER BY cart_id, position"
                )
            )


async def opened(service: Service) -> Shop:
    """A shop with recorded catalogs."""
    await refresh(service.program.database, service.program.providers)
    return Shop(service)


def line(product: Any, quantity: int = 1, face: str | None = None) -> dict[str, Any]:
    offered = product["denominations"]
    usual = offered["values"][0]["faceValue"] if "values" in offered else offered["min"]
    return {
        "productId": product["id"],
        "faceValue": face or usual["amount"],
        "quantity": quantity,
    }


def told(problems: Sequence[Any]) -> list[tuple[str, list[str]]]:
    return [(problem["code"], problem["path"]) for problem in problems]


def at(index: int, field: str) -> list[str]:
    return ["input", "lines", str(index), field]
