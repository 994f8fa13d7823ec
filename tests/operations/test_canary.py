"""After imports, reveals and every read fault, no secret is found anywhere but in the answers."""

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from providers.health import Breaker
from simulators.world import State
from tests.operations.service import Service
from tests.postgres import Server

FAULTS = [
    *("unauthorized", "rate_limited", "error_before", "error_after", "garbage"),
    *("reset_after", "refused", "unknown_status", "extra_fields", "slow"),
]
REVEAL = """query { orders(first: 100) { nodes { status vouchers(first: 100) {
  nodes { maskedCode code pin claimUrl referenceNumber } } } } }"""
# Not the login: refused once, it is not tried again until the credential changes.
OPERATIONS = ("order", "vouchers", "find", "status", "orders")
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
        for field, value in simulator.credentials.items():
            if len(value) >= SHORTEST and field not in {"username", "org_code", "wallet_ids"}:
                found[value] = f"{name} {field}"
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


async def _exercise(service: Service, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], str]:
    """Imports with every fault, denials and reveals: all refusals, and the one good answer."""
    refusals: list[str] = []
    for name, simulator in service.simulators.items():
        transport = service.program.providers[name].transport
        monkeypatch.setattr(transport, "_timeout", 0.5)
        ids = [order.order_id for order in simulator.seeded_orders]
        for number, fault in enumerate(FAULTS):
            simulator.faults.replace(
                {
                    "seed": number,
                    "faults": [
                        {"operation": operation, "fault": fault, "delay_ms": 50}
                        for operation in OPERATIONS
                    ],
                }
            )
            payload = await service.import_order(name, ids[number])
            refusals.append(str(payload))
            answer = await service.client("partner").send(
                "{ orders(first: 100) { nodes { status live } } }"
            )
            refusals.append(str(answer.body))
        simulator.faults.replace({"seed": 0, "faults": []})
        # Healed: nobody wants to wait for the circuit and for Retry-After here.
        monkeypatch.setattr(transport, "_breaker", Breaker(name))
        transport._pace._held.clear()
        await asyncio.gather(*(service.import_order(name, order_id) for order_id in ids))
    denied = await service.client("readonly").send(REVEAL)
    refusals.append(str(denied.body))
    revealed = await service.client("partner").send(REVEAL)
    await service.settle()
    return refusals, str(revealed.body)


async def test_no_secret_is_found_where_it_does_not_belong(
    service: Service,
    postgres_dsn: str,
    postgres_server: Server,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG")
    with capture_logs() as lines:
        refusals, text = await _exercise(service, monkeypatch)
    secrets = secrets_of(service)
    assert len(secrets) > 100

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
        "error answers": "\n".join(refusals),
        "database rows": await dump(postgres_dsn),
        "structured logs": str(lines),
        "library logs": caplog.text,
        "standard output": shown + logged,
        "metrics": await (await service.session.get(f"{service.url}/metrics")).text(),
        "database files": _files(postgres_server, secrets),
    }
    assert {place: found for place, text in where.items() if (found := hits(text, secrets))} == {}
    assert len(lines) > 10


def _files(server: Server, secrets: dict[str, str]) -> str:
    """The secrets that stand in the server's files, write-ahead log and its own log included."""
    grep = shutil.which("grep")
    assert grep is not None
    # Binary files have no borders of words: a PIN's few digits prove nothing there.
    patterns = "\n".join(value for value in secrets if not _is_pin(value))
    found = subprocess.run(  # noqa: S603
        [grep, "-aroFhf", "-", str(server.directory)],
        input=patterns,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return found.stdout


def test_the_search_would_find_a_secret(tmp_path: Path) -> None:
    (tmp_path / "wal").write_bytes(b"\x00\x01KX-4410-PLM\xff")

    class Fake:
        directory = tmp_path

    assert "KX-4410-PLM" in _files(Fake(), {"KX-4410-PLM": "x"})  # type: ignore[arg-type]
    assert hits("a KX-4410-PLM b", {"KX-4410-PLM": "here"}) == ["here"]
    for text in ("pin=727586, at 10:33:22.181920", "pin:727586.", '{"pin":"727586"}'):
        assert hits(text, {"727586": "here", "181920": "no"}) == ["here"]
