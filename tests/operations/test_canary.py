"""After every fault of every operation no secret is found anywhere but in the answers."""

import asyncio
import json
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.sandbox import KEY_RING
from app.telemetry import exposition
from ordering.catalog import refresh
from ordering.checkpoints import take
from providers.auth import BearerToken
from providers.errors import ProviderError
from providers.health import Breaker
from simulators import Simulator
from simulators.faults import KINDS, TWISTS, Faults
from simulators.faults import OPERATIONS as KNOWN
from simulators.world import State
from tests.operations.buying import CREATE, PLACE_AS_PARTNER, Buyer, age, opened, pass_time
from tests.operations.operating import CANCEL, RESEND
from tests.operations.service import Answer, Client, Service
from tests.postgres import Server

# The simulators' cart is not used by default, and no operation of ours asks for it.
NEVER_ASKED = {"cart"}
# Struck once or twice and then healed, so that whatever comes next is struck in its turn.
TIMES = 2
OPERATIONS = [name for name in KNOWN if name != "token"]
REVEAL = """query ($after: String) { orders(first: 20, after: $after) {
  pageInfo { hasNextPage endCursor } nodes { status vouchers(first: 20) {
  nodes { maskedCode code pin claimUrl referenceNumber } } } } }"""
LOOK = """{ orders(first: 20) { nodes { status live fulfillments { attempts { outcome }
  problem { code message } } events(first: 20) { nodes { type } } } }
  products(first: 5) { nodes { name } } wallet { entries(first: 5) { nodes { kind } } } }"""
OPERATE = """{ providers { name health { state circuit } balances { amount } }
  fulfillments(first: 50) { nodes { reference problem { code message providerCode }
    attempts { number outcome } } } }"""
LONG = 12
SHORTEST = 6  # a PIN of four digits stands in any dump by chance


def secrets_of(service: Service) -> dict[str, str]:
    """Every secret the simulators ever issued, and where it came from."""
    found: dict[str, str] = {}
    for name, simulator in service.simulators.items():
        for order in simulator.world.newest_first():
            for unit in order.vouchers:
                for value in (unit.code, unit.pin, unit.claim_url, unit.serial):
                    if value and len(value) >= SHORTEST:
                        found[value] = f"{name} {order.order_id}"
        for key, value in simulator.credentials.items():
            if len(value) >= SHORTEST and key not in {"username", "org_code", "wallet_ids"}:
                found[value] = f"{name} {key}"
    return found


def hits(text: str, secrets: dict[str, str]) -> list[str]:
    """Where the secrets in a text came from; the secrets themselves are not shown."""
    squeezed = text.replace("\\/", "/")
    return sorted({origin for value, origin in secrets.items() if _stands_in(value, squeezed)})


def _stands_in(value: str, text: str) -> bool:
    """A PIN is looked for as a whole: its digits stand in many an instant's fraction by chance."""
    if value not in text:
        return False
    whole = rf"(?<![\w.]){re.escape(value)}(?!\w)"
    return not _is_pin(value) or re.search(whole, text) is not None


def _is_pin(value: str) -> bool:
    """A few digits and nothing else."""
    return value.isdigit() and len(value) < LONG


async def dump(dsn: str) -> str:
    """Every row of every table as text, bytes in hex and as they are."""
    conn = await asyncpg.connect(dsn)
    try:
        tables = await conn.fetch(
            "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r'"
            " AND c.relnamespace = 'public'::regnamespace"
        )
        parts = []
        for table in tables:
            rows = await conn.fetch(f'SELECT * FROM "{table["relname"]}"')  # noqa: S608
            for row in rows:
                for value in row.values():
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    parts.append(raw.decode("latin-1"))
        return "\n".join(parts)
    finally:
        await conn.close()


@dataclass
class Heard:
    """All that was said while it ran: answers with their headers, and what the login gave out."""

    answers: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    struck: set[tuple[str, str]] = field(default_factory=set)

    def listen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        send, handled, strike = Client.send, Simulator._handled, Faults.strike

        async def sending(client: Client, query: str, *args: Any, **more: Any) -> Answer:
            answer = await send(client, query, *args, **more)
            if query != REVEAL or "FORBIDDEN" in answer.codes:
                self.answers.append(f"{answer.headers} {answer.body}")
            return answer

        def handling(simulator: Simulator, route: Any, call: Any) -> Any:
            response = handled(simulator, route, call)
            if route.operation == "token":
                self.tokens |= dict.fromkeys(_texts(json.loads(response.text or "null")), "a token")
            return response

        def striking(faults: Faults, serves: Any, reference: Any, sku: Any) -> Any:
            struck = strike(faults, serves, reference, sku)
            slow = "slow" if struck.delay_seconds else None
            kinds = {struck.kind, slow, *struck.twists} - {None}
            self.struck |= {(name, str(kind)) for name in serves for kind in kinds}
            return struck

        monkeypatch.setattr(Client, "send", sending)
        monkeypatch.setattr(Simulator, "_handled", handling)
        monkeypatch.setattr(Faults, "strike", striking)


def _texts(value: Any) -> list[str]:
    """The long texts of a JSON answer: tokens, and nothing that stands elsewhere by chance."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) and len(value) >= 16 and " " not in value else []


async def _one_provider(service: Service, buyer: Buyer, name: str, kind: str, turn: int) -> None:
    """Everything that is ever asked of a provider, while each operation fails in that way."""
    simulator, program = service.simulators[name], service.program
    heal(service, name)
    wanted = [{"operation": one, "fault": kind, "times": TIMES} for one in OPERATIONS]
    simulator.faults.replace({"seed": turn, "faults": wanted})
    await service.import_order(name, simulator.seeded_orders[turn].order_id)
    await refresh(program.database, {name: program.providers[name]})
    cart = await buyer.client.send(CREATE, {"lines": [_line(buyer, name)]})
    made = ((cart.body.get("data") or {}).get("cartCreate") or {}).get("cart")
    if made:
        heal(service, name)
        given = {"cartId": made["id"], "idempotencyKey": f"canary-{name}-{kind}"}
        placed = await buyer.client.send(PLACE_AS_PARTNER, {"input": given})
        order = (placed.body["data"]["orderPlace"] or {}).get("order")
        if order:
            heal(service, name)
            operator = service.client("partner")
            await operator.send(RESEND, {"input": {"orderId": order["id"]}})
            await operator.send(CANCEL, {"input": {"orderId": order["id"], "reason": "test"}})


def _line(buyer: Buyer, name: str) -> dict[str, Any]:
    goods = buyer.goods[name]
    return {"productId": goods["id"], "faceValue": goods["faceValue"], "quantity": 1}


def heal(service: Service, name: str) -> None:
    """Nobody wants to wait for the circuit and for Retry-After here."""
    transport = service.program.providers[name].transport
    transport._breaker = Breaker(name)
    transport._pace._held.clear()


async def _exercise(service: Service, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every fault of every operation at every provider; the one answer that may hold secrets."""
    buyer = await opened(service)
    for name in service.simulators:
        await buyer.product(name)
        monkeypatch.setattr(service.program.providers[name].transport, "_timeout", 0.3)
    for turn, kind in enumerate(sorted(KINDS)):
        await asyncio.gather(
            *(_one_provider(service, buyer, name, kind, turn % 6) for name in service.simulators)
        )
        await pass_time(service)
        await age(service)
        for name in service.simulators:
            heal(service, name)
            await service.program.services.reconciler.now(name)
        await service.client("partner").send(LOOK)
        await service.client("operator").send(OPERATE)
    for name, simulator in service.simulators.items():
        simulator.faults.replace({"seed": 0, "faults": []})
        heal(service, name)
    for name, simulator in service.simulators.items():
        for order in simulator.seeded_orders:
            await service.import_order(name, order.order_id)
    await age(service, 2)
    # A login that fails in every way, last: once refused it is not tried again.
    denied = await service.client("readonly").send(REVEAL)
    assert "FORBIDDEN" in denied.codes
    revealed = await _revealed(service)
    for kind in sorted(KINDS - TWISTS):
        for name, simulator in service.simulators.items():
            heal(service, name)
            simulator.faults.replace(
                {"seed": 1, "faults": [{"operation": "token", "fault": kind, "times": 1}]}
            )
        await _log_in(service)
    await service.settle()
    await take(service.program.database, service.program.parts.keys)
    return revealed


async def _revealed(service: Service) -> str:
    """Every page of orders with its vouchers opened."""
    text, page = "", {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        answer = await service.client("partner").send(REVEAL, {"after": page["endCursor"]})
        assert set(answer.codes) <= {"UNSUPPORTED"}, "canceled ones stay closed"
        text += str(answer.body)
        page = answer.body["data"]["orders"]["pageInfo"]
    return text


async def _log_in(service: Service) -> None:
    """Every provider needs a new token now."""
    async with service.program.database.worker() as conn:
        await conn.execute(
            "UPDATE provider_tokens SET refused = false, lease_until = NULL, sealed = NULL,"
            " version = version + 1"
        )
    for provider in service.program.providers.values():
        for scheme in provider.transport._auth:
            if isinstance(scheme, BearerToken):
                scheme._held = None
        with suppress(ProviderError):
            await provider.balances()


async def haystacks(service: Service, heard: Heard, dsn: str) -> dict[str, str]:
    """Every place that the running system writes into, as text; logs and files apart."""
    async with service.session.get(f"{service.url}/metrics") as response:
        metrics = await response.text()
    async with service.session.get(f"{service.url}/readyz") as response:
        ready = f"{response.headers} {await response.text()}"
    found = {
        "answers": "\n".join(heard.answers),
        "database rows": await dump(dsn),
        "metrics": metrics + exposition().decode(),
        "ready": ready,
    }
    if service.program.settings.redis_url is not None:
        found["Redis"] = await redis_dump(service.program.settings.redis_url.get_secret_value())
    return found


async def redis_dump(url: str) -> str:
    """Every key of that Redis with its value."""
    from redis.asyncio import Redis  # noqa: PLC0415

    async with Redis.from_url(url) as redis:
        await redis.config_set("rdbcompression", "no")
        keys = [key async for key in redis.scan_iter()]
        return "\n".join([f"{key!r} {await redis.dump(key)!r}" for key in keys])


def own_secrets(service: Service) -> dict[str, str]:
    """The service's own: API secrets, pepper, key ring."""
    sandbox = service.program.parts.sandbox
    assert sandbox is not None
    found = {shown["secret"]: f"secret of {name}" for name, shown in sandbox.shown().items()}
    ring = service.program.settings.data_dir / KEY_RING
    texts = [sandbox.pepper.reveal(), ring.read_text()]
    for text in texts:
        found |= {word: "a key" for word in re.split(r"[\s:,*=]+", text) if len(word) >= LONG}
    return found


async def test_no_secret_is_found_where_it_does_not_belong(
    service: Service,
    postgres_dsn: str,
    postgres_server: Server,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG")
    heard = Heard()
    heard.listen(monkeypatch)
    with capture_logs() as lines:
        text = await _exercise(service, monkeypatch)
    secrets = {**secrets_of(service), **heard.tokens, **own_secrets(service)}
    assert len(secrets) > 150
    assert len(heard.tokens) > 2
    struck = {operation for operation, _ in heard.struck}
    assert struck == set(KNOWN) - NEVER_ASKED
    assert {kind for _, kind in heard.struck} == KINDS

    # The search can find: the answer that may hold secrets holds them.
    delivered = [
        unit.code or unit.claim_url
        for simulator in service.simulators.values()
        for order in simulator.seeded_orders
        if order.course[-1].state is State.DELIVERED
        for unit in order.vouchers
    ]
    assert [value for value in delivered if value and value not in text] == []

    shown, logged = capfd.readouterr()
    where = {
        **await haystacks(service, heard, postgres_dsn),
        "structured logs": str(lines),
        "library logs": caplog.text,
        "standard output": shown + logged,
        "database files": _files(postgres_server.directory, secrets),
    }
    assert {place: found for place, text in where.items() if (found := hits(text, secrets))} == {}
    assert len(lines) > 10


def _files(directory: Path, secrets: dict[str, str]) -> str:
    """The secrets that stand in the server's files, write-ahead log and its own log included."""
    grep = shutil.which("grep")
    assert grep is not None
    # Binary files have no borders of words: a PIN's few digits prove nothing there.
    patterns = "\n".join(value for value in secrets if not _is_pin(value))
    found = subprocess.run(  # noqa: S603
        [grep, "-aroFhf", "-", str(directory)],
        input=patterns,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return found.stdout


def test_the_search_would_find_a_secret(tmp_path: Path) -> None:
    (tmp_path / "wal").write_bytes(b"\x00\x01KX-4410-PLM\xff")
    assert "KX-4410-PLM" in _files(tmp_path, {"KX-4410-PLM": "x"})
    assert hits("a KX-4410-PLM b", {"KX-4410-PLM": "here"}) == ["here"]
    for text in ("pin=727586, at 10:33:22.181920", "pin:727586.", '{"pin":"727586"}'):
        assert hits(text, {"727586": "here", "181920": "no"}) == ["here"]
