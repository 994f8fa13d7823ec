"""Filling the world: what both accounts buy, and the clients that ask for it."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.auth.api_keys import Credentials
from db import accounts, clients, deliveries
from db.clients import Limits, NewClient
from domain.ids import Kind, row_id, uuid7
from domain.viewers import Viewer
from simulators.world import State as Stage
from tests.operations.buying import (
    PLACE_AS_PARTNER,
    Buyer,
    _usual,
    faults,
    opened,
    until,
)
from tests.operations.service import Client, Service
from tests.rights.world import OURS, SHARED, STRANGERS, Account, World
from vault import Vault

FREE = Limits(reveals_per_order_hour=10**6, vouchers_per_hour=10**9)
IDS = """query ($order: ID!) {
  order(by: {id: $order}) {
    id fulfillments { id provider { id } } lines { product { id } }
    vouchers(first: 9) { nodes { id code pin claimUrl referenceNumber } }
    events(first: 1) { nodes { id } } }
  wallet { entries(first: 1) { nodes { id } } }
  webhookEndpoints { id deliveries(first: 1) { nodes { id } } }
  auditEvents(first: 1) { nodes { id } } }"""


@asynccontextmanager
async def made(service: Service, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Both accounts with everything in them; what is opened from now on is counted."""
    buyer = await opened(service)
    known = {"anonymous": service.client(None)}
    for names, owner in ((OURS, "demo"), (STRANGERS, "other")):
        for name, scopes in names.items():
            if scopes is not None:
                known[name] = await client(service, owner, name, scopes)
    for provider in ("enkash", "woohoo"):
        await buyer.product(provider)
    buyer.goods["starship"] = await _with_links(service, buyer)
    importable = [
        {"provider": name, "orderId": one.order_id}
        for name, simulator in sorted(service.simulators.items())
        for one in simulator.seeded_orders
        if one.course[-1].state is Stage.DELIVERED
    ]
    world = World(service, known, Account("demo"), Account("other"), [], buyer.goods, importable)
    for account, who, rejected in (
        (world.ours, "everything", True),
        (world.theirs, "strange operator", False),
    ):
        await _fill(world, account, who, rejected=rejected)
    _watch(monkeypatch, world.opened)
    yield world


async def _with_links(service: Service, buyer: Buyer) -> Mapping[str, str]:
    """A product whose vouchers have a link and a number of their issuer."""
    found = await buyer.client.data(
        """{ products(first: 100, filter: {
               provider: ["starship"], voucherType: [URL, URL_WITH_PIN], available: true}) {
             nodes { id sku denominations { ... on FixedDenominations {
               values { faceValue { amount } } } } } } }"""
    )
    goods = service.simulators["starship"].world.products
    return next(
        {"id": node["id"], "faceValue": node["denominations"]["values"][0]["faceValue"]["amount"]}
        for node in found["products"]["nodes"]
        if node["denominations"] and _usual(goods, node["sku"])
        if goods[node["sku"]].number % 2  # the simulator numbers every other one's vouchers
    )


async def client(service: Service, account: str, name: str, scopes: Iterable[str]) -> Client:
    """A client with these scopes and no combination forbidden: the guard has to hold for any."""
    credentials, pepper = Credentials.mint("sandbox"), service.program.parts.pepper
    async with service.program.database.worker() as conn:
        owner = await accounts.by_name(conn, account)
        assert owner is not None
        await clients.add(
            conn,
            NewClient(
                id=uuid7(),
                account=owner.id,
                key_id=credentials.key,
                name=name,
                secret_mac=pepper.mac(credentials.secret.reveal(), pepper.version),
                pepper_version=pepper.version,
                scopes=tuple(sorted(scopes)),
                limits=FREE,
                demo=True,
            ),
        )
    shown = {"key": credentials.key, "secret": credentials.secret.reveal()}
    return Client(f"{service.url}/graphql", service.session, shown)


async def _fill(world: World, account: Account, who: str, *, rejected: bool) -> None:
    service, ask = world.service, world.clients[who]
    buyer = Buyer(service, "partner" if account is world.ours else "other", dict(world.goods))
    await _listen(service, account.name)
    failed = await _rejected(service, buyer) if rejected else None
    for provider in ("enkash", "starship"):
        cart = await world.cart(who, provider)
        given = {"cartId": cart, "idempotencyKey": f"world-{cart}"}
        placed = (await ask.data(PLACE_AS_PARTNER, {"input": given}))["orderPlace"]
        assert placed["problems"] == [], placed
        await until(service, buyer, placed["order"]["id"], "FULFILLED")
        async with service.program.database.worker() as conn:
            await deliveries.feed(conn)
        # Revealed more often than a page is long: pages of the chain keep their shape.
        for _ in range(3):
            found = await ask.data(IDS, {"order": placed["order"]["id"]})
        _note(account, cart, found)
    account.ids["open cart"] = await world.cart(who, "enkash")
    if failed:
        account.ids["Fulfillment"] = failed
        account.ids["open cart"] = await _outdated(world, who)
    account.own |= {account.ids[name] for name in account.ids if name not in SHARED}


def _note(account: Account, cart: str, found: Any) -> None:
    order, [endpoint] = found["order"], found["webhookEndpoints"]
    account.ids |= {
        "Provider": order["fulfillments"][0]["provider"]["id"],
        "Product": order["lines"][0]["product"]["id"],
        "Cart": cart,
        "Order": order["id"],
        "Fulfillment": order["fulfillments"][0]["id"],
        "Voucher": order["vouchers"]["nodes"][0]["id"],
        "OrderEvent": order["events"]["nodes"][0]["id"],
        "WalletEntry": found["wallet"]["entries"]["nodes"][0]["id"],
        "AuditEvent": found["auditEvents"]["nodes"][0]["id"],
        "WebhookEndpoint": endpoint["id"],
        "WebhookDelivery": endpoint["deliveries"]["nodes"][0]["id"],
    }
    account.own |= {id for name, id in account.ids.items() if name not in SHARED}
    for unit in order["vouchers"]["nodes"]:
        account.own.add(unit.pop("id"))
        account.secrets |= {secret for secret in unit.values() if secret}


async def _listen(service: Service, account: str) -> None:
    """An endpoint that is told of orders; nobody sends, so that what waits stays as it is."""
    async with service.program.database.worker() as conn:
        owner = await accounts.by_name(conn, account)
    assert owner is not None
    viewer = Viewer(owner.id, account, uuid7(), "tester", frozenset())
    await service.program.services.endpoints.create(viewer, "https://hooks.example.com/told", ())


async def _rejected(service: Service, buyer: Buyer) -> str:
    """A fulfillment that the provider refused: it has a problem."""
    faults(service, "enkash", {"operation": "place", "fault": "out_of_stock"})
    refused = await buyer.buy("enkash", 1)
    await until(service, buyer, refused["id"], "REJECTED", "FAILED")
    faults(service, "enkash")
    return str((await buyer.order(refused["id"]))["fulfillments"][0]["id"])


def _watch(monkeypatch: pytest.MonkeyPatch, opened_: list[object]) -> None:
    original = Vault.open

    def watched(self: Vault, key: Any, sealed: bytes, binding: Any) -> Any:
        if str(binding.field) in VOUCHERS:
            opened_.append(binding.field)
        return original(self, key, sealed, binding)

    monkeypatch.setattr(Vault, "open", watched)


async def _outdated(world: World, who: str) -> str:
    """A cart that warns of something: what is in it cannot be had any more."""
    cart = await world.cart(who, "woohoo")
    async with world.service.program.database.worker() as conn:
        await conn.execute(
            "UPDATE products SET available = false WHERE provider = 'woohoo' AND id IN"
            " (SELECT product_id FROM cart_lines WHERE cart_id = $1)",
            row_id(cart, Kind.CART),
        )
    return cart


VOUCHERS = {"code", "pin", "claim_url", "reference_number"}
