"""The client that other people's URLs are given to, against real sockets and names of our own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from notices.addresses import Forbidden, Rules
from notices.sender import Attempt, Lookup, Sender
from tests.notices.receiver import Receiver, receiving
from tests.notices.test_addresses import FORBIDDEN

FORBIDDEN_ADDRESS = "the host's address does not belong to the internet"


def names(*answers: Sequence[str]) -> tuple[Lookup, list[str]]:
    """A resolver that gives one answer after the other, the last one for ever; what was asked."""
    asked: list[str] = []

    async def lookup(host: str) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return lookup, asked


@asynccontextmanager
async def sender(
    lookup: Lookup | None = None, *, loopback: bool = True, seconds: float = 2.0
) -> AsyncIterator[Sender]:
    more = {"lookup": lookup} if lookup else {}
    made = Sender(Rules(loopback=loopback), seconds=seconds, **more)
    try:
        yield made
    finally:
        await made.close()


async def sent(made: Sender, url: str) -> Attempt:
    return await made.send(url, {"Content-Type": "application/json"}, b"{}")


@pytest.mark.parametrize(("kind", "text"), FORBIDDEN, ids=[text for _, text in FORBIDDEN])
async def test_a_name_with_a_forbidden_address_is_not_connected_to(kind: str, text: str) -> None:
    for answer in ([text], ["8.8.8.8", text], [text, "2606:4700::1111"]):
        lookup, asked = names(answer)
        async with sender(lookup, loopback=False) as made:
            found = await sent(made, "https://partner.example/hook")
        assert (found.status, found.problem, len(asked)) == (None, FORBIDDEN_ADDRESS, 1), kind


async def test_the_socket_goes_to_the_very_address_that_was_checked(receiver: Receiver) -> None:
    """A name that means something else at the second look is never looked at twice."""
    port = receiver.url.rpartition(":")[2]
    lookup, asked = names(["127.0.0.1"], ["10.0.0.1"])
    async with sender(lookup) as made:
        found = await sent(made, f"http://localhost:{port}/hook")
        assert (found.status, asked, len(receiver.got)) == (204, ["localhost"], 1)
        again = await sent(made, f"http://localhost:{port}/hook")
    assert (again.problem, len(asked), len(receiver.got)) == (FORBIDDEN_ADDRESS, 2, 1)


async def test_no_socket_is_made_for_an_address_that_passed_by_the_resolver() -> None:
    """Each check stands alone: here nobody looked at the URL."""
    async with receiving() as receiver, sender(loopback=False) as made:
        with pytest.raises(Forbidden, match="does not belong"):
            await made._open().post(receiver.url)
        assert receiver.got == []


async def test_redirects_are_answers_that_failed(receiver: Receiver) -> None:
    async with sender() as made:
        for status in (301, 302, 303, 307, 308):
            receiver.statuses = [status]
            found = await sent(made, f"{receiver.url}/hook")
            assert (found.status, found.taken, found.problem) == (
                status,
                False,
                f"answered {status}",
            )
    assert {one.path for one in receiver.got} == {"/hook"}


async def test_nothing_is_remembered_between_deliveries(receiver: Receiver) -> None:
    async with sender() as made:
        for _ in range(2):
            assert (await sent(made, receiver.url)).taken
    for one in receiver.got:
        assert "cookie" not in one.headers
        assert one.headers["connection"] == "close"
        assert one.headers["user-agent"] == "Vouchergraph-Webhooks/1"


async def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        async with sender() as made:
            assert (await sent(made, receiver.url)).taken
        assert proxy.got == []


@asynccontextmanager
async def raw(answer: bytes, *, then: bytes = b"") -> AsyncIterator[str]:
    """A server that says these bytes, and then those for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            while then:
                writer.write(then)
                await writer.drain()
                await asyncio.sleep(0)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


async def test_an_endless_answer_is_not_read() -> None:
    async with raw(b"HTTP/1.1 200 OK\r\n\r\n", then=b"x" * 65536) as url, sender() as made:
        found = await sent(made, url)
    assert (found.status, found.taken) == (200, True)


async def test_endless_headers_and_nonsense_fail() -> None:
    for first, then in (
        (b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"y" * 4000 + b"\r\n"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", b""),
        (b"", b""),
    ):
        async with raw(first, then=then) as url, sender() as made:
            found = await sent(made, url)
        assert found.status is None
        assert found.problem == "the connection broke, or the answer was not HTTP"


async def test_whoever_does_not_answer_is_left(receiver: Receiver) -> None:
    receiver.hang = True
    async with sender(seconds=0.3) as made:
        found = await sent(made, receiver.url)
    assert (found.status, found.problem) == (None, "no answer within 0.3 s")
    assert 250 <= found.duration_ms < 2000


async def test_the_network_s_failures_are_told_in_our_words() -> None:
    async def unknown(host: str) -> Sequence[str]:
        raise OSError("no such host: " + host)

    async def slow(host: str) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    lookup, _ = names([])
    for way, problem in (
        (unknown, "the host name could not be resolved"),
        (lookup, "the host name could not be resolved"),
        (slow, "no answer within 0.2 s"),
    ):
        async with sender(way, seconds=0.2) as made:
            assert (await sent(made, "https://partner.example/")).problem == problem
    async with sender() as made:
        refused = await sent(made, "http://127.0.0.1:9/")
        assert refused.problem == "the connection was refused or not possible"
        insecure = await sent(made, "http://partner.example/")
        assert insecure.problem == "it must be https"


async def test_tls_that_cannot_be_trusted_is_refused(receiver: Receiver) -> None:
    async with sender() as made:
        found = await sent(made, receiver.url.replace("http:", "https:"))
    assert (found.status, receiver.got) == (None, [])
    assert found.problem == "its TLS certificate or handshake is not acceptable"
