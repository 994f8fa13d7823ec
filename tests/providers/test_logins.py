"""The three logins that give a token: what is sent, and what each answer means."""

import asyncio
import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import structlog
from aiohttp import web

from domain.secret import Secret
from providers.auth import BearerToken, basic
from providers.errors import Reason, Unavailable
from providers.logins import LoginRefused, PasswordGrant, RotatingRefresh, TwoStep
from providers.tokens import MemoryTokenStore, Token
from tests.providers.local import Answer, Canned, canned, serving, transport

# EnKash


def grant() -> PasswordGrant:
    return PasswordGrant(
        "acme", "/oauth/token", "cid", basic("cid", Secret("csec")), "user", Secret("p@ss&=")
    )


async def entered(
    server: Canned, answers: Answer | Sequence[Answer], login: Any, old: Token | None = None
) -> Token:
    server.answers["/oauth/token"] = list(answers) if isinstance(answers, Sequence) else answers
    async with transport(server.url) as acme:
        token: Token = await login(acme.login, old)
    return token


async def test_the_password_grant_sends_a_form_and_trusts_expires_in() -> None:
    async with canned() as server:
        answer = Answer({"access_token": "a", "refresh_token": "r", "expires_in": 600})
        token = await entered(server, answer, grant())
    seen = server.seen[0]
    assert parse_qs(seen.body.decode()) == {
        "grant_type": ["password"],
        "username": ["user"],
        "password": ["p@ss&="],
        "clientId": ["cid"],
    }
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(seen.headers["Authorization"].removeprefix("Basic ")) == b"cid:csec"
    assert (token.access, token.refresh) == (Secret("a"), Secret("r"))
    assert token.expires_at is not None
    left = token.expires_at - datetime.now(UTC)
    assert timedelta(seconds=565) < left <= timedelta(seconds=570)


@pytest.mark.parametrize(
    "body",
    [
        {"accessToken": "a", "tokenType": "bearer", "expiresIn": "60", "refreshToken": "r"},
        {"access_token": "a", "expires_in": 60, "refresh_token": "r", "scope": "read write"},
        {"access_token": "a", "refresh_token": "r", "unknown": [1]},
    ],
)
async def test_both_spellings_of_a_token_are_read(body: dict[str, Any]) -> None:
    async with canned() as server:
        token = await entered(server, Answer(body), grant())
    assert (token.access, token.refresh) == (Secret("a"), Secret("r"))


@pytest.mark.parametrize("refused", [Answer({"error": "invalid_grant"}, 400), Answer("<x>", 500)])
async def test_a_failed_refresh_falls_back_to_the_password(refused: Answer) -> None:
    old = Token(Secret("a"), refresh=Secret("r0"))
    async with canned() as server:
        token = await entered(server, [refused, Answer({"access_token": "b"})], grant(), old)
    sent = [parse_qs(seen.body.decode())["grant_type"] for seen in server.seen]
    assert sent == [["refresh_token"], ["password"]]
    assert (token.access, token.expires_at) == (Secret("b"), None)


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"error": "invalid_grant", "error_description": "locked"}, 400),
        Answer({"error": "invalid_client"}, 401),
        Answer("", 401),
        Answer({"response_code": 1, "payload": "Bad credentials"}),
    ],
)
async def test_a_refused_password_is_told_apart(answer: Answer) -> None:
    async with canned() as server:
        with pytest.raises(LoginRefused):
            await entered(server, answer, grant())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("<html>", 503), Reason.FAULT),
        (Answer({"error": "x"}, 500), Reason.FAULT),
        (Answer("<html>"), Reason.UNREADABLE),
        (Answer("<html>not allow-listed", 403), Reason.CREDENTIALS),
        (Answer({}, 429, {"Retry-After": "9"}), Reason.RATE_LIMITED),
        (Answer('{"access_token":"half'), Reason.UNREADABLE),
    ],
)
async def test_a_login_that_did_not_judge_is_unavailable(answer: Answer, reason: Reason) -> None:
    async with canned() as server:
        with pytest.raises(Unavailable) as caught:
            await entered(server, answer, grant())
    assert caught.value.reason is reason


# Xoxoday


def rotating() -> RotatingRefresh:
    return RotatingRefresh("acme", "/oauth/token", "cid", Secret("csec"), Secret("first"))


def pair(number: int, hours: float = 24) -> dict[str, Any]:
    end = datetime.now(UTC) + timedelta(hours=hours)
    return {
        "access_token": f"access-{number}",
        "token_type": "bearer",
        "expires_in": 1296000,
        "refresh_token": f"refresh-{number}",
        "access_token_expiry": str(int(end.timestamp() * 1000)),
        "refresh_token_expiry": int(end.timestamp() * 1000) + 10**9,
    }


async def test_a_refresh_token_is_used_once_and_renewed_at_half_life() -> None:
    async with canned() as server:
        first = await entered(server, Answer(pair(1)), rotating())
        second = await entered(server, Answer(pair(2)), rotating(), first)
    assert [seen.json["refresh_token"] for seen in server.seen] == ["first", "refresh-1"]
    assert server.seen[0].json == {
        "grant_type": "refresh_token",
        "refresh_token": "first",
        "client_id": "cid",
        "client_secret": "csec",
    }
    assert second.refresh == Secret("refresh-2")
    assert first.expires_at is not None
    left = first.expires_at - datetime.now(UTC)
    assert timedelta(hours=11.9) < left < timedelta(hours=12)  # not the 15 days of expires_in


async def test_the_next_refresh_token_is_saved_before_the_new_token_is_used() -> None:
    order: list[str] = []

    class Watched(MemoryTokenStore):
        async def save(self, fence: int, token: Token) -> bool:
            await asyncio.sleep(0.02)
            order.append(f"saved {token.refresh and token.refresh.reveal()}")
            return await super().save(fence, token)

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/oauth/token":
            sent = await request.json()
            order.append(f"refreshed with {sent['refresh_token']}")
            return web.json_response(pair(len(order)))
        order.append("used")
        return web.json_response({})

    async with serving(handler) as url:
        auth = BearerToken("acme", Watched(), rotating())
        async with transport(url, auth=(auth,)) as acme:
            await asyncio.gather(*(acme.get("order", "/x") for _ in range(3)))
    assert order == ["refreshed with first", "saved refresh-1", "used", "used", "used"]


# Woohoo


async def test_two_steps_give_a_token_for_six_days() -> None:
    login = TwoStep("acme", "cid", Secret("csec"), "user", Secret("pass"))
    async with canned() as server, transport(server.url) as acme:
        server.answers["/oauth2/verify"] = Answer({"authorizationCode": "code-1"})
        server.answers["/oauth2/token"] = Answer({"token": "jwt"})
        token = await login(acme.login, None)
    assert [seen.json for seen in server.seen] == [
        {"clientId": "cid", "username": "user", "password": "pass"},
        {"clientId": "cid", "clientSecret": "csec", "authorizationCode": "code-1"},
    ]
    assert token.access == Secret("jwt")
    assert token.expires_at is not None
    left = token.expires_at - datetime.now(UTC)
    assert timedelta(days=5.99) < left <= timedelta(days=6)


@pytest.mark.parametrize("path", ["/oauth2/verify", "/oauth2/token"])
async def test_either_step_may_refuse(path: str) -> None:
    login = TwoStep("acme", "cid", Secret("csec"), "user", Secret("pass"))
    async with canned() as server, transport(server.url) as acme:
        server.answers["/oauth2/verify"] = Answer({"authorizationCode": "code-1"})
        server.answers["/oauth2/token"] = Answer({"token": "jwt"})
        server.answers[path] = Answer({"code": 401, "message": "no"}, 401)
        with pytest.raises(LoginRefused):
            await login(acme.login, None)


async def test_no_secret_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    answer = Answer({"error": "invalid_grant", "was": "p@ss&="}, 400)
    with structlog.testing.capture_logs() as logs:
        async with canned() as server:
            server.answers["/oauth/token"] = answer
            auth = BearerToken("acme", MemoryTokenStore(), grant())
            async with transport(server.url, auth=(auth,)) as acme:
                with pytest.raises(Unavailable) as caught:
                    await acme.get("order", "/x")
    shown = f"{caught.value!r}{logs}{caplog.text}{grant()}{rotating()}{Token(Secret('p@ss'))}"
    assert "p@ss" not in shown
    assert "csec" not in shown
    assert {"event": "provider.login_refused", "provider": "acme", "log_level": "error"} in logs
