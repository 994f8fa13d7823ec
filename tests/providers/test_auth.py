"""Logging in: one renewal for all, nothing refused tried twice, signatures as specified."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from domain.secret import Secret
from providers.auth import BearerToken
from providers.errors import OutcomeUnknown, Reason, Unavailable
from providers.logins import LoginRefused, Send
from providers.tokens import MemoryTokenStore, StoredToken, Token
from providers.transport import Transport
from tests.providers.local import serving, transport

LIFE = timedelta(hours=1)


class Door:
    """A provider that wants a bearer token; `good` are the tokens it accepts."""

    def __init__(self) -> None:
        self.good: set[str] = set()
        self.logins = 0
        self.asked = 0
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given not in self.good:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response({"as": given})

    async def login(self, send: Send, old: Token | None) -> Token:
        """A login that takes its time and never leaves the process."""
        self.logins += 1
        name = f"token-{self.logins}"
        await asyncio.sleep(0.05)
        self.good.add(name)
        return Token(Secret(name), datetime.now(UTC) + LIFE)

    def transport(
        self, store: MemoryTokenStore, **options: Any
    ) -> AbstractAsyncContextManager[Transport]:
        auth = BearerToken("acme", store, options.pop("login", self.login))
        return transport(self.url, auth=(auth,), **options)


@pytest.fixture
async def door() -> Any:
    made = Door()
    async with serving(made.handle) as made.url:
        yield made


async def test_five_callers_share_one_login(door: Door) -> None:
    async with door.transport(MemoryTokenStore()) as acme:
        replies = await asyncio.gather(*(acme.get("order", "/x") for _ in range(5)))
    assert [reply.body for reply in replies] == [{"as": "token-1"}] * 5
    assert (door.logins, door.asked) == (1, 5)


async def test_five_callers_whose_token_is_refused_share_one_renewal(door: Door) -> None:
    async with door.transport(MemoryTokenStore()) as acme:
        await acme.get("order", "/x")
        door.good.clear()
        replies = await asyncio.gather(*(acme.get("order", "/x") for _ in range(5)))
    assert [reply.body for reply in replies] == [{"as": "token-2"}] * 5
    assert (door.logins, door.asked) == (2, 1 + 5 + 5)


async def test_replicas_that_share_a_store_log_in_once(door: Door) -> None:
    store = MemoryTokenStore()
    async with door.transport(store) as one, door.transport(store) as two:
        calls = [replica.get("order", "/x") for replica in (one, two) for _ in range(3)]
        replies = await asyncio.gather(*calls)
        assert door.logins == 1
        door.good.clear()
        calls = [replica.get("order", "/x") for replica in (one, two) for _ in range(3)]
        replies += await asyncio.gather(*calls)
    assert {reply.body["as"] for reply in replies[6:]} == {"token-2"}
    assert door.logins == 2
    assert (await store.load()).version == 2


async def test_a_restarted_replica_uses_the_stored_token(door: Door) -> None:
    store = MemoryTokenStore()
    for _ in range(2):
        async with door.transport(store) as acme:
            await acme.get("order", "/x")
    assert door.logins == 1


async def test_a_caller_that_leaves_does_not_take_the_renewal_along(door: Door) -> None:
    async with door.transport(MemoryTokenStore()) as acme:
        first = asyncio.create_task(acme.get("order", "/x"))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(acme.get("order", "/x"))
        await asyncio.sleep(0.01)
        first.cancel()
        assert (await second).body == {"as": "token-1"}
        with pytest.raises(asyncio.CancelledError):
            await first
    assert door.logins == 1


async def test_an_overdue_token_is_replaced_before_it_is_sent(door: Door) -> None:
    store = MemoryTokenStore()
    fence = await store.claim(0, LIFE)
    assert fence is not None
    await store.save(fence, Token(Secret("old"), datetime.now(UTC) - timedelta(seconds=1)))
    async with door.transport(store) as acme:
        assert (await acme.get("order", "/x")).body == {"as": "token-1"}
    assert door.asked == 1


async def test_a_refused_login_is_not_tried_again_by_any_replica(door: Door) -> None:
    async def refuse(send: Send, old: Token | None) -> Token:
        door.logins += 1
        raise LoginRefused

    store = MemoryTokenStore()
    async with (
        door.transport(store, login=refuse) as one,
        door.transport(store, login=refuse) as two,
    ):
        calls = [replica.get("order", "/x") for replica in (one, two) for _ in range(3)]
        calls += [two.post("place", "/x", json={}, effect=True)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        outcomes += await asyncio.gather(one.get("order", "/x"), return_exceptions=True)
    assert [getattr(outcome, "reason", outcome) for outcome in outcomes] == [Reason.CREDENTIALS] * 8
    assert (door.logins, door.asked) == (1, 0)
    assert (await store.load()).refused


async def test_a_login_that_fails_is_free_to_be_tried_again(door: Door) -> None:
    turns: list[BaseException] = [
        Unavailable("no", provider="acme", reason=Reason.FAULT),
        ConnectionError(),
    ]

    async def login(send: Send, old: Token | None) -> Token:
        if turns:
            raise turns.pop(0)
        return await door.login(send, old)

    async with door.transport(MemoryTokenStore(), login=login) as acme:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await acme.post("place", "/x", json={}, effect=True)
        assert (await acme.post("place", "/x", json={}, effect=True)).body == {"as": "token-1"}


async def test_a_token_that_is_never_accepted_does_not_start_a_storm_of_logins(door: Door) -> None:
    async def login(send: Send, old: Token | None) -> Token:
        door.logins += 1
        return Token(Secret(f"bad-{door.logins}"), datetime.now(UTC) + LIFE)

    async with door.transport(MemoryTokenStore(), login=login) as acme:
        for _ in range(5):
            assert (await acme.get("order", "/x")).status == 401
    assert (door.logins, door.asked) == (2, 6)


async def test_a_place_is_not_sent_after_a_login_that_took_too_long(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.transport.PATIENCE_SECONDS", 0.01)
    async with door.transport(MemoryTokenStore()) as acme:
        with pytest.raises(Unavailable):
            await acme.post("place", "/x", json={}, effect=True)
        assert door.asked == 0
        assert (await acme.get("order", "/x")).status == 200


async def test_a_place_refused_at_the_door_and_lost_in_the_renewal_was_not_accepted(
    door: Door,
) -> None:
    async with door.transport(MemoryTokenStore(), timeout=0.3) as acme:
        await acme.get("order", "/x")
        door.good.clear()

        async def never(send: Send, old: Token | None) -> Token:
            await asyncio.sleep(60)
            raise AssertionError

        scheme = acme._auth[0]
        assert isinstance(scheme, BearerToken)
        scheme._login = never
        with pytest.raises(Unavailable):
            await acme.post("place", "/x", json={}, effect=True)


async def test_a_lost_answer_behind_a_token_is_still_unknown(door: Door) -> None:
    async with door.transport(MemoryTokenStore(), timeout=0.3) as acme:
        await acme.get("order", "/x")

        async def hang(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(60)
            return web.Response()

        door.handle = hang  # type: ignore[method-assign]
        async with serving(hang) as url:
            acme._base_url = url
            with pytest.raises(OutcomeUnknown):
                await acme.post("place", "/x", json={}, effect=True)


async def test_a_token_saved_too_late_is_not_used(door: Door) -> None:
    store = MemoryTokenStore()

    async def overtaken(send: Send, old: Token | None) -> Token:
        """While we log in, our lease ends and another replica saves its token."""
        door.logins += 1
        if door.logins == 1:
            store._leased_until = 0.0
            fence = await store.claim(0, LIFE)
            assert fence is not None
            door.good.add("theirs")
            await store.save(fence, Token(Secret("theirs"), datetime.now(UTC) + LIFE))
        return Token(Secret("ours"), datetime.now(UTC) + LIFE)

    async with door.transport(store, login=overtaken) as acme:
        assert (await acme.get("order", "/x")).body == {"as": "theirs"}
    assert door.asked == 1  # ours was never shown at the door


# The memory store


async def test_the_store_gives_one_lease_and_drops_late_tokens() -> None:
    store = MemoryTokenStore()
    first = await store.claim(0, timedelta(seconds=0.01))
    assert first is not None
    assert await store.claim(0, LIFE) is None
    await asyncio.sleep(0.02)
    second = await store.claim(0, LIFE)
    assert second is not None
    assert not await store.save(first, Token(Secret("late")))
    assert await store.save(second, Token(Secret("new")))
    assert await store.load() == StoredToken(1, Token(Secret("new")))
    assert await store.claim(0, LIFE) is None  # somebody was faster
    third = await store.claim(1, LIFE)
    assert third is not None
    await store.release(third, refused=True)
    assert await store.claim(1, LIFE) is None
