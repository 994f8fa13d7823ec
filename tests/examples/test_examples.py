"""The programs of docs/examples do what they promise, also where something goes wrong.

tests/node runs the same tests with the programs in TypeScript.
"""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.examples.desk import Desk
from tests.examples.programs import EXAMPLES, Examples, curl, python, until
from tests.examples.wire import Wire

TASKS = ("list-products", "buy", "wait", "reveal", "resume", "verify-webhook")
no_curl = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="there is no bash or no curl"
)


@pytest.fixture(
    params=[
        pytest.param(("python", python), id="python"),
        pytest.param(("curl", curl), id="curl", marks=no_curl),
    ]
)
def language(request: pytest.FixtureRequest) -> Any:
    return request.param


def kept(examples: Examples, name: str) -> Path:
    """Where a purchase is kept until it is done."""
    return examples.directory / f"{name}.json"


def test_every_task_has_a_program(examples: Examples) -> None:
    assert [task for task in TASKS if not Path(examples.call(task)[-1]).is_file()] == []


async def test_list(examples: Examples, desk: Desk) -> None:
    rows = await examples.rows("list-products")
    found = await desk.ask("{ products(filter: {available: true}) { totalCount } }")
    assert found["products"]["totalCount"] == len(rows) == len({row[0] for row in rows}) > 200
    assert {len(row) for row in rows} == {5}
    assert {row[1] for row in rows} == {"enkash", "starship", "xoxoday", "woohoo"}
    id, _, name, _, face_values = rows[0]
    assert face_values
    assert [id] == [row[0] for row in await examples.rows("list-products", *name.split())][:1]
    assert await examples.rows("list-products", "no such words") == []


async def test_buy_once(examples: Examples, desk: Desk) -> None:
    product = await desk.product("woohoo")
    first = await examples.rows("buy", "purchase", *product, "2")
    assert [len(row) for row in first] == [3]
    # As after a crash: the file is still there.
    again = await examples.rows("buy", "purchase", *product, "2")
    assert again[0][:2] == first[0][:2]
    ledger = await desk.ledger("woohoo", first[0][0])
    assert [row["quantity"] for row in ledger] == [2]


async def test_buy_although_the_answer_is_lost(examples: Examples, desk: Desk, wire: Wire) -> None:
    product = await desk.product("enkash")
    before = await desk.bought()
    wire.lost_answer = b"orderPlace"
    ended = await examples.told(VOUCHERGRAPH_URL=wire.url).run("buy", "lost", *product, "1")
    assert (ended.code, wire.lost) == (0, 1), ended.said
    after = await desk.bought()
    assert set(after) - set(before) == {ended.rows[0][1]}
    assert len(await desk.ledger("enkash", ended.rows[0][0])) == 1


async def test_buy_follows_the_advice(examples: Examples, desk: Desk) -> None:
    record = kept(examples, "wrong")
    cart, key = await desk.cart("xoxoday"), str(uuid4())
    total = {"amount": "0.01", "currency": "INR"}
    purchase = {"cartId": cart, "maxTotals": [total], "idempotencyKey": key}

    # Dearer than agreed: the same purchase goes on once that is put right.
    record.write_text(json.dumps(purchase))
    ended = await examples.run("buy", "wrong", "-", "-", "1")
    assert (ended.code, ended.printed) == (1, "")
    assert ended.said.startswith("PRICE_CHANGED: ")
    assert "run this again" in ended.said
    total["amount"] = "1000000"
    record.write_text(json.dumps(purchase))
    assert len(await examples.rows("buy", "wrong", "-", "-", "1")) == 1

    # A key of something else: a new purchase it must be.
    record.write_text(json.dumps(purchase | {"cartId": await desk.cart("xoxoday")}))
    ended = await examples.run("buy", "wrong", "-", "-", "1")
    assert ended.said.startswith("KEY_REUSED: ")
    assert (ended.code, record.exists()) == (1, False)

    # A cart that was ordered: nothing helps.
    record.write_text(json.dumps(purchase | {"idempotencyKey": str(uuid4())}))
    ended = await examples.run("buy", "wrong", "-", "-", "1")
    assert ended.said.startswith("CART_CHECKED_OUT: ")
    assert "does not help" in ended.said
    assert (ended.code, record.exists()) == (1, True)

    ended = await examples.run("buy", "nothing", "no-such-product", "1", "1")
    assert (ended.code, kept(examples, "nothing").exists()) == (1, False)
    assert ended.said.startswith("NOT_FOUND: ")


async def test_refused_credentials(examples: Examples) -> None:
    stranger = examples.told(VOUCHERGRAPH_SECRET="vgs_wrong")
    place = examples.directory / "place"
    for task, *arguments in (
        ("list-products",),
        ("buy", "none", "p", "1", "1"),
        ("wait", "o"),
        ("resume", str(place)),
    ):
        ended = await stranger.run(task, *arguments)
        assert (ended.code, ended.printed) == (1, ""), task
        assert ended.said
    assert not place.exists()


async def test_wait_over_a_lost_connection(examples: Examples, desk: Desk, wire: Wire) -> None:
    async def connected() -> bool:
        return wire.carried > 0

    await desk.simulate("starship", instant=False, delivery_seconds=6)
    try:
        order = await desk.buy("starship", str(uuid4()))
        patient = examples.told(VOUCHERGRAPH_URL=wire.url)
        async with patient.started("wait", order["id"]) as waiting:
            await until(connected)
            await asyncio.sleep(1)
            wire.cut()
            await waiting.until(lambda lines: ["DELIVERED", "1", "0"] in lines)
            assert await waiting.process.wait() == 0
    finally:
        await desk.simulate("starship", instant=True, delivery_seconds=2)
    assert ["VOUCHERS_DELIVERED", "DELIVERED"] in waiting.lines
    assert waiting.lines[-1] == ["DELIVERED", "1", "0"]
    # Nothing to wait for, and nothing that is ours.
    assert await examples.rows("wait", order["id"]) == [["DELIVERED", "1", "0"]]
    ended = await examples.run("wait", "nothing")
    assert (ended.code, ended.printed) == (1, "")
    assert "There is no such order." in ended.said


async def test_reveal_with_a_purpose(examples: Examples, desk: Desk) -> None:
    order = await desk.buy("woohoo", str(uuid4()))
    await examples.rows("wait", order["id"])
    purpose = f"handed over by {examples.language}"
    rows = await examples.rows("reveal", order["id"], purpose)
    issued = (await desk.ledger("woohoo", order["id"]))[0]["vouchers"]
    secrets = [[one[name] or "" for name in ("code", "pin", "claimUrl")] for one in issued]
    assert [row[3:] for row in rows] == secrets
    assert any(secrets[0])
    seen = await desk.ask("{ auditEvents(first: 1) { nodes { action purpose } } }")
    assert seen["auditEvents"]["nodes"] == [{"action": "VOUCHER_REVEALED", "purpose": purpose}]
    readonly = desk.running.ready["clients"]["readonly"]
    stranger = examples.told(
        VOUCHERGRAPH_KEY=readonly["key"], VOUCHERGRAPH_SECRET=readonly["secret"]
    )
    ended = await stranger.run("reveal", order["id"], purpose)
    assert (ended.code, ended.printed) == (1, "")


async def test_resume_without_missing_an_event(examples: Examples, desk: Desk, wire: Wire) -> None:
    place = examples.directory / "place"
    wired = examples.told(VOUCHERGRAPH_URL=wire.url)

    async def up_to_date(lines: list[list[str]]) -> None:
        """Wait until the program has handled the whole log, and kept its place."""

        async def handled() -> bool:
            last = (await desk.sequences())[-1]
            return place.exists() and place.read_text().strip() == last == lines[-1][0]

        await until(handled)

    async with wired.started("resume", str(place)) as first:
        await up_to_date(first.lines)
        await desk.buy("woohoo", str(uuid4()))
        await first.until(lambda lines: any(line[2] == "PLACED" for line in lines))
        carried = wire.carried
        wire.down = True
        wire.cut()
        missed = await desk.buy("enkash", str(uuid4()))
        wire.down = False
        await up_to_date(first.lines)
        assert wire.carried > carried, "it never connected again"
        assert any(line[1] == missed["reference"] for line in first.lines)
        # In the middle of a burst: some events are under way when the line breaks.
        buying = asyncio.create_task(desk.buy("woohoo", str(uuid4())))
        await asyncio.sleep(0.05)
        wire.cut()
        await buying
        await up_to_date(first.lines)
    await desk.buy("woohoo", str(uuid4()))
    async with wired.started("resume", str(place)) as second:
        await up_to_date(second.lines)
    told = [line[0] for line in first.lines + second.lines]
    assert told == await desk.sequences()
    assert told == [str(number) for number in range(1, len(told) + 1)]


def test_the_programs_keep_to_the_environment() -> None:
    """No address, key or secret stands in a program."""
    for path in sorted(EXAMPLES.rglob("*")):
        if path.suffix in {".py", ".sh", ".ts"} and "node_modules" not in path.parts:
            text = path.read_text()
            assert "http://" not in text, path
            assert "vgtest_" not in text, path
            assert "vgs_" not in text, path
