"""Every event arrives at least once, under one id, whoever fails on the way."""

import asyncio
import time
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from db import deliveries, endpoints
from domain.ids import Kind, global_id
from domain.orders import OrderEventType
from domain.secret import Secret
from notices.schedule import GIVEN_UP_AFTER, RETRIES
from ordering import announcing, chores
from ordering.announcing import Announcer
from ordering.endpoints import BY_OPERATOR
from tests.notices.conftest import House
from tests.notices.receiver import Received, Receiver, receiving


async def until_sent(announcer: Announcer, receiver: Receiver) -> None:
    """Steps until something is in the receiver's hands."""
    while not receiver.arrived.is_set():
        await announcer.step()


def verifies(secret: Secret, got: Received) -> bool:
    try:
        Webhook(secret.reveal()).verify(got.body, got.headers)
    except WebhookVerificationError:
        return False
    return True


async def test_what_happens_is_told_signed_and_thin(house: House, receiver: Receiver) -> None:
    await house.happen()  # before there was an endpoint
    endpoint, secret = await house.told(f"{receiver.url}/hook?key=abc")
    numbers = await house.happen(3)
    announcer = house.announcer()
    await house.work(announcer)
    assert sorted(receiver.sequences) == numbers
    first = next(one for one in receiver.got if one.sequence == numbers[0])
    assert first.path == "/hook?key=abc"
    assert first.message["type"] == "order.status_changed"
    assert first.message["data"] == {
        "orderId": global_id(Kind.ORDER, house.order.order.id),
        "orderReference": house.order.order.reference,
        "sequence": str(numbers[0]),
        "status": "DELIVERED",
    }
    assert all(verifies(secret, one) for one in receiver.got)
    assert len({one.id for one in receiver.got}) == 3
    assert await house.rows() == [(n, "delivered", 1, None) for n in numbers]
    assert house.tries == ["delivered"] * 3
    assert (await house.endpoint(endpoint.id)).cursor == numbers[-1]
    assert not await announcer.step()
    assert len(receiver.got) == 3


async def test_an_endpoint_gets_only_what_it_asked_for(house: House, receiver: Receiver) -> None:
    endpoint, _ = await house.told(receiver.url, OrderEventType.REFUNDED)
    await house.happen(2)
    (wanted,) = await house.happen(type=OrderEventType.REFUNDED)
    last = await house.happen(2)
    await house.work(house.announcer())
    assert receiver.sequences == [wanted]
    assert (await house.endpoint(endpoint.id)).cursor == last[-1]


async def test_a_long_log_is_taken_up_in_stretches(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "BATCH", 3)
    monkeypatch.setattr(deliveries, "MOST_WAITING", 6)
    await house.told(receiver.url)
    numbers = await house.happen(20)
    async with house.database.worker() as conn:
        fed = [await deliveries.feed(conn) for _ in range(4)]
    # Whoever does not take what is waiting is not handed ever more.
    assert fed == [3, 3, 0, 0]
    await house.work(house.announcer())
    assert sorted(receiver.sequences) == numbers


async def test_failures_are_tried_again_by_the_schedule_and_given_up(
    house: House, receiver: Receiver
) -> None:
    endpoint, secret = await house.told(receiver.url)
    (number,) = await house.happen()
    receiver.status = 503
    announcer = house.announcer()
    waits = []
    for tried in range(1, len(RETRIES) + 1):
        await house.due()
        await house.work(announcer)
        (row,) = await house.rows()
        assert row == (number, "pending", tried, "answered 503")
        waits += [row[0] for row in await house.rows("due_at - now()")]
    for wait, wanted in zip(waits, RETRIES, strict=True):
        assert 0.9 * wanted - timedelta(seconds=5) <= wait <= 1.1 * wanted
    await house.due()
    await house.work(announcer)
    assert await house.rows() == [(number, "failed", len(RETRIES) + 1, "answered 503")]
    assert len({one.id for one in receiver.got}) == 1
    assert len({one.body for one in receiver.got}) == 1
    assert all(verifies(secret, one) for one in receiver.got)
    assert house.tries == ["retry"] * len(RETRIES) + ["failed"]
    found = await house.endpoint(endpoint.id)
    assert found.enabled
    assert found.failing_since is not None
    # The next one that arrives clears the record.
    receiver.status = 200
    await house.happen()
    await house.work(announcer)
    assert (await house.endpoint(endpoint.id)).failing_since is None


async def test_an_endpoint_that_took_nothing_for_five_days_is_disabled(
    house: House, receiver: Receiver
) -> None:
    endpoint, _ = await house.told(receiver.url)
    await house.happen()
    receiver.status = 500
    announcer = house.announcer()
    await house.work(announcer)
    await house.failing_for(endpoint.id, GIVEN_UP_AFTER - timedelta(minutes=1))
    await house.due()
    await house.work(announcer)
    assert (await house.endpoint(endpoint.id)).enabled
    await house.failing_for(endpoint.id, GIVEN_UP_AFTER + timedelta(minutes=1))
    await house.due()
    await house.work(announcer)
    found = await house.endpoint(endpoint.id)
    assert (found.enabled, found.disabled_reason) == (False, announcing.SILENT)
    got = len(receiver.got)
    await house.happen()
    await house.due()
    assert not await announcer.step()
    assert len(receiver.got) == got


async def test_410_disables_and_enabling_misses_nothing(house: House, receiver: Receiver) -> None:
    endpoint, _ = await house.told(receiver.url)
    (first,) = await house.happen()
    receiver.status = 410
    announcer = house.announcer()
    await house.work(announcer)
    found = await house.endpoint(endpoint.id)
    assert (found.enabled, found.disabled_reason) == (False, announcing.GONE)
    later = await house.happen(2)
    await house.due()
    await house.work(announcer)
    assert receiver.sequences == [first]
    receiver.status = 204
    await house.endpoints.enable(house.viewer, endpoint.id)
    await house.work(announcer)
    assert sorted(receiver.sequences) == [first, first, *later]
    assert (await house.endpoint(endpoint.id)).failing_since is None
    async with house.database.worker() as conn:
        rows = await conn.fetch(
            "SELECT actor, action, fields[1] FROM audit_events ORDER BY sequence"
        )
    assert [tuple(row) for row in rows] == [
        ("tester", "WEBHOOK_CHANGED", "created"),
        ("worker", "WEBHOOK_CHANGED", f"disabled: {announcing.GONE}"),
        ("tester", "WEBHOOK_CHANGED", "enabled"),
    ]


async def test_two_secrets_sign_during_a_rotation(house: House, receiver: Receiver) -> None:
    endpoint, first = await house.told(receiver.url)
    announcer = house.announcer()

    async def signed_by() -> list[Secret]:
        await house.happen()
        await house.work(announcer)
        known = [first, second, third]
        return [secret for secret in known if verifies(secret, receiver.got[-1])]

    second, until = await house.endpoints.rotate(house.viewer, endpoint.id, timedelta(hours=1))
    third = Secret("whsec_bm9uZQ==")
    assert until is not None
    assert await signed_by() == [first, second]
    # Never more than two: the oldest goes.
    third, _ = await house.endpoints.rotate(house.viewer, endpoint.id, timedelta(hours=1))
    assert await signed_by() == [second, third]
    async with house.database.worker() as conn:
        await conn.execute("UPDATE webhook_secrets SET ends_at = now() WHERE ends_at IS NOT NULL")
    assert await signed_by() == [third]
    async with house.database.worker() as conn:
        assert await endpoints.forget_ended(conn) == 1
    at_once, until = await house.endpoints.rotate(house.viewer, endpoint.id, timedelta(0))
    assert until is None
    assert await signed_by() == []
    assert verifies(at_once, receiver.got[-1])


async def test_a_replay_sends_the_same_messages_again(house: House, receiver: Receiver) -> None:
    before = await house.happen(2)
    endpoint, _ = await house.told(receiver.url)
    numbers = await house.happen(3)
    announcer = house.announcer()
    await house.work(announcer)
    known = {one.sequence: (one.id, one.body) for one in receiver.got}
    receiver.got.clear()
    await house.endpoints.replay(house.viewer, endpoint.id, numbers[0], every=None)
    await house.work(announcer)
    assert {one.sequence: (one.id, one.body) for one in receiver.got} == {
        number: known[number] for number in numbers[1:]
    }
    receiver.got.clear()
    # What happened before it was set up, too.
    await house.endpoints.replay(house.viewer, endpoint.id, 0, every=None)
    await house.work(announcer)
    assert sorted(receiver.sequences) == before + numbers
    assert await house.rows("sequence, state, attempts") == [
        *((number, "delivered", 1) for number in before),
        (numbers[0], "delivered", 2),
        *((number, "delivered", 3) for number in numbers[1:]),
    ]


async def test_a_replay_never_skips_what_was_not_taken_up(house: House, receiver: Receiver) -> None:
    endpoint, _ = await house.told(receiver.url)
    numbers = await house.happen(3)
    await house.endpoints.replay(house.viewer, endpoint.id, numbers[-1], every=None)
    await house.work(house.announcer())
    assert sorted(receiver.sequences) == numbers


async def test_whoever_dies_after_sending_sends_again_under_the_same_id(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.told(receiver.url)
    await house.happen()
    died = house.announcer()

    async def dies(*_: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "settle", dies)
        await died.step()
        await died.drain()
    assert len(receiver.got) == 1
    survivor = house.announcer()
    assert not await survivor.step()  # the lease holds
    await house.due()
    await house.work(survivor)
    assert len(receiver.got) == 2
    assert len({one.id for one in receiver.got}) == 1
    assert len(await house.rows()) == 1


async def test_the_overtaken_change_nothing(house: House, receiver: Receiver) -> None:
    """A try that took longer than its lease does not undo what the next one wrote down."""
    await house.told(receiver.url)
    await house.happen()
    release = receiver.release = asyncio.Event()
    slow, quick = house.announcer(), house.announcer()
    first = asyncio.create_task(until_sent(slow, receiver))
    await receiver.arrived.wait()
    await house.due()
    receiver.statuses = [200, 500]  # the slow one is answered last
    await house.work(quick)
    release.set()
    await first
    await slow.drain()
    assert house.tries == ["delivered", "overtaken"]
    assert [row[1] for row in await house.rows()] == ["delivered"]


async def test_a_replay_of_what_is_being_sent_sends_it_again(
    house: House, receiver: Receiver
) -> None:
    endpoint, _ = await house.told(receiver.url)
    (number,) = await house.happen()
    release = receiver.release = asyncio.Event()
    announcer = house.announcer()
    sending = asyncio.create_task(until_sent(announcer, receiver))
    await receiver.arrived.wait()
    await house.endpoints.replay(house.viewer, endpoint.id, 0, every=None)
    async with house.database.worker() as conn:
        assert await deliveries.feed(conn) == 1
    release.set()
    await sending
    await announcer.drain()
    assert await house.rows() == [(number, "pending", 1, None)]
    await house.work(announcer)
    assert receiver.sequences == [number, number]
    assert await house.rows() == [(number, "delivered", 2, None)]


async def test_a_hanging_endpoint_delays_nobody_else(house: House, receiver: Receiver) -> None:
    async with receiving() as stuck:
        stuck.hang = True
        await house.told(stuck.url)
        await house.told(receiver.url)
        await house.happen(30)
        announcer = house.announcer(seconds=30)
        started = time.monotonic()
        while len(receiver.got) < 30:
            await announcer.step()
        assert time.monotonic() - started < 10
        assert stuck.most_at_once <= announcing.PER_ENDPOINT
        assert len(stuck.got) == announcing.PER_ENDPOINT
        # Another replica does not add to it either.
        await house.announcer(seconds=30).step()
        assert len(stuck.got) == announcing.PER_ENDPOINT
        for one in house.open:
            await one.close()


async def test_replicas_share_the_work(house: House, receiver: Receiver) -> None:
    await house.told(receiver.url)
    numbers = await house.happen(40)
    receiver.delay = 0.01
    one, two = house.announcer(), house.announcer()
    await asyncio.gather(house.work(one), house.work(two))
    assert sorted(receiver.sequences) == numbers
    # Two that claim at the same instant do not see each other yet.
    assert receiver.most_at_once <= 2 * announcing.PER_ENDPOINT


async def test_a_secret_that_does_not_open_is_our_fault_not_the_endpoint_s(
    house: House, receiver: Receiver
) -> None:
    endpoint, _ = await house.told(receiver.url)
    await house.happen()
    async with house.database.worker() as conn:
        sealed = await conn.fetchval("SELECT sealed FROM webhook_secrets")
        altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
        await conn.execute("UPDATE webhook_secrets SET sealed = $1", altered)
    announcer = house.announcer()
    await house.work(announcer)
    assert receiver.got == []
    assert await house.rows("state, problem") == [("pending", announcing.UNREADABLE)]
    assert (await house.endpoint(endpoint.id)).failing_since is None
    async with house.database.worker() as conn:
        await conn.execute("UPDATE webhook_secrets SET sealed = $1", sealed)
    await house.due()
    await house.work(announcer)
    assert len(receiver.got) == 1


async def test_a_disabled_endpoint_says_who_did_it(house: House, receiver: Receiver) -> None:
    endpoint, _ = await house.told(receiver.url)
    await house.endpoints.disable(house.viewer, endpoint.id)
    await house.happen()
    assert not await house.announcer().step()
    assert (await house.endpoint(endpoint.id)).disabled_reason == BY_OPERATOR


async def test_what_was_delivered_long_ago_is_forgotten_once_a_day(
    house: House, receiver: Receiver
) -> None:
    await house.told(receiver.url)
    await house.happen()
    await house.work(house.announcer())
    await chores.daily(house.database)
    async with house.database.worker() as conn:
        assert await conn.fetchval("SELECT count(*) FROM endpoint_deliveries") == 1
        await conn.execute(
            "UPDATE endpoint_deliveries SET last_attempt_at = last_attempt_at - interval '31 days'"
        )
    # It was done today: nothing happens until the day is over.
    await chores.daily(house.database)
    async with house.database.worker() as conn:
        assert await conn.fetchval("SELECT count(*) FROM endpoint_deliveries") == 1
        await conn.execute("UPDATE jobs SET due_at = now(), done_at = now() - interval '2 days'")
    await chores.daily(house.database)
    async with house.database.worker() as conn:
        assert await conn.fetchval("SELECT count(*) FROM endpoint_deliveries") == 0
        assert await conn.fetchval("SELECT count(*) FROM webhook_endpoints") == 1
