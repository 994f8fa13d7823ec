"""Money in a sandbox: filled once, and put right by a command that leaves a trace."""

import asyncio
from typing import Any

import aiohttp

from domain.ids import Kind, row_id
from tests.app.process import Running, command

WALLET = """{ wallet { balances { available { amount currency } }
  entries(first: 100) { nodes { id kind amount { amount currency } } } } viewer { account } }"""


async def ask(http: aiohttp.ClientSession, service: Running, name: str, query: str) -> Any:
    client = service.ready["clients"][name]
    headers = {"X-API-Key": client["key"], "X-API-Secret": client["secret"]}
    async with http.post(service.url, json={"query": query}, headers=headers) as response:
        return (await response.json())["data"]


async def test_demo_accounts_have_money_in_every_currency(
    http: aiohttp.ClientSession, service: Running
) -> None:
    for name in ("partner", "other"):
        wallet = (await ask(http, service, name, WALLET))["wallet"]
        found = {b["available"]["currency"]: b["available"]["amount"] for b in wallet["balances"]}
        assert found["INR"] == "10000000.00"
        assert {"USD", "EUR", "SGD", "AED", "JPY", "GBP"} <= set(found)
        tops = [e for e in wallet["entries"]["nodes"] if e["kind"] == "TOP_UP"]
        assert len(tops) == len(found), "each currency once"


async def test_a_wallet_is_adjusted_by_a_command(
    http: aiohttp.ClientSession, service: Running
) -> None:
    async def adjust(*words: str) -> Any:
        return await asyncio.to_thread(command, service.directory, "wallet", "adjust", *words)

    found = await ask(http, service, "partner", WALLET)
    key = row_id(found["viewer"]["account"], Kind.ACCOUNT)
    account = str(key)
    done = await adjust(account, "CHF", "12.50", "--reason", "paid by wire")
    assert done.returncode == 0, done.stderr
    taken = await adjust(account, "CHF", "-2.25", "--reason", "paid twice")
    assert taken.returncode == 0, taken.stderr
    wallet = (await ask(http, service, "partner", WALLET))["wallet"]
    entries = wallet["entries"]["nodes"]
    assert [(e["id"], e["kind"], e["amount"]["amount"]) for e in entries[:2]] == [
        (taken.stdout.strip(), "ADJUSTMENT", "-2.25"),
        (done.stdout.strip(), "ADJUSTMENT", "12.50"),
    ]
    audit = await ask(
        http, service, "partner", "{ auditEvents(first: 1) { nodes { action subject purpose } } }"
    )
    assert audit["auditEvents"]["nodes"] == [
        {"action": "WALLET_ADJUSTED", "subject": taken.stdout.strip(), "purpose": "paid twice"}
    ]
    for words, said in (
        ((account, "CHF", "-100"), "only 10.25 CHF are available"),
        ((account, "CHF", "0"), "not zero"),
        ((account, "CHF", "ten"), "decimal number"),
        ((account, "francs", "1"), "ISO 4217"),
        (("00000000-0000-0000-0000-000000000000", "CHF", "1"), "no such account"),
        ((account, "CHF", "1", "--fulfillment", "x"), "fulfillment"),
    ):
        refused = await adjust(*words, "--reason", "a test")
        assert refused.returncode == 1
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr


async def test_a_client_may_be_given_limits(http: aiohttp.ClientSession, service: Running) -> None:
    account = (await ask(http, service, "partner", "{ viewer { account } }"))["viewer"]["account"]
    create = ("clients", "create", "--account", str(row_id(account, Kind.ACCOUNT)))
    scope = ("--scope", "orders:place")
    made = await asyncio.to_thread(
        command, service.directory, *create, *scope, "--limit", "INR=50000/day"
    )
    assert made.returncode == 0, made.stderr
    refused = await asyncio.to_thread(
        command, service.directory, *create, *scope, "--limit", "50000"
    )
    assert refused.returncode == 2
    assert "INR=50000/day" in refused.stderr
