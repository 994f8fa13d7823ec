"""Outgoing webhooks in the graph: who sees them, what is shown, and what a purchase tells."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks import Webhook

from db import accounts
from domain.ids import Kind, global_id, uuid7
from domain.secret import Secret
from domain.viewers import Viewer
from domain.webhooks import Endpoint
from tests.notices.receiver import Receiver, receiving
from tests.operations.buying import Buyer, until
from tests.operations.service import Service
from tests.operations.test_canary import hits, secrets_of

ENDPOINTS = """{ webhookEndpoints { id url events enabled disabledReason failingSince lastSequence
  createdAt deliveries(first: 2) { pageInfo { hasNextPage endCursor } nodes {
    id messageId state attempts responseStatus durationMs problem lastAttemptAt nextAttemptAt
    event { sequence type order { reference } } } } } }"""
REPLAY = """mutation ($input: WebhookReplayInput!) { webhookReplay(input: $input) {
  endpoint { id lastSequence } problems { code message path retry retryAfterMs } } }"""
NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) { id
  ... on WebhookEndpoint { enabled } ... on WebhookDelivery { state } } }"""


@dataclass
class Told:
    """An endpoint of the account demo, and whoever is told there."""

    service: Service
    receiver: Receiver
    endpoint: Endpoint
    secret: Secret

    @property
    def id(self) -> str:
        return global_id(Kind.WEBHOOK_ENDPOINT, self.endpoint.id)

    async def work(self) -> None:
        while await self.service.program.announcer.step():
            pass

    async def replay(self, after: str, client: str = "partner", id: str | None = None) -> Any:
        given = {"input": {"endpointId": id or self.id, "after": after}}
        found = await self.service.client(client).data(REPLAY, given)
        return found["webhookReplay"]


async def operator(service: Service, account: str) -> Viewer:
    async with service.program.database.worker() as conn:
        found = await accounts.by_name(conn, account)
    assert found is not None
    return Viewer(found.id, account, uuid7(), "tester", frozenset())


@pytest.fixture
async def told(service: Service) -> AsyncIterator[Told]:
    async with receiving() as receiver:
        endpoint, secret = await service.program.services.endpoints.create(
            await operator(service, "demo"), f"{receiver.url}/hook?token=hush", ()
        )
        yield Told(service, receiver, endpoint, secret)
        await service.program.announcer.close()


async def test_a_purchase_is_told_without_a_secret(told: Told, buyer: Buyer) -> None:
    service = told.service
    order = await buyer.buy("enkash")
    await until(service, buyer, order["id"], "FULFILLED")
    await told.work()
    got = sorted(told.receiver.got, key=lambda one: one.sequence)
    log = (await buyer.order(order["id"]))["events"]["nodes"]
    assert [one.message["type"] for one in got] == [f"order.{e['type'].lower()}" for e in log]
    assert [one.message["data"]["status"] for one in got] == [e["status"] for e in log]
    assert {one.message["data"]["orderId"] for one in got} == {order["id"]}
    for one in got:
        Webhook(told.secret.reveal()).verify(one.body, one.headers)
        assert one.message["data"].keys() == {"orderId", "orderReference", "sequence", "status"}
    assert (await buyer.secrets(order["id"])).data  # there was something to give away
    seen = "".join(one.body.decode() + json.dumps(one.headers) for one in got)
    assert hits(seen, secrets_of(service)) == []


async def test_the_account_sees_its_endpoints_and_nothing_of_their_secrets(
    told: Told, buyer: Buyer
) -> None:
    client = told.service.client("readonly")
    await buyer.buy("enkash")
    told.receiver.status = 500
    await told.work()
    (found,) = (await client.data(ENDPOINTS))["webhookEndpoints"]
    assert found["url"] == f"{told.receiver.url}/hook"
    assert found["enabled"] is True
    assert found["failingSince"]
    assert "STATUS_CHANGED" in found["events"]
    delivery = found["deliveries"]["nodes"][0]
    assert delivery["state"] == "PENDING"
    assert (delivery["attempts"], delivery["responseStatus"]) == (1, 500)
    assert delivery["problem"] == "answered 500"
    assert delivery["nextAttemptAt"] > delivery["lastAttemptAt"]
    assert delivery["event"]["sequence"] == found["lastSequence"]
    assert delivery["messageId"] in {one.id for one in told.receiver.got}
    shown = json.dumps(found)
    assert "hush" not in shown
    assert told.secret.reveal() not in shown
    again = (await client.data(NODES, {"ids": [found["id"], delivery["id"]]}))["nodes"]
    assert again == [
        {"id": found["id"], "enabled": True},
        {"id": delivery["id"], "state": "PENDING"},
    ]


async def test_another_account_sees_and_replays_nothing(told: Told, buyer: Buyer) -> None:
    await buyer.buy("enkash")
    await told.work()
    (mine,) = (await buyer.client.data(ENDPOINTS))["webhookEndpoints"]
    stranger = told.service.client("other")
    assert (await stranger.data(ENDPOINTS))["webhookEndpoints"] == []
    ids = [mine["id"], mine["deliveries"]["nodes"][0]["id"]]
    assert (await stranger.data(NODES, {"ids": ids}))["nodes"] == [None, None]
    missing = await told.replay("0", "other", global_id(Kind.WEBHOOK_ENDPOINT, uuid7()))
    assert missing["problems"][0]["code"] == "NOT_FOUND"
    assert await told.replay("0", "other") == missing
    assert await told.replay("0", "other", "not an id") == missing


async def test_the_anonymous_and_those_without_the_scope_are_refused(told: Told) -> None:
    answer = await told.service.client(None).send(ENDPOINTS)
    assert answer.codes == ["UNAUTHENTICATED"]
    sent = {"input": {"endpointId": told.id, "after": "0"}}
    assert (await told.service.client(None).send(REPLAY, sent)).codes == ["UNAUTHENTICATED"]


async def test_a_client_has_the_log_told_again(told: Told, buyer: Buyer) -> None:
    await buyer.buy("enkash")
    await told.work()
    page = await buyer.client.data(
        "{ orderEvents(first: 1) { edges { cursor node { sequence } } } }"
    )
    (edge,) = page["orderEvents"]["edges"]
    before = {one.sequence: one.id for one in told.receiver.got}
    told.receiver.got.clear()
    payload = await told.replay(edge["cursor"])
    assert payload["problems"] == []
    assert payload["endpoint"]["lastSequence"] == edge["node"]["sequence"]
    await told.work()
    first = int(edge["node"]["sequence"])
    assert {one.sequence: one.id for one in told.receiver.got} == {
        number: id for number, id in before.items() if number > first
    }
    # Once in a minute.
    (problem,) = (await told.replay("0"))["problems"]
    assert (problem["code"], problem["retry"]) == ("RATE_LIMITED", "AFTER")
    assert 0 < problem["retryAfterMs"] <= 60_000
    async with told.service.program.database.worker() as conn:
        row = await conn.fetchrow(
            "SELECT actor, subject, fields, request_id FROM audit_events"
            " WHERE action = 'WEBHOOK_CHANGED' ORDER BY sequence DESC"
        )
    assert row is not None
    assert row["subject"] == told.id
    assert row["fields"] == [f"replay after {first}"]
    assert row["actor"] != "tester"
    assert row["request_id"]


@pytest.mark.parametrize("after", ["", "x", "-1", "99999999", "9" * 30, "1.5", "WzFd"])
async def test_a_place_that_is_not_in_the_log_is_refused(told: Told, after: str) -> None:
    (problem,) = (await told.replay(after))["problems"]
    assert (problem["code"], problem["path"]) == ("INVALID_INPUT", ["input", "after"])


async def test_managing_is_refused_with_reasons(told: Told) -> None:
    from domain.problems import Refused  # noqa: PLC0415

    endpoints = told.service.program.services.endpoints
    demo = await operator(told.service, "demo")
    for url, said in (
        ("http://10.0.0.1/", "https"),
        ("https://10.0.0.1/", "internet"),
        ("https://partner.example:25/", "port"),
        ("https://me:word@partner.example/", "user and password"),
    ):
        with pytest.raises(Refused, match=said):
            await endpoints.create(demo, url, ())
    nobody = Viewer(UUID(int=1), "", uuid7(), "tester", frozenset())
    with pytest.raises(Refused, match="no such account"):
        await endpoints.create(nobody, "https://partner.example/", ())
    for _ in range(19):
        await endpoints.create(demo, "https://partner.example/", ())
    with pytest.raises(Refused, match="at most 20"):
        await endpoints.create(demo, "https://partner.example/", ())
