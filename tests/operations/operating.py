"""Operating at the outer edge: the operator's mutations, and fulfillments in every state."""

from dataclasses import dataclass
from typing import Any

from domain.ids import Kind, global_id
from simulators.world import State, Step
from tests.operations.buying import Buyer, faults, ledger, pass_time, until
from tests.operations.service import Service

PAUSE = """mutation ($input: ProviderPauseInput!) { providerPause(input: $input) {
  provider { name health { paused } } problems { code message path } } }"""
RESUME = """mutation ($input: ProviderResumeInput!) { providerResume(input: $input) {
  provider { name health { paused } } problems { code message path } } }"""
RESOLVE = """mutation ($input: FulfillmentResolveInput!) { fulfillmentResolve(input: $input) {
  fulfillment { id status reference providerOrderId delivered total order { id status }
                attempts { number outcome } }
  problems { code message path } } }"""
CANCEL = """mutation ($input: OrderCancelInput!) { orderCancel(input: $input) {
  pending order { id status settled } problems { code message retry retryAfterMs outcome } } }"""
RESEND = """mutation ($input: VouchersResendInput!) { vouchersResend(input: $input) {
  order { id } problems { code message retry retryAfterMs } } }"""
# Everything that an operation could have moved.
STATE = """
SELECT (SELECT json_agg(f ORDER BY f.id) FROM (SELECT id, state, delivered, failed, reference,
            provider_order_id, generation FROM fulfillments) f)::text
    || (SELECT coalesce(json_agg(w ORDER BY w.account, w.currency)::text, '')
          FROM (SELECT account, currency, available, held FROM wallets) w)
    || (SELECT count(*) FROM transfers) || '/' || (SELECT count(*) FROM order_events)
    || '/' || (SELECT count(*) FROM audit_events) || '/' || (SELECT count(*) FROM provider_pauses)
"""


@dataclass
class Operator:
    """The demo operator, and what it does."""

    service: Service

    async def _send(self, query: str, field: str, **given: Any) -> Any:
        answer = await self.service.client("operator").data(query, {"input": given})
        return answer[field]

    async def pause(self, provider: str, reason: str = "maintenance") -> Any:
        return await self._send(PAUSE, "providerPause", provider=provider, reason=reason)

    async def resume(self, provider: str) -> Any:
        return await self._send(RESUME, "providerResume", provider=provider)

    async def resolve(self, fulfillment: str, resolution: str, **more: Any) -> Any:
        return await self._send(
            RESOLVE,
            "fulfillmentResolve",
            fulfillmentId=fulfillment,
            resolution=resolution,
            **{"reason": "asked the provider", **more},
        )

    async def audited(self, action: str) -> list[dict[str, Any]]:
        """The rows of that action in any account's chain, with the account's name."""
        async with self.service.program.database.worker() as conn:
            rows = await conn.fetch(
                "SELECT e.actor, e.fields, e.purpose, a.name FROM audit_events e"
                " JOIN accounts a ON a.id = e.account WHERE action = $1 ORDER BY e.at",
                action,
            )
        return [dict(row) for row in rows]


async def state(service: Service) -> str:
    """All of it as text: equal texts mean that nothing moved."""
    async with service.program.database.worker() as conn:
        return str(await conn.fetchval(STATE))


async def sql(service: Service, statement: str, *arguments: Any) -> Any:
    async with service.program.database.worker() as conn:
        return await conn.fetch(statement, *arguments)


async def revealed(buyer: Buyer, order: str) -> list[dict[str, Any]]:
    """The opened vouchers of an order."""
    answer = await buyer.secrets(order)
    return list(answer.data["order"]["vouchers"]["nodes"])


def accepted(service: Service, provider: str) -> Any:
    """The simulator's only order of ours, to be turned."""
    simulator = service.simulators[provider]
    [row] = ledger(service, provider)
    return simulator.world.by_reference(row["reference"])


async def stuck(service: Service, buyer: Buyer, provider: str, quantity: int = 2) -> Any:
    """An order that the provider has accepted and works on for ever."""
    faults(service, provider, {"operation": "place", "fault": "stuck"})
    order = await buyer.buy(provider, quantity)
    faults(service, provider)
    return await buyer.order(order["id"])


def turned(service: Service, provider: str, to: State, units: int) -> None:
    theirs = accepted(service, provider)
    theirs.turn(Step(service.simulators[provider].settings.now() - 0.001, to, units))


async def never_found(service: Service, buyer: Buyer, quantity: int = 2) -> Any:
    """An order in review: of unknown outcome, and not in the provider's list after 21 hours."""
    faults(service, "starship", {"operation": "place", "fault": "error_before"})
    order = await buyer.buy("starship", quantity)
    await until(service, buyer, order["id"], "UNKNOWN")
    faults(service, "starship")
    await sql(service, "UPDATE fulfillments SET first_sent_at = first_sent_at - interval '21 h'")
    await pass_time(service)
    found = await buyer.order(order["id"])
    assert found["fulfillments"][0]["status"] == "NEEDS_REVIEW"
    return found


async def late(service: Service, buyer: Buyer, provider: str = "enkash", quantity: int = 2) -> Any:
    """An order in review: reported failed, released, and then delivered after all."""
    await stuck(service, buyer, provider, quantity)
    turned(service, provider, State.FAILED, 0)
    await pass_time(service)
    turned(service, provider, State.DELIVERED, quantity)
    await pass_time(service)
    async with service.program.database.worker() as conn:
        id = await conn.fetchval("SELECT id FROM orders ORDER BY placed_at DESC LIMIT 1")
    found = await buyer.order(global_id(Kind.ORDER, id))
    assert found["fulfillments"][0]["status"] == "NEEDS_REVIEW"
    return found
