"""The order logs as they grow: nobody sleeps through an event."""

import asyncio
from typing import Any

import pytest

from db.pool import Transaction
from domain.ids import Kind, row_id
from tests.operations.service import Service
from tests.operations.sockets import account_of, happen


async def test_a_read_that_has_ended_is_handed_to_nobody(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One who is woken just then would take what was read before, and sleep through the event."""
    order = await service.imported("enkash", service.simulators["enkash"].seeded_orders[0].order_id)
    feed = service.program.services.feed
    id = row_id(order, Kind.ORDER)
    assert id is not None
    account = await account_of(service, id)
    head = await feed.head(account)
    following = feed.follow(account, head)
    waiting = asyncio.ensure_future(anext(following))
    for _ in range(500):
        if (known := feed._logs.get(account)) and known.head == head and not known.reads:
            break
        await asyncio.sleep(0.01)
    else:
        raise AssertionError
    under_way: list[set[int]] = []
    original = Transaction.__aexit__

    async def ended(self: Transaction, *why: Any) -> None:
        await original(self, *why)
        # The read's last step: what is called next comes before whoever waits for the read.
        asyncio.get_running_loop().call_soon(lambda: under_way.append(set(known.reads)))

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "__aexit__", ended)
        assert await feed.read(account, head) == ()
    assert under_way == [set()]
    (sequence,) = await happen(service, order)
    assert (await asyncio.wait_for(waiting, 5)).sequence == sequence
    await following.aclose()
