"""What must hold when everything is over, seen from outside: API, rows and providers' ledgers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import asyncpg

from tests.operations.buying import WALLET
from tests.soak.arena import Arena
from tests.soak.shopping import CLIENTS, PROVIDERS, Bought, Shopper

ENDED = frozenset({"fulfilled", "partially_fulfilled", "rejected", "failed", "cancelled"})
REVIEW = "needs_review"
ORDER = """query ($id: ID!) { order(by: {id: $id}) {
  id status settled
  fulfillments { reference status delivered total }
  vouchers(first: 100) { nodes { state code pin claimUrl } } } }"""
PARTS = """
SELECT a.name AS account, f.order_id, f.id, f.provider, f.reference, f.state, f.quantity,
       f.delivered, f.failed, f.total, f.currency, f.charged, f.charged_currency, f.sends,
       f.evidence->>'why' AS why, f.provider_order_id, o.settled, o.idempotency_key,
       (SELECT count(*) FROM vouchers v
         WHERE v.fulfillment_id = f.id AND v.state = 'ACTIVE') AS active,
       (SELECT count(*) FROM vouchers v
         WHERE v.fulfillment_id = f.id AND v.state = 'QUARANTINED') AS kept_out,
       coalesce((SELECT sum(t.amount) FROM transfers t
                  WHERE t.fulfillment_id = f.id AND t.kind = 'HOLD'), 0) AS hold,
       coalesce((SELECT sum(t.amount) FROM transfers t
                  WHERE t.fulfillment_id = f.id AND t.kind = 'CAPTURE'), 0) AS captured,
       coalesce((SELECT sum(t.amount) FROM transfers t
                  WHERE t.fulfillment_id = f.id AND t.kind = 'RELEASE'), 0) AS released
  FROM fulfillments f JOIN orders o ON o.id = f.order_id JOIN accounts a ON a.id = f.account
 WHERE o.origin = 'PLACED'"""
TOPPED_UP = """
SELECT a.name AS account, t.currency, sum(t.amount) AS amount
  FROM transfers t JOIN accounts a ON a.id = t.account WHERE t.kind = 'TOP_UP'
 GROUP BY a.name, t.currency"""
GAPS = """
SELECT a.name FROM event_heads h JOIN accounts a ON a.id = h.account
 WHERE h.last <> (SELECT count(*) FROM order_events e
                   WHERE e.account = h.account AND e.sequence BETWEEN 1 AND h.last)"""
TRIES = "SELECT outcome, count(*) FROM fulfillment_attempts GROUP BY outcome"
RUNNING = "SELECT fulfillment_id, number FROM fulfillment_attempts WHERE outcome = 'RUNNING'"
# Woohoo's answer to a place names no amount; its order details, which are read later, do.
TELL_ALWAYS = frozenset({"enkash", "starship", "xoxoday"})
# Two accounts, and the client of each that reveals.
ACCOUNTS = dict(zip(CLIENTS, ("demo", "other"), strict=True))


@dataclass
class Found:
    """What was seen: every placed part, and by provider what its ledger says of each reference."""

    parts: list[asyncpg.Record]
    ledgers: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def sold(self, part: asyncpg.Record) -> Mapping[str, Any] | None:
        return self.ledgers[part["provider"]].get(part["reference"])

    def units(self, part: asyncpg.Record) -> list[Mapping[str, Any]]:
        row = self.sold(part)
        return list(row["vouchers"]) if row else []


async def kept(arena: Arena, shopper: Shopper) -> Counter[str]:
    """Check all promises; how the orders ended."""
    found = Found(await _parts(arena), {name: _ledger(arena, name) for name in PROVIDERS})
    _all_ended(found)
    _nothing_forgotten(found)
    _units_are_stored(found)
    _money_follows_units(found)
    _charged_as_the_provider_says(found)
    await _wallets_add_up(arena, found)
    assert await arena.fetch(GAPS) == []
    assert await arena.fetch(RUNNING) == [], "tries that never ended"
    for bought in shopper.bought:
        await _opens(arena, found, bought)
        await _replays(shopper, bought)
    ends = Counter(f"{part['provider']} {part['state']}" for part in found.parts)
    tries = Counter({f"tries {row['outcome']}": row["count"] for row in await arena.fetch(TRIES)})
    whys = Counter(f"review {part['why']}" for part in found.parts if part["state"] == REVIEW)
    return ends + whys + tries


async def _parts(arena: Arena) -> list[asyncpg.Record]:
    async with arena.connected() as conn:
        await conn.execute("SET ROLE vg_worker")
        return list(await conn.fetch(PARTS))


def _ledger(arena: Arena, provider: str) -> dict[str, dict[str, Any]]:
    rows = arena.ledger(provider)
    twice = [ref for ref, times in Counter(row["reference"] for row in rows).items() if times > 1]
    assert twice == [], f"{provider} sold twice: {twice}"
    return {row["reference"]: row for row in rows}


def _all_ended(found: Found) -> None:
    still = [
        _named(part)
        for part in found.parts
        if part["state"] != REVIEW and not (part["state"] in ENDED and _counted(part))
    ]
    assert still == [], f"never ended: {still}"
    reviewed = {part["order_id"] for part in found.parts if part["state"] == REVIEW}
    unsettled = [_named(p) for p in found.parts if p["settled"] is (p["order_id"] in reviewed)]
    assert unsettled == [], f"settled says something else: {unsettled}"


def _counted(part: asyncpg.Record) -> bool:
    return bool(part["delivered"] + part["failed"] == part["quantity"])


def _nothing_forgotten(found: Found) -> None:
    """Every order at a provider is of a part of ours, which knows its id or is looked at."""
    ours = {part["reference"]: part for part in found.parts}
    for provider, ledger in found.ledgers.items():
        unknown = [reference for reference in ledger if reference not in ours]
        assert unknown == [], f"{provider} sold what nobody ordered: {unknown}"
        forgotten = [
            _named(ours[reference])
            for reference, row in ledger.items()
            if ours[reference]["provider_order_id"] != row["providerOrderId"]
            and ours[reference]["state"] != REVIEW
        ]
        assert forgotten == [], f"bought and forgotten: {forgotten}"


def _units_are_stored(found: Found) -> None:
    for part in found.parts:
        there = len(found.units(part))
        if part["state"] == REVIEW and part["why"] == "LATE_UNITS":
            assert part["active"] + part["kept_out"] == there, _named(part)
            assert part["active"] == part["delivered"], _named(part)
        else:
            assert part["active"] == part["delivered"] == there, (_named(part), there)
            assert part["kept_out"] == 0, _named(part)


def _money_follows_units(found: Found) -> None:
    for part in found.parts:
        assert part["hold"] == part["total"], _named(part)
        assert part["captured"] == _price_of(part), (_named(part), part["captured"])
        if _counted(part):
            assert part["captured"] + part["released"] == part["total"], _named(part)


def _price_of(part: asyncpg.Record) -> Decimal:
    """The frozen price of the delivered units; all of them cost exactly the total."""
    digits = Decimal(1) if part["currency"] == "JPY" else Decimal("0.01")
    share: Decimal = part["total"] * part["delivered"] / part["quantity"]
    return part["total"] if share == part["total"] else share.quantize(digits, ROUND_HALF_EVEN)


def _charged_as_the_provider_says(found: Found) -> None:
    for part in found.parts:
        row = found.sold(part)
        if row is None:
            assert part["charged"] is None, _named(part)
        elif part["charged"] is not None:
            assert part["charged"] == Decimal(row["charged"]), (_named(part), row["charged"])
        else:
            assert part["provider"] not in TELL_ALWAYS or part["state"] == REVIEW, _named(part)


async def _wallets_add_up(arena: Arena, found: Found) -> None:
    """Available, held and the price of what was delivered are what was topped up."""
    held: Counter[tuple[str, str]] = Counter()
    spent: dict[tuple[str, str], Decimal] = {}
    for part in found.parts:
        wallet = part["account"], part["currency"]
        spent[wallet] = spent.get(wallet, Decimal(0)) + _price_of(part)
        held[wallet] += part["hold"] - part["captured"] - part["released"]
    topped = {
        (row["account"], row["currency"]): row["amount"] for row in await arena.fetch(TOPPED_UP)
    }
    for client, account in ACCOUNTS.items():
        for balance in (await arena.data(client, WALLET))["wallet"]["balances"]:
            wallet = account, balance["available"]["currency"]
            available = Decimal(balance["available"]["amount"])
            still = Decimal(balance["held"]["amount"])
            assert still == held[wallet], wallet
            assert available + still + spent.pop(wallet, Decimal(0)) == topped[wallet], wallet
    assert spent == {}


async def _opens(arena: Arena, found: Found, bought: Bought) -> None:
    """Every unit that a provider gave out opens for the buyer, and no other does."""
    answer = await arena.ask(bought.client, ORDER, {"id": bought.order})
    order = answer["data"]["order"]
    references = {part["reference"] for part in order["fulfillments"]}
    parts = [part for part in found.parts if part["reference"] in references]
    assert parts, bought
    kept_out = [node for node in order["vouchers"]["nodes"] if node["state"] != "ACTIVE"]
    assert {node[name] for node in kept_out for name in ("code", "pin", "claimUrl")} <= {None}
    assert bool(answer.get("errors")) is bool(kept_out), (bought, answer.get("errors"))
    opened = _units(node for node in order["vouchers"]["nodes"] if node["state"] == "ACTIVE")
    given = _units(unit for part in parts for unit in found.units(part) if part["delivered"])
    assert opened == given, (bought, opened - given, given - opened)
    shown = all(part["status"] != "NEEDS_REVIEW" for part in order["fulfillments"])
    assert order["settled"] is shown, bought


def _units(rows: Iterable[Mapping[str, Any]]) -> Counter[tuple[str | None, ...]]:
    return Counter((row["code"], row["pin"], row["claimUrl"]) for row in rows)


async def _replays(shopper: Shopper, bought: Bought) -> None:
    answer = await shopper.insist(bought.client, bought.cart, bought.key)
    assert answer["problems"] == [], bought
    assert (answer["replayed"], answer["order"]["id"]) == (True, bought.order), bought


def _named(part: asyncpg.Record) -> str:
    names = ("provider", "reference", "state", "quantity", "delivered", "failed", "sends", "why")
    return " ".join(f"{name}={part[name]}" for name in names)
