"""The programs that verify webhooks, before real deliveries of the service."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from standardwebhooks import Webhook

from tests.examples.desk import Desk
from tests.examples.programs import Examples, curl, python, until
from tests.examples.test_examples import no_curl
from tests.notices.receiver import Received, Receiver, receiving

LATE = timedelta(seconds=301)
EARLY = timedelta(seconds=400)  # what a slow machine takes until it is looked at is less


@pytest.fixture(params=[pytest.param(("python", python), id="python")])
def language(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


@dataclass(frozen=True)
class Delivery:
    """A message that the service sent, and what it was signed with."""

    secret: str
    received: Received

    @property
    def headers(self) -> dict[str, str]:
        """As they came."""
        came = self.received.headers.items()
        return {name: value for name, value in came if name.startswith("webhook-")}

    def sent_at(self, at: datetime) -> dict[str, str]:
        """The headers of the same message, had we signed it then."""
        id = self.received.id
        signature = Webhook(self.secret).sign(id, at, self.received.body.decode())
        return {
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }

    def forgeries(self) -> list[tuple[dict[str, str], bytes]]:
        """What must be refused: each differs in one thing from what is genuine."""
        now = datetime.now(UTC)
        headers, body, id = self.sent_at(now), self.received.body, self.received.id
        stranger = "whsec_" + "A" * 32
        signed_by_a_stranger = Webhook(stranger).sign(id, now, body.decode())
        return [
            (headers, body.replace(b"PENDING", b"DELIVERED")),
            (headers, body + b" "),
            (headers, b""),
            ({**headers, "webhook-id": "msg_another"}, body),
            ({**headers, "webhook-timestamp": str(int(now.timestamp()) + 1)}, body),
            (self.sent_at(now - LATE), body),
            (self.sent_at(now + EARLY), body),
            ({**headers, "webhook-signature": signed_by_a_stranger}, body),
            ({**headers, "webhook-signature": ""}, body),
            ({**headers, "webhook-signature": "v1,ä"}, body),
            ({**headers, "webhook-timestamp": "soon"}, body),
            ({name: headers[name] for name in list(headers)[1:]}, body),
        ]


async def delivered(desk: Desk, receiver: Receiver) -> Delivery:
    """The first message about an order that was just bought."""
    _, secret = await desk.endpoint(f"{receiver.url}/hook")
    await desk.buy("woohoo", str(uuid4()))

    async def came() -> bool:
        return bool(receiver.got)

    await until(came)
    return Delivery(secret, receiver.got[0])


async def test_a_program_that_takes_webhooks(
    examples: Examples, desk: Desk, receiver: Receiver
) -> None:
    delivery = await delivered(desk, receiver)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    endpoint, secret = await desk.endpoint(url)
    knowing = examples.told(VOUCHERGRAPH_WEBHOOK_SECRET=secret)
    async with knowing.started("verify-webhook", str(port)) as program:
        await _listening(port)
        before = (await desk.sequences())[-1]
        order = await desk.buy("woohoo", str(uuid4()))
        happened = (await desk.sequences())[int(before) :]
        await program.until(lambda lines: len(lines) >= len(happened))
        assert {line[0] for line in program.lines} == set(happened)
        assert {line[1] for line in program.lines} == {order["reference"]}

        # Told again under the same ids: taken, and nothing done twice.
        told = len(program.lines)
        await desk.replay(endpoint, before)
        await until(lambda: _delivered_twice(desk, endpoint, len(happened)))
        assert len(program.lines) == told

        theirs = Delivery(secret, delivery.received)
        fresh = theirs.sent_at(datetime.now(UTC))
        for headers, body in theirs.forgeries():
            assert await _post(desk, url, headers, body) == 401, (headers, body)
        assert len(program.lines) == told
        # Two signatures, as while a secret is rotated.
        both = {**fresh, "webhook-signature": f"v1,AAAA {fresh['webhook-signature']}"}
        assert await _post(desk, url, both, delivery.received.body) == 204
        assert await _post(desk, url, fresh, delivery.received.body) == 204
        await program.until(lambda lines: len(lines) == told + 1)
        assert program.lines[-1][0] == str(delivery.received.sequence)
        large = delivery.received.body + b" " * 100_000
        assert await _post(desk, url, fresh, large) in {401, 413}


@no_curl
@pytest.mark.parametrize("language", [("curl", curl)], ids=["curl"])
async def test_a_program_that_is_handed_webhooks(
    examples: Examples, desk: Desk, receiver: Receiver
) -> None:
    delivery = await delivered(desk, receiver)
    knowing = examples.told(VOUCHERGRAPH_WEBHOOK_SECRET=delivery.secret)
    headers = examples.directory / "headers"

    async def handed(given: dict[str, str], body: bytes) -> tuple[int, str]:
        lines = [f"{name.title()}: {value}\r\n" for name, value in given.items()]
        headers.write_text("".join(lines), encoding="utf-8")
        ended = await knowing.run("verify-webhook", "headers", "handled", stdin=body)
        return ended.code, ended.printed

    body = delivery.received.body
    for forged, forged_body in delivery.forgeries():
        assert await handed(forged, forged_body) == (1, ""), forged
    assert not (examples.directory / "handled").exists()
    code, printed = await handed(delivery.headers, body)
    assert (code, json.loads(printed)) == (0, delivery.received.message)
    assert await handed(delivery.sent_at(datetime.now(UTC)), body) == (2, "")


async def _listening(port: int) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            assert time.monotonic() < end
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


async def _post(desk: Desk, url: str, headers: dict[str, str], body: bytes) -> int | None:
    try:
        async with desk.http.post(url, data=body, headers=headers) as response:
            return response.status
    except aiohttp.ClientConnectionError:
        return 413  # closed while the body was on its way


async def _delivered_twice(desk: Desk, endpoint: str, count: int) -> bool:
    found = await desk.ask(
        """{ webhookEndpoints { id deliveries(first: 100) {
             nodes { state attempts responseStatus } } } }"""
    )
    ours = next(one for one in found["webhookEndpoints"] if one["id"] == endpoint)
    rows = [(one["state"], one["attempts"]) for one in ours["deliveries"]["nodes"]]
    assert {one["responseStatus"] for one in ours["deliveries"]["nodes"]} <= {204, None}
    return rows == [("DELIVERED", 2)] * count
