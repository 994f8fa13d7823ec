"""Sliding windows: exact at their edges, bounded in memory."""

import pytest

from app import limits
from app.limits import Limiter, Rule


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_exactly_as_many_as_allowed_in_any_window() -> None:
    clock = Clock()
    limiter, rules = Limiter(clock), (Rule(3, 10),)
    for at in (0, 4, 8):
        clock.now = at
        assert limiter.take("a", rules).allowed
    clock.now = 9.99
    refused = limiter.take("a", rules)
    assert (refused.allowed, refused.resets_in) == (False, 1)
    clock.now = 10
    assert limiter.take("a", rules).allowed
    assert not limiter.take("a", rules).allowed


def test_a_refused_request_is_not_counted() -> None:
    clock = Clock()
    limiter, rules = Limiter(clock), (Rule(1, 10),)
    limiter.take("a", rules)
    for _ in range(5):
        assert not limiter.take("a", rules).allowed
    clock.now = 10
    assert limiter.take("a", rules).allowed


def test_callers_do_not_share_a_window() -> None:
    limiter, rules = Limiter(Clock()), (Rule(1, 10),)
    assert limiter.take("a", rules).allowed
    assert limiter.take("b", rules).allowed
    assert [standing.remaining for standing in limiter.standings("a")] == [0]
    assert limiter.standings("c") == []


def test_the_tightest_rule_answers() -> None:
    limiter, rules = Limiter(Clock()), (Rule(100, 60), Rule(2, 10))
    limiter.take("a", rules)
    standing = limiter.take("a", rules)
    assert standing.headers() == {
        "RateLimit-Limit": "2",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "10",
    }
    assert limiter.take("a", rules).headers()["Retry-After"] == "10"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 10)
    limiter, rules = Limiter(Clock()), (Rule(1, 10),)
    for number in range(50):
        limiter.take(str(number), rules)
    assert len(limiter._windows) == 10
