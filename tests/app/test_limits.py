"""Sliding windows and budgets: exact at their edges, bounded in memory."""

import pytest

from app.limits import Bucket, Rule, Standing, local, neighborhood
from app.limits.local import Local


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def allowed(limiter: Local, rules: tuple[Rule, ...], caller: str = "a") -> bool:
    return (await limiter.take(caller, rules)).allowed


async def test_exactly_as_many_as_allowed_in_any_window() -> None:
    clock = Clock()
    limiter, rules = Local(clock), (Rule(3, 10),)
    for at in (0, 4, 8):
        clock.now = at
        assert await allowed(limiter, rules)
    clock.now = 9.99
    assert await limiter.take("a", rules) == Standing(rules[0], 0, 1, allowed=False)
    clock.now = 10
    assert await allowed(limiter, rules)
    assert not await allowed(limiter, rules)


async def test_a_refused_request_is_not_counted() -> None:
    clock = Clock()
    limiter, rules = Local(clock), (Rule(1, 10),)
    assert await allowed(limiter, rules)
    assert [await allowed(limiter, rules) for _ in range(5)] == [False] * 5
    clock.now = 10
    assert await allowed(limiter, rules)


async def test_callers_do_not_share_a_window() -> None:
    limiter, rules = Local(Clock()), (Rule(1, 10),)
    assert await allowed(limiter, rules)
    assert await allowed(limiter, rules, "b")
    assert [one.remaining for one in await limiter.standings("a", rules)] == [0]
    assert [one.remaining for one in await limiter.standings("c", rules)] == [1]
    assert await allowed(limiter, rules, "c")


async def test_the_tightest_rule_answers() -> None:
    limiter, rules = Local(Clock()), (Rule(100, 60), Rule(2, 10))
    await limiter.take("a", rules)
    standing = await limiter.take("a", rules)
    assert standing.headers() == {
        "RateLimit-Limit": "2",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "10",
    }
    assert (await limiter.take("a", rules)).headers()["Retry-After"] == "10"


async def test_a_budget_refills_steadily_up_to_its_size() -> None:
    clock = Clock()
    limiter, bucket = Local(clock), Bucket(20_000)
    assert (await limiter.spend("a", bucket, 10_000)).remaining == 10_000
    assert (await limiter.spend("a", bucket, 10_000)).remaining == 0
    refused = await limiter.spend("a", bucket, 1000)
    assert (refused.allowed, refused.remaining, refused.wait) == (False, 0, 3)
    clock.now = 2.5  # 400 a second
    assert (await limiter.spend("a", bucket, 1000)).allowed
    clock.now = 1000
    assert (await limiter.spend("a", bucket, 0)).remaining == 20_000


async def test_what_is_refused_costs_nothing() -> None:
    limiter, bucket = Local(Clock()), Bucket(100)
    await limiter.spend("a", bucket, 60)
    assert not (await limiter.spend("a", bucket, 50)).allowed
    assert (await limiter.spend("a", bucket, 40)).allowed


async def test_dearer_than_the_whole_bucket_passes_when_full_and_is_paid_back() -> None:
    clock = Clock()
    limiter, bucket = Local(clock), Bucket(100)
    first = await limiter.spend("a", bucket, 300)
    assert (first.allowed, first.remaining) == (True, 0)
    clock.now = 50
    assert not (await limiter.spend("a", bucket, 1)).allowed
    clock.now = 101
    assert (await limiter.spend("a", bucket, 1)).allowed


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "MAX_KEYS", 10)
    limiter, rules = Local(Clock()), (Rule(1, 10),)
    for number in range(50):
        await limiter.take(str(number), rules)
        await limiter.spend(str(number), Bucket(10), 1)
    assert (len(limiter._windows), len(limiter._levels)) == (10, 10)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::2", "2001:db8::/64"),
        ("", ""),
        ("/run/socket", "/run/socket"),
    ],
)
def test_a_network_of_addresses_is_one_caller(address: str, counted: str) -> None:
    assert neighborhood(address) == counted
