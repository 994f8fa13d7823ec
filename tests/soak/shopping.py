"""Clients that buy, insist, lose their connection and repeat themselves."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.operations.buying import CREATE, PLACE_AS_PARTNER
from tests.soak.arena import Arena

CLIENTS = ("partner", "other")
PROVIDERS = ("enkash", "starship", "xoxoday", "woohoo")
GOODS = """query ($p: [String!]) {
  products(first: 100, filter: {provider: $p, available: true}) {
    nodes { id sku denominations { ... on FixedDenominations {
      values { faceValue { amount } maxQuantity } } } } } }"""
LIVE = "query ($id: ID!) { order(by: {id: $id}) { status live fulfillments { status live } } }"
# No answer, or one that says that there is none: the same request is made again.
LOST = (aiohttp.ClientError, OSError, TimeoutError)
PATIENCE_SECONDS = 20.0
REFUSALS = 3


@dataclass(frozen=True, slots=True)
class Good:
    """One thing to put into a cart."""

    provider: str
    product: str
    face_value: str
    most: int


@dataclass(slots=True)
class Bought:
    """An order that was accepted for that client under that key."""

    client: str
    key: str
    cart: str
    order: str


@dataclass(repr=False)
class Shopper:
    """Buys for both accounts, by the dice."""

    arena: Arena
    dice: random.Random
    goods: dict[str, list[Good]] = field(default_factory=dict)
    bought: list[Bought] = field(default_factory=list)

    async def browse(self) -> None:
        """Find what can be bought: in stock, and without a habit of its own."""
        for provider in PROVIDERS:
            known = self.arena.simulators[provider].world.products
            found = await self.arena.data("partner", GOODS, {"p": [provider]})
            self.goods[provider] = [
                Good(provider, node["id"], value["faceValue"]["amount"], value["maxQuantity"] or 10)
                for node in found["products"]["nodes"]
                if (goods := known.get(node["sku"])) and goods.available and not goods.habit
                for value in (node["denominations"] or {}).get("values", ())[:1]
            ]
            assert self.goods[provider], provider

    async def buy(self, number: int) -> Bought | None:
        """Make a cart and order it, whatever it takes; None when that was refused."""
        client = self.dice.choice(CLIENTS)
        providers = self.dice.choices(PROVIDERS, k=self.dice.randint(1, 3))
        goods = [self.dice.choice(self.goods[provider]) for provider in providers]
        quantities = [min(self.dice.randint(1, 4), good.most) for good in goods]
        return await self.order(
            client, f"soak-order-{number}", list(zip(goods, quantities, strict=True))
        )

    async def order(self, client: str, key: str, lines: list[tuple[Good, int]]) -> Bought | None:
        cart = await self._cart(client, lines)
        if cart is None:
            return None
        for _ in range(REFUSALS):
            order = await self.place(client, cart, key)
            if order is not None:
                bought = Bought(client, key, cart, order)
                self.bought.append(bought)
                await self._look()
                return bought
            await asyncio.sleep(self.dice.uniform(0, 0.3))
        self.arena.counts["given up"] += 1
        return None

    async def place(self, client: str, cart: str, key: str) -> str | None:
        """The order's id by one request, or by several of the same key at once."""
        roll = self.dice.random()
        if roll < 0.2:
            # Somebody who does not wait for the answer.
            wait = self.dice.uniform(0.01, 0.4)
            self.arena.counts["left"] += await self._leave(client, cart, key, wait)
        copies = self.dice.randint(2, 3) if roll > 0.7 else 1
        answers = await asyncio.gather(*(self.insist(client, cart, key) for _ in range(copies)))
        orders = {answer["order"]["id"] for answer in answers if answer["order"]}
        assert len(orders) <= 1, f"one key bought {len(orders)} orders"
        for answer in answers:
            for problem in answer["problems"]:
                self.arena.counts[f"refused {problem['code']}"] += 1
            self.arena.counts["replayed"] += bool(answer["replayed"])
        return orders.pop() if orders else None

    async def _look(self) -> None:
        """Look at some order, which asks its providers; whatever they say, nobody waits for it."""
        bought = self.dice.choice(self.bought)
        with suppress(*LOST):
            answer = await self.arena.ask(bought.client, LIVE, {"id": bought.order})
            self.arena.counts["looks in vain"] += bool(answer.get("errors"))

    async def _leave(self, client: str, cart: str, key: str, wait: float) -> bool:
        try:
            async with asyncio.timeout(wait):
                await self.arena.ask(client, PLACE_AS_PARTNER, _input(cart, key))
        except LOST:
            return True
        return False

    async def _cart(self, client: str, lines: list[tuple[Good, int]]) -> str | None:
        wanted = [
            {"productId": good.product, "faceValue": good.face_value, "quantity": quantity}
            for good, quantity in lines
        ]
        payload = (await self._answered(client, CREATE, {"lines": wanted}))["cartCreate"]
        if payload["problems"]:
            self.arena.counts["no cart"] += 1
            return None
        return str(payload["cart"]["id"])

    async def insist(self, client: str, cart: str, key: str) -> Any:
        answer = await self._answered(client, PLACE_AS_PARTNER, _input(cart, key))
        return answer["orderPlace"]

    async def _answered(self, client: str, query: str, variables: Any) -> Any:
        """Ask until there is an answer with data; the service may be dead meanwhile."""
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        last: Any = None
        while asyncio.get_running_loop().time() < end:
            try:
                answer = await self.arena.ask(client, query, variables)
            except LOST as error:
                last = error
            else:
                if not answer.get("errors"):
                    return answer["data"]
                last = answer["errors"]
                code = last[0]["extensions"]["code"]
                self.arena.counts[f"error {code}"] += 1
                assert code != "INVALID_INPUT", last
            await asyncio.sleep(0.1)
        raise AssertionError(f"no answer in {PATIENCE_SECONDS} s: {last!r}")


def _input(cart: str, key: str) -> dict[str, Any]:
    return {"input": {"cartId": cart, "idempotencyKey": key}}
