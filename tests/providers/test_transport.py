"""What becomes of a request, whatever the server at the other end does."""

import gzip
import socket
import struct
import traceback
from decimal import Decimal
from typing import Any

import pytest
import structlog
from aiohttp import web

from providers.errors import OutcomeUnknown, ProviderError, Reason, Unavailable
from providers.replies import LARGEST_BODY, Reply, encode
from tests.providers.local import (
    Answer,
    canned,
    hang_up,
    says,
    serving,
    silence,
    transport,
)

SECRET = "s3cr3t-in-body"


async def refused_port() -> str:
    """An URL where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


async def cut_body(request: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse()
    stream.content_length = 100
    await stream.prepare(request)
    await stream.write(b'{"code":"' + SECRET.encode())
    return await hang_up(request) and stream


async def cut_chunks(request: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse()
    stream.enable_chunked_encoding()
    await stream.prepare(request)
    await stream.write(b'{"code":1}')
    await hang_up(request)
    return stream


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    peer = request.transport.get_extra_info("socket")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return await hang_up(request)


async def not_http(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    return await hang_up(request)


LOST = {
    "hang_up": (hang_up, Reason.UNREACHABLE),
    "cut_body": (cut_body, Reason.UNREACHABLE),
    "cut_chunks": (cut_chunks, Reason.UNREACHABLE),
    "reset": (reset, Reason.UNREACHABLE),
    "silence": (silence, Reason.TIMEOUT),
}


@pytest.mark.parametrize("name", LOST)
async def test_a_lost_read_is_unavailable(name: str) -> None:
    handler, reason = LOST[name]
    async with serving(handler) as url, transport(url, timeout=0.2) as acme:
        with pytest.raises(Unavailable) as caught:
            await acme.get("order", "/x")
    assert caught.value.reason is reason
    assert acme.requests["order"] == 1  # too little time was left for a second try


@pytest.mark.parametrize("name", LOST)
async def test_a_lost_write_has_an_unknown_outcome_and_is_sent_once(name: str) -> None:
    handler, _ = LOST[name]
    async with serving(handler) as url, transport(url, timeout=0.2) as acme:
        with pytest.raises(OutcomeUnknown):
            await acme.post("place", "/x", json={"a": 1}, effect=True)
    assert acme.requests["place"] == 1


async def test_what_is_not_http_is_unreadable_and_a_write_unknown() -> None:
    async with serving(not_http) as url, transport(url) as acme:
        with pytest.raises(Unavailable) as caught:
            await acme.get("order", "/x")
        assert caught.value.reason in (Reason.UNREADABLE, Reason.UNREACHABLE)
        with pytest.raises(OutcomeUnknown):
            await acme.post("place", "/x", json={}, effect=True)


@pytest.mark.parametrize("effect", [False, True])
async def test_a_refused_connection_was_never_accepted(effect: bool) -> None:
    async with transport(await refused_port(), timeout=0.4) as acme:
        with pytest.raises(Unavailable) as caught:
            await acme.post("place", "/x", json={}, effect=effect)
    assert caught.value.reason is Reason.UNREACHABLE


async def test_a_host_that_does_not_exist_was_never_asked() -> None:
    async with transport("http://nowhere.invalid", timeout=0.4) as acme:
        with pytest.raises(Unavailable):
            await acme.post("place", "/x", json={}, effect=True)


async def test_a_lost_read_is_tried_once_more() -> None:
    turns = iter([True, False])

    async def handler(request: web.Request) -> web.StreamResponse:
        return await hang_up(request) if next(turns) else web.json_response({"ok": 1})

    async with serving(handler) as url, transport(url) as acme:
        reply = await acme.get("order", "/x")
    assert (reply.body, acme.requests["order"]) == ({"ok": 1}, 2)


async def test_a_dropped_keep_alive_connection_is_not_repeated_behind_our_back() -> None:
    async with serving(hang_up) as url, transport(url) as acme:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await acme.get("order", "/x")
    assert acme.requests["order"] == 4


@pytest.mark.parametrize("answer", [Answer("<html>", 503), Answer({"e": 1}, 500), Answer("<h1>")])
async def test_a_faulty_read_is_tried_twice_and_then_answered_as_it_is(answer: Answer) -> None:
    server = says(answer)
    async with serving(server.handle) as url, transport(url) as acme:
        reply = await acme.get("order", "/x")
    assert (reply.status, acme.requests["order"]) == (answer.status, 2)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 429])
async def test_a_refusal_is_not_repeated(status: int) -> None:
    server = says(Answer({"code": 7}, status))
    async with serving(server.handle) as url, transport(url) as acme:
        reply = await acme.get("order", "/x")
    assert (reply.status, reply.body, acme.requests["order"]) == (status, {"code": 7}, 1)


async def test_a_faulty_write_is_never_repeated() -> None:
    server = says(Answer("<html>", 503))
    async with serving(server.handle) as url, transport(url) as acme:
        reply = await acme.post("place", "/x", json={}, effect=True)
    assert (reply.status, reply.body, acme.requests["place"]) == (503, None, 1)


BODIES: dict[str, tuple[bytes, Any]] = {
    "decimals": (b'{"a":1.10,"b":2}', {"a": Decimal("1.10"), "b": 2}),
    "empty": (b"", None),
    "html": (b"<!DOCTYPE html><html>", None),
    "half": (b'{"a":[1,2', None),
    "trailing": (b'{"a":1}garbage', None),
    "bad_utf8": (b'{"a":"\xff"}', None),
    "lone_surrogate": (b'"\\ud800"', None),
    "nan": (b'{"a":NaN}', None),
    "deep": (b"[" * 100_000, None),
    "huge_integer": (b"9" * 5000, None),
    "byte_order_mark": (b"\xef\xbb\xbf{}", None),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_is_json_with_decimals_or_none(name: str) -> None:
    raw, wanted = BODIES[name]
    server = says(Answer(raw, 400))
    async with serving(server.handle) as url, transport(url) as acme:
        reply = await acme.get("order", "/x")
    assert reply.body == wanted
    assert reply.raw == raw


@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_without_end_is_not_read(packed: bool) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        body = b'"' + b"a" * (LARGEST_BODY + 10) + b'"'
        headers = {"Content-Encoding": "gzip"} if packed else {}
        return web.Response(body=gzip.compress(body, 1) if packed else body, headers=headers)

    async with serving(handler) as url, transport(url, timeout=10) as acme:
        reply = await acme.post("place", "/x", json={}, effect=True)
    assert (reply.status, reply.body, reply.raw) == (200, None, b"")


async def test_redirects_are_not_followed() -> None:
    async with canned() as server, transport(server.url) as acme:
        server.answers["/x"] = Answer("", 302, {"Location": "/elsewhere"})
        server.answers["/elsewhere"] = Answer({"ok": 1})
        reply = await acme.get("order", "/x")
    assert reply.status == 302
    assert [seen.path for seen in server.seen] == ["/x"] * 2


async def test_what_is_sent_is_rendered_once() -> None:
    async with canned() as server, transport(server.url + "/base/") as acme:
        server.answers["/base/x"] = Answer({})
        await acme.post("place", "/x", json={"b": Decimal("1.50"), "a": "é/"}, effect=True)
        await acme.post("place", "/x", content=b'{"b": 1,"a": 2}', effect=True)
        await acme.get("order", "/x", params={"q": "a b&c", "a": "1"})
    assert [seen.body for seen in server.seen] == [
        '{"a":"é/","b":1.50}'.encode(),
        b'{"b": 1,"a": 2}',
        b"",
    ]
    assert server.seen[0].headers["Content-Type"] == "application/json"
    assert "Content-Type" not in server.seen[2].headers
    assert dict(server.seen[2].query) == {"a": "1", "q": "a b&c"}
    assert encode({"b": {"d": 1, "c": 2}}) == b'{"b":{"c":2,"d":1}}'


@pytest.mark.parametrize("name", LOST)
async def test_no_secret_reaches_logs_or_errors(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    handler, _ = LOST[name]
    told: list[ProviderError] = []
    with structlog.testing.capture_logs() as logs:
        patience = 0.2 if handler is silence else 2.0
        async with serving(handler) as url, transport(url, timeout=patience) as acme:
            for effect in (False, True):
                with pytest.raises(ProviderError) as caught:
                    await acme.post(
                        "place",
                        "/x",
                        json={"ref": SECRET},
                        params={"key": SECRET},
                        headers={"Authorization": SECRET},
                        effect=effect,
                    )
                told.append(caught.value)
    for error in told:
        assert SECRET not in "".join(traceback.format_exception(error))
        assert error.__cause__ is None
    assert SECRET not in str(logs)
    assert SECRET not in caplog.text


def test_a_reply_shows_its_status_alone() -> None:
    reply = Reply(200, {"Set-Cookie": SECRET}, {"code": SECRET}, SECRET.encode())
    assert repr(reply) == "Reply(status=200)"
