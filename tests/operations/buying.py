"""Buying at the outer edge: fill a cart, order it, let time pass, look at every ledger."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ordering.catalog import refresh
from simulators.catalog import Product as Goods
from tests.operations.service import Service

CREATE = """mutation ($lines: [CartLineInput!]) { cartCreate(input: {lines: $lines}) {
  cart { id lines { id quantity total { amount currency } product { name } }
         totals { price { amount currency } } warnings { code } }
  problems { code message path } } }"""
PLACE = """mutation ($input: OrderPlaceInput!) { orderPlace(input: $input) {
  replayed order { id reference status settled }
  problems { code message retry outcome path providerCode } } }"""
PLACE_AS_PARTNER = PLACE.replace(" providerCode", "")
ORDER = """query ($id: ID!) { order(by: {id: $id}) {
  id status settled
  lines { quantity delivered failed total { amount currency } }
  totals { price { amount currency } held { amount } captured { amount } released { amount }
           refunded { amount } }
  fulfillments { id reference status providerOrderId delivered total provider { name }
                 problem { code message } }
  vouchers(first: 100) { totalCount nodes { state maskedCode } }
  events(first: 100) { nodes { type status } } } }"""
WALLET = "{ wallet { balances { available { amount currency } held { amount } } } }"

# What makes time pass: unknown outcomes are looked for after settling time and gap.
QUICK = {
    "ENKASH_SETTLING_SECONDS": "0.2",
    "XOXODAY_SETTLING_SECONDS": "0.2",
    "WOOHOO_SETTLING_SECONDS": "0.2",
    "STARSHIP_SETTLING_SECONDS": "0.2",
    "VOUCHERGRAPH_NOT_FOUND_GAP_SECONDS": "0.2",
}


@dataclass
class Buyer:
    """One client that buys."""

    service: Service
    name: str = "partner"
    goods: dict[str, Any] = field(default_factory=dict)

    async def cart(self, lines: Sequence[tuple[str, int]]) -> str:
        """A cart with a line for each (provider, quantity); its id."""
        wanted = [
            {
                "productId": (await self.product(provider))["id"],
                "faceValue": (await self.product(provider))["faceValue"],
                "quantity": quantity,
            }
            for provider, quantity in lines
        ]
        payload = (await self.client.data(CREATE, {"lines": wanted}))["cartCreate"]
        assert payload["problems"] == [], payload["problems"]
        return str(payload["cart"]["id"])

    @property
    def client(self) -> Any:
        return self.service.client(self.name)

    async def product(self, provider: str) -> Any:
        """A product of that provider that is in stock, with its smallest face value."""
        if provider not in self.goods:
            found = await self.client.data(
                """query ($p: [String!]) {
                     products(first: 100, filter: {provider: $p, available: true}) {
                       nodes { id sku name denominations { ... on FixedDenominations {
                         values { faceValue { amount currency } } } } } } }""",
                {"p": [provider]},
            )
            simulator = self.service.simulators[provider]
            self.goods[provider] = next(
                {"id": node["id"], "sku": node["sku"], "faceValue": value["faceValue"]["amount"]}
                for node in found["products"]["nodes"]
                if node["denominations"] and _usual(simulator.world.products, node["sku"])
                for value in node["denominations"]["values"][:1]
            )
        return self.goods[provider]

    async def place(self, cart: str, key: str, **more: Any) -> Any:
        given = {"cartId": cart, "idempotencyKey": key, **more}
        answer = await self.client.data(PLACE_AS_PARTNER, {"input": given})
        return answer["orderPlace"]

    async def buy(self, provider: str, quantity: int = 2, key: str | None = None) -> Any:
        """Order one line; the order as the mutation answered it."""
        cart = await self.cart([(provider, quantity)])
        payload = await self.place(cart, key or f"key-{cart}")
        assert payload["problems"] == [], payload["problems"]
        return payload["order"]

    async def order(self, id: str) -> Any:
        return (await self.client.data(ORDER, {"id": id}))["order"]

    async def secrets(self, id: str) -> Any:
        """The answer to asking for every code of an order."""
        query = """query ($id: ID!) { order(by: {id: $id}) {
          vouchers(first: 100) { nodes { code pin claimUrl } } } }"""
        return await self.client.send(query, {"id": id})

    async def balance(self, currency: str) -> tuple[Decimal, Decimal]:
        """What is available and what is held."""
        found = await self.client.data(WALLET)
        for balance in found["wallet"]["balances"]:
            if balance["available"]["currency"] == currency:
                return Decimal(balance["available"]["amount"]), Decimal(balance["held"]["amount"])
        return Decimal(0), Decimal(0)


def _usual(products: Mapping[str, Goods], sku: str) -> bool:
    """Neither delayed nor with a habit of its own."""
    goods = products.get(sku)
    return goods is not None and goods.available and not goods.habit and not goods.delayed


async def opened(service: Service) -> Buyer:
    """A buyer with money, and catalogs to buy from."""
    from app.demo import fill_wallets  # noqa: PLC0415

    await refresh(service.program.database, service.program.providers)
    await fill_wallets(service.program)
    return Buyer(service)


async def pass_time(service: Service, steps: int = 1) -> None:
    """Everything that waits is due now, and the worker looks at it."""
    for _ in range(steps):
        async with service.program.database.worker() as conn:
            await conn.execute("UPDATE fulfillments SET due_at = now() WHERE due_at IS NOT NULL")
        await service.program.services.fulfiller.step()


async def until(service: Service, buyer: Buyer, order: str, *statuses: str) -> Any:
    """Let the worker work until a fulfillment has one of these states; the order then."""
    found = None
    for _ in range(60):
        found = await buyer.order(order)
        if all(part["status"] in statuses for part in found["fulfillments"]):
            return found
        await asyncio.sleep(0.1)
        await service.program.services.fulfiller.step()
    raise AssertionError(f"never {statuses}: {found}")


async def age(service: Service, steps: int = 1) -> None:
    """An hour passes for everything whose outcome is unknown, and the worker looks at it."""
    for _ in range(steps):
        async with service.program.database.worker() as conn:
            await conn.execute(
                "UPDATE fulfillments SET call_ended_at = call_ended_at - interval '1 hour',"
                " not_found_at = not_found_at - interval '1 hour'"
            )
        await pass_time(service)


def ledger(service: Service, provider: str) -> list[dict[str, Any]]:
    """The simulator's orders that are ours."""
    simulator = service.simulators[provider]
    rows = simulator.world.ledger(simulator.settings.now())
    return [row for row in rows if not row["reference"].startswith("PO-20")]


def faults(service: Service, provider: str, *wanted: dict[str, Any]) -> None:
    service.simulators[provider].faults.replace({"seed": 1, "faults": list(wanted)})


async def money_is_right(buyer: Buyer, id: str) -> None:
    """Held, captured and released use the price up exactly; the ledger's rows sum to zero."""
    order = await buyer.order(id)
    for total in order["totals"]:
        parts = [Decimal(total[name]["amount"]) for name in ("held", "captured", "released")]
        assert sum(parts) == Decimal(total["price"]["amount"]), total
    async with buyer.service.program.database.worker() as conn:
        off = await conn.fetch(
            """SELECT w.account, w.currency FROM wallets w WHERE (w.available, w.held) <> (
                 SELECT coalesce(sum(CASE WHEN credit = 'available' THEN amount
                                          WHEN debit = 'available' THEN -amount ELSE 0 END), 0),
                        coalesce(sum(CASE WHEN credit = 'held' THEN amount
                                          WHEN debit = 'held' THEN -amount ELSE 0 END), 0)
                   FROM transfers t WHERE t.account = w.account AND t.currency = w.currency)"""
        )
    assert off == []
