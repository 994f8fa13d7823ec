"""A valid input for every mutation: with the scope it is done, without it nothing happens."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from graphql import GraphQLInputObjectType, get_named_type

from domain.ids import uuid7
from tests.rights.asking import Asked, selection
from tests.rights.printed import schema
from tests.rights.world import World

Input = dict[str, Any]


async def _top_up(world: World) -> Input:
    return {"amount": "10.00", "currency": "INR", "idempotencyKey": f"rights-{uuid7()}"}


async def _create(world: World) -> Input:
    return {"lines": [world.line("enkash")]}


async def _add(world: World) -> Input:
    return {"cartId": await world.cart(), "lines": [world.line("starship")]}


async def _update(world: World) -> Input:
    cart = await world.cart()
    found = await world.clients["owner"].data(f'{{ cart(id: "{cart}") {{ lines {{ id }} }} }}')
    return {"cartId": cart, "lines": [{"id": found["cart"]["lines"][0]["id"], "quantity": 2}]}


async def _place(world: World) -> Input:
    return {"cartId": await world.cart(), "idempotencyKey": f"rights-{uuid7()}"}


async def _import(world: World) -> Input:
    return dict(world.importable.pop())


async def _cancel(world: World) -> Input:
    return {"orderId": world.ours.ids["Order"], "reason": "not wanted"}


async def _resend(world: World) -> Input:
    return {"orderId": world.ours.ids["Order"]}


async def _pause(world: World) -> Input:
    return {"provider": "xoxoday", "reason": "maintenance"}


async def _resume(world: World) -> Input:
    return {"provider": "xoxoday"}


async def _resolve(world: World) -> Input:
    return {
        "fulfillmentId": world.ours.ids["Fulfillment"],
        "resolution": "KEEP",
        "reason": "asked the provider",
    }


async def _replay(world: World) -> Input:
    async with world.service.program.database.worker() as conn:
        await conn.execute("UPDATE webhook_endpoints SET replayed_at = NULL")
    return {"endpointId": world.ours.ids["WebhookEndpoint"], "after": "0"}


INPUTS: Mapping[str, Callable[[World], Awaitable[Input]]] = {
    "walletTopUp": _top_up,
    "cartCreate": _create,
    "cartLinesAdd": _add,
    "cartLinesUpdate": _update,
    "orderPlace": _place,
    "orderImport": _import,
    "orderCancel": _cancel,
    "vouchersResend": _resend,
    "providerPause": _pause,
    "providerResume": _resume,
    "fulfillmentResolve": _resolve,
    "webhookReplay": _replay,
}
# What is written when one is done; the others find nothing to do in this world, and say so.
WRITTEN: Mapping[str, set[str]] = {
    "walletTopUp": {"wallets", "transfers", "topups", "audit_events"},
    "cartCreate": {"carts", "cart_lines"},
    "cartLinesAdd": {"carts", "cart_lines"},
    "cartLinesUpdate": {"carts", "cart_lines"},
    "orderPlace": {"orders", "fulfillments", "wallets", "order_events", "ledgers"},
    "orderImport": {"orders", "vouchers", "order_events", "audit_events"},
    "providerPause": {"provider_pauses", "audit_events"},
    "providerResume": {"provider_pauses", "audit_events"},
    "webhookReplay": {"webhook_endpoints", "audit_events"},
}


def operation(given: Mapping[str, Input], deep: int = 1) -> Asked:
    """One document with these mutations, each by its name."""
    root = schema().mutation_type
    assert root is not None
    variables, fields = [], []
    for name in given:
        kind = root.fields[name].args["input"].type
        assert isinstance(get_named_type(kind), GraphQLInputObjectType)
        variables.append(f"${name}: {kind}")
        payload = selection(get_named_type(root.fields[name].type), deep)
        fields.append(f"{name}(input: ${name}) {{ {payload} }}")
    text = f"mutation ({', '.join(variables)}) {{ {' '.join(fields)} }}"
    return Asked(", ".join(given), text, given)
