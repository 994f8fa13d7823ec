"""When we do not ask: an open circuit, a used up rate, a provider that wants to be left alone."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from domain.providers import CircuitState, ProviderState
from providers import health
from providers.errors import Reason, Unavailable
from providers.pacing import Asker, Limit, asked_by
from providers.replies import Reply
from tests.providers.local import (
    Answer,
    says,
    serving,
    silence,
    transport,
)


async def test_faults_in_a_row_open_the_circuit_and_one_call_closes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "PAUSE_SECONDS", 0.2)
    server = says(Answer("<html>", 500))
    async with serving(server.handle) as url, transport(url) as acme:
        for _ in range(health.FAULTS_TO_OPEN):
            await acme.post("place", "/x", json={}, effect=True)
        with pytest.raises(Unavailable) as caught:
            await acme.post("place", "/x", json={}, effect=True)
        assert caught.value.reason is Reason.PAUSED
        assert acme.requests["place"] == health.FAULTS_TO_OPEN
        seen = acme.health()
        assert (seen.circuit, seen.state) == (CircuitState.OPEN, ProviderState.DOWN)
        assert (seen.requests, seen.error_rate) == (health.FAULTS_TO_OPEN, 1.0)
        server.answers["/x"] = Answer({"ok": 1})
        await asyncio.sleep(0.25)
        together = await asyncio.gather(
            *(acme.get("order", "/x") for _ in range(5)), return_exceptions=True
        )
        assert sum(isinstance(outcome, Reply) for outcome in together) == 1  # the others waited
        assert (await acme.get("order", "/x")).body == {"ok": 1}
    assert acme.health().circuit is CircuitState.CLOSED


async def test_refusals_and_departed_callers_do_not_open_the_circuit() -> None:
    server = says(Answer({"code": 1}, 400))
    async with serving(server.handle) as url, transport(url) as acme:
        for _ in range(10):
            await acme.get("order", "/x")
    async with serving(silence) as url, transport(url) as acme:
        for _ in range(10):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await acme.get("order", "/x")
        assert acme.health().circuit is CircuitState.CLOSED


async def test_timeouts_open_the_circuit() -> None:
    async with serving(silence) as url, transport(url, timeout=0.05) as acme:
        for _ in range(health.FAULTS_TO_OPEN):
            with pytest.raises(Unavailable):
                await acme.get("order", "/x")
        assert acme.health().circuit is CircuitState.OPEN


async def test_a_business_word_with_a_server_status_is_no_fault() -> None:
    server = says(Answer({"code": "SOLD_OUT"}, 502))
    async with (
        serving(server.handle) as url,
        transport(url, faulty=lambda reply: reply.body is None) as acme,
    ):
        for _ in range(health.FAULTS_TO_OPEN + 1):
            await acme.get("order", "/x")
    assert acme.requests["order"] == health.FAULTS_TO_OPEN + 1
    assert acme.health().circuit is CircuitState.CLOSED


async def test_health_tells_latency_and_the_last_success() -> None:
    server = says(Answer({}))
    async with serving(server.handle) as url, transport(url, rate_per_minute=100) as acme:
        before = acme.health(unknown_outcomes=2, paused=True)
        assert (before.latency_p50_ms, before.last_success_at) == (None, None)
        for _ in range(4):
            await acme.get("order", "/x")
        seen = acme.health()
    assert (before.unknown_outcomes, before.paused) == (2, True)
    assert (seen.state, seen.requests, seen.error_rate) == (ProviderState.HEALTHY, 4, 0.0)
    assert seen.latency_p50_ms is not None
    assert seen.latency_p95_ms is not None
    assert 0 < seen.latency_p50_ms <= seen.latency_p95_ms
    assert seen.last_success_at is not None
    # Reads of the worker take from their own share and from the whole.
    assert seen.quota_remaining in (96, 97)


async def test_the_provider_is_left_alone_for_as_long_as_it_wishes() -> None:
    server = says(Answer({}, 429, {"Retry-After": "1"}), Answer({"ok": 1}))
    async with serving(server.handle) as url, transport(url) as acme:
        assert (await acme.get("orders", "/x")).status == 429
        with pytest.raises(Unavailable) as caught:
            await acme.get("orders", "/x")
        assert caught.value.reason is Reason.RATE_LIMITED
        assert caught.value.retry_after is not None
        assert timedelta() < caught.value.retry_after <= timedelta(seconds=1)
        assert (await acme.get("order", "/x")).body == {"ok": 1}  # another operation
        await asyncio.sleep(1.01)
        assert (await acme.get("orders", "/x")).body == {"ok": 1}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("7", 7), ("0", 0), ("", None), ("soon", None), ("-1", None), ("²", None)],
)
def test_retry_after_is_read_or_ignored(value: str, wanted: int | None) -> None:
    wait = Reply(429, {"Retry-After": value}, None).retry_after()
    assert wait == (None if wanted is None else timedelta(seconds=wanted))


def test_retry_after_may_be_a_date() -> None:
    past = Reply(429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, None)
    assert past.retry_after() == timedelta()


async def test_viewers_take_half_of_the_rate_and_are_refused_not_kept_waiting() -> None:
    server = says(Answer({}))
    async with serving(server.handle) as url, transport(url, rate_per_minute=10) as acme:
        with asked_by(Asker.VIEWER):
            for _ in range(5):
                await acme.get("order", "/x")
            with pytest.raises(Unavailable) as caught:
                async with asyncio.timeout(0.5):
                    await acme.get("order", "/x")
        assert caught.value.reason is Reason.RATE_LIMITED
        for _ in range(3):
            await acme.get("order", "/x")
        for _ in range(2):
            await acme.post("place", "/x", json={}, effect=True)
        assert acme.health().quota_remaining == 0


async def test_a_catalog_leaves_room_for_others() -> None:
    server = says(Answer({}))
    async with serving(server.handle) as url, transport(url, rate_per_minute=10) as acme:
        with asked_by(Asker.CATALOG, within=timedelta(seconds=0.1)):
            for _ in range(4):
                await acme.get("product", "/x")
            with pytest.raises(Unavailable):
                await acme.get("product", "/x")  # kept waiting in vain
        for _ in range(4):
            await acme.get("order", "/x")


async def test_a_write_that_finds_no_room_in_time_was_never_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("providers.transport.PATIENCE_SECONDS", 0.1)
    server = says(Answer({}))
    async with serving(server.handle) as url, transport(url, rate_per_minute=1) as acme:
        await acme.post("place", "/x", json={}, effect=True)
        with pytest.raises(Unavailable) as caught:
            await acme.post("place", "/x", json={}, effect=True)
    assert caught.value.reason is Reason.RATE_LIMITED
    assert acme.requests["place"] == 1


async def test_a_published_limit_counts_only_its_operations() -> None:
    server = says(Answer({}))
    limit = Limit(4, timedelta(seconds=60), frozenset({"balance"}))
    async with serving(server.handle) as url, transport(url, limits=[limit]) as acme:
        with asked_by(Asker.VIEWER):
            for _ in range(2):
                await acme.get("balance", "/x")
            with pytest.raises(Unavailable):
                await acme.get("balance", "/x")
            for _ in range(5):
                await acme.get("order", "/x")


async def test_a_caller_may_give_less_time() -> None:
    async with serving(silence) as url, transport(url, timeout=30) as acme:
        with (
            asked_by(Asker.VIEWER, within=timedelta(seconds=0.05)),
            pytest.raises(Unavailable) as caught,
        ):
            await acme.get("order", "/x")
    assert caught.value.reason is Reason.TIMEOUT


async def test_only_so_many_calls_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.transport.CONCURRENT", 3)
    running = most = 0

    async def handler(_: web.Request) -> web.StreamResponse:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return web.json_response({})

    async with serving(handler) as url, transport(url) as acme:
        await asyncio.gather(*(acme.get("order", "/x") for _ in range(12)))
    assert most == 3
