"""What a partner has in hand while the programs run: the sandbox, its simulators, its own books."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from simulators import KINDS
from tests.app.process import Running, command

SEED = 7  # the world that the service plays


@dataclass
class Desk:
    """Looks at the running sandbox from outside, as the demo partner or its providers."""

    running: Running
    http: aiohttp.ClientSession
    account: str = ""

    @property
    def credentials(self) -> dict[str, str]:
        shown: dict[str, str] = self.running.ready["clients"]["partner"]
        return shown

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        body = {"query": query, "variables": variables}
        headers = self.running.headers("partner")
        async with self.http.post(self.running.url, json=body, headers=headers) as response:
            answer = await response.json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def product(self, provider: str) -> tuple[str, str]:
        """A product in stock without habits of its own, and its smallest face value."""
        found = await self.ask(
            """query ($provider: [String!]) {
                 products(first: 100, filter: {provider: $provider, available: true}) {
                   nodes { id sku denominations { ... on FixedDenominations {
                     values { faceValue { amount } } } } } } }""",
            provider=[provider],
        )
        known = KINDS[provider](SEED).world.products
        return next(
            (node["id"], node["denominations"]["values"][0]["faceValue"]["amount"])
            for node in found["products"]["nodes"]
            if node["denominations"]
            and (goods := known.get(node["sku"])) is not None
            and goods.available
            and not goods.habit
            and not goods.delayed
        )

    async def cart(self, provider: str) -> str:
        product, face_value = await self.product(provider)
        done = await self.ask(
            """mutation ($line: CartLineInput!) { cartCreate(input: {lines: [$line]}) {
                 cart { id totals { price { amount } } } } }""",
            line={"productId": product, "faceValue": face_value, "quantity": 1},
        )
        return str(done["cartCreate"]["cart"]["id"])

    async def buy(self, provider: str, key: str) -> Any:
        """An order of one unit."""
        done = await self.ask(
            """mutation ($input: OrderPlaceInput!) { orderPlace(input: $input) {
                 order { id reference } problems { message } } }""",
            input={"cartId": await self.cart(provider), "idempotencyKey": key},
        )
        assert done["orderPlace"]["problems"] == []
        return done["orderPlace"]["order"]

    async def bought(self) -> list[str]:
        """The references of all orders that were placed here."""
        found = await self.ask("{ orders(first: 100) { nodes { reference origin } } }")
        return [
            node["reference"] for node in found["orders"]["nodes"] if node["origin"] == "PLACED"
        ]

    async def ledger(self, provider: str, order: str) -> list[Any]:
        """What the provider knows of an order's parts."""
        found = await self.ask(
            "query ($id: ID!) { order(by: {id: $id}) { fulfillments { reference } } }", id=order
        )
        ours = {part["reference"] for part in found["order"]["fulfillments"]}
        async with self.http.get(f"{self._simulator(provider)}/_sim/ledger") as response:
            return [row for row in await response.json() if row["reference"] in ours]

    async def simulate(self, provider: str, **settings: Any) -> None:
        url = f"{self._simulator(provider)}/_sim/settings"
        async with self.http.put(url, json=settings) as response:
            assert response.status == 200, await response.text()

    async def sequences(self) -> list[str]:
        """The whole log."""
        found: list[str] = []
        after, more = None, True
        while more:
            page = await self.ask(
                """query ($after: String) { orderEvents(first: 100, after: $after) {
                     nodes { sequence } pageInfo { hasNextPage endCursor } } }""",
                after=after,
            )
            found += [node["sequence"] for node in page["orderEvents"]["nodes"]]
            after = page["orderEvents"]["pageInfo"]["endCursor"]
            more = page["orderEvents"]["pageInfo"]["hasNextPage"]
        return found

    async def endpoint(self, url: str) -> tuple[str, str]:
        """A webhook endpoint of the partner, made by the operator's command: id and secret."""
        if not self.account:
            listed = (await self._command("accounts", "list")).splitlines()
            self.account = next(line.split()[0] for line in listed if line.endswith("  demo"))
        made = await self._command("webhooks", "create", "--account", self.account, "--url", url)
        return made.split()[1], made.split()[3]

    async def replay(self, endpoint: str, after: str) -> None:
        await self._command("webhooks", "replay", endpoint, "--after", after)

    async def _command(self, *words: str) -> str:
        done = await asyncio.to_thread(command, self.running.directory, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _simulator(self, provider: str) -> str:
        return str(self.running.ready["simulators"][provider])
