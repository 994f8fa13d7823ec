"""Outgoing webhooks of the real program: its commands, and a process that is killed meanwhile."""

import asyncio
import signal

import aiohttp
from standardwebhooks import Webhook

from tests.app.process import Running, command, serving, workplace
from tests.notices.receiver import Receiver, receiving

PATIENCE = 20.0


async def run(running: Running, *words: str) -> str:
    done = await asyncio.to_thread(command, running.directory, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def refused(running: Running, *words: str) -> str:
    done = await asyncio.to_thread(command, running.directory, *words)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


async def last_import(http: aiohttp.ClientSession, running: Running) -> int:
    """The number of the newest import in the log of the account demo."""
    query = {"query": "{ orderEvents(last: 100) { nodes { sequence type } } }"}
    async with http.post(running.url, json=query, headers=running.headers("readonly")) as response:
        nodes = (await response.json())["data"]["orderEvents"]["nodes"]
    return max(int(node["sequence"]) for node in nodes if node["type"] == "IMPORTED")


async def got(receiver: Receiver, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(receiver.got) < count:
            receiver.arrived.clear()
            await receiver.arrived.wait()


async def demo_account(running: Running) -> str:
    lines = (await run(running, "accounts", "list")).splitlines()
    return next(line.split()[0] for line in lines if line.endswith("  demo"))


async def test_the_commands_and_an_end_in_the_middle_of_a_delivery(
    http: aiohttp.ClientSession,
) -> None:
    with workplace() as directory:
        async with receiving() as receiver:
            receiver.hang = True
            with serving(directory) as first:
                made = await run(
                    first,
                    *("webhooks", "create", "--account", await demo_account(first)),
                    *("--url", f"{receiver.url}/hook?token=hush"),
                    *("--event", "order.imported"),
                )
                words = made.split()
                id, secret = words[1], words[3]
                assert "not shown again" in made
                listed = await run(first, "webhooks", "list")
                assert listed.split()[0] == id
                assert listed.endswith(f"enabled  order.imported  {receiver.url}/hook")
                before = str(await last_import(http, first) - 1)
                await run(first, "webhooks", "replay", id, "--after", before)
                await got(receiver, 1)
                first.process.send_signal(signal.SIGKILL)
                first.process.wait()
            receiver.hang = False
            with serving(directory) as second:
                # Its lease is over after half a minute; here the time passes at once.
                await run(second, "webhooks", "disable", id)
                assert "disabled (an operator disabled it)" in await run(second, "webhooks", "list")
                await run(second, "webhooks", "enable", id)
                await run(second, "webhooks", "replay", id, "--after", before)
                await got(receiver, 2)
                assert len({one.id for one in receiver.got}) == 1
                for one in receiver.got:
                    Webhook(secret).verify(one.body, one.headers)
                shown = await run(second, "webhooks", "deliveries", id)
                assert receiver.got[0].id in shown
                await rotated(second, receiver, (id, secret), before)
                for words_ in (("rotate", "nobody"), ("deliveries", id[:-1]), ("enable", "x")):
                    said = await refused(second, "webhooks", *words_)
                    assert "no such webhook endpoint" in said
                said = await refused(second, "webhooks", "replay", id, "--after", "soon")
                assert said.startswith("error: ")
                receiver.hang = True
                count = len(receiver.got)
                await run(second, "webhooks", "replay", id, "--after", before)
                await got(receiver, count + 1)
                code, seconds = await asyncio.to_thread(second.stop)
                assert (code, seconds < 5) == (0, True), f"{seconds} s"
                everything = second.log() + shown + listed
                assert secret not in everything
                assert "hush" not in everything


async def rotated(
    running: Running, receiver: Receiver, known: tuple[str, str], before: str
) -> None:
    """During the overlap both secrets sign."""
    id, old = known
    said = await run(running, "webhooks", "rotate", id, "--overlap", "1")
    new = said.split()[1]
    assert new != old
    assert "as well until" in said
    count = len(receiver.got)
    await run(running, "webhooks", "replay", id, "--after", before)
    await got(receiver, count + 1)
    for secret in (old, new):
        Webhook(secret).verify(receiver.got[-1].body, receiver.got[-1].headers)
