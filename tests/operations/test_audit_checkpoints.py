"""Checkpoints as operators meet them: taken, logged, kept elsewhere, and compared."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.verifying import verify
from db import jobs
from ordering import checkpoints
from simulators.world import State
from tests.operations.service import Service, add_orders
from tests.operations.test_audit import owner, reveal

CUT = """
DELETE FROM audit_events WHERE sequence > 1;
UPDATE audit_heads h SET (sequence, mac) =
    (SELECT e.sequence, e.mac FROM audit_events e WHERE e.account = h.account)"""


@pytest.fixture
async def orders(service: Service) -> list[str]:
    """A delivered order of two vouchers; its global id."""
    [made] = add_orders(service.simulators["starship"], 1, State.DELIVERED, 2)
    return [await service.imported("starship", made.order_id)]


async def test_a_checkpoint_is_taken_once_a_minute_and_logged(
    service: Service, orders: list[str]
) -> None:
    database, keys = service.program.database, service.program.parts.keys
    with capture_logs() as lines:
        for _ in range(3):
            assert await checkpoints.every_minute(database, keys) is False
        async with database.worker() as conn:
            await jobs.hasten(conn, checkpoints.JOB)
        await reveal(service, orders[0])
        await checkpoints.every_minute(database, keys)
    logged = [line for line in lines if line["event"] == "audit.checkpoint"]
    assert [line["number"] for line in logged] == [1, 2]
    assert logged[1]["previous"] == logged[0]["mac"]
    assert {"at", "root", "heads"} <= logged[0].keys()
    assert await verify(service.program.parts) == []


async def test_a_head_that_was_set_back_is_logged_as_an_error(
    service: Service, orders: list[str]
) -> None:
    database, keys = service.program.database, service.program.parts.keys
    await reveal(service, orders[0])
    await checkpoints.take(database, keys)
    async with owner(service) as conn:
        await conn.execute(CUT)
    with capture_logs() as lines:
        await checkpoints.take(database, keys)
    assert [line["log_level"] for line in lines if line["event"] == "audit.head_set_back"] == [
        "error"
    ]
    [broken] = await verify(service.program.parts)
    assert broken == "demo  row 2: rows are cut off that checkpoint 1 saw"


@pytest.fixture
async def kept(service: Service, orders: list[str], tmp_path: Path) -> Path:
    """The log of a service that has taken three checkpoints, as a collector keeps it."""
    lines = ["not JSON", '{"event": "request.answered", "status": 200}', "{", "null"]
    for _ in range(3):
        await reveal(service, orders[0])
        with capture_logs() as logged:
            await checkpoints.take(service.program.database, service.program.parts.keys)
        lines += [f"2026-01-01T00:00:00Z stderr F {json.dumps(line)}" for line in logged]
    path = tmp_path / "service.log"
    path.write_text("\n".join(lines))
    return path


async def test_checkpoints_that_were_kept_agree(service: Service, kept: Path) -> None:
    assert await verify(service.program.parts, kept) == []


async def test_a_cut_of_rows_and_checkpoints_is_found_by_what_was_kept(
    service: Service, kept: Path, orders: list[str]
) -> None:
    parts = service.program.parts
    async with owner(service) as conn:
        await conn.execute(CUT)
        await conn.execute("DELETE FROM audit_checkpoint_heads; DELETE FROM audit_checkpoints")
    assert await verify(parts) == [], "the database alone cannot tell"
    assert await verify(parts, kept) == ["checkpoint 1: it was cut off"]
    await checkpoints.take(parts.database, parts.keys)
    assert await verify(parts, kept) == ["checkpoint 1: it is not the one that was kept"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"heads": 1', '"heads": 2', "line 5: this checkpoint was not made by this audit key"),
        ('"root": "', '"root": "zz', "line 5: this checkpoint was not made by this audit key"),
        ('"number": 1', '"number": "x"', "line 5: this checkpoint was not made by this audit key"),
        ('"event": "audit.checkpoint"', '"event": "other"', "it holds no checkpoint"),
    ],
)
async def test_a_kept_file_that_was_altered_is_told(
    service: Service, kept: Path, old: str, new: str, said: str
) -> None:
    text = kept.read_text()  # noqa: ASYNC240
    assert old in text
    kept.write_text(text.replace(old, new))  # noqa: ASYNC240
    [broken] = await verify(service.program.parts, kept)
    assert broken.startswith("service.log")
    assert broken.endswith(said)


async def test_a_lost_audit_key_does_not_make_a_clean_history(service: Service, kept: Path) -> None:
    """Whoever deletes everything, the key included, starts a new chain: the log still tells."""
    parts = service.program.parts
    async with owner(service) as conn:
        await conn.execute(
            "TRUNCATE audit_events, audit_heads, audit_checkpoints, audit_checkpoint_heads"
        )
        await conn.execute("DELETE FROM data_keys WHERE purpose = 'audit'")
    parts.keys._active.clear()
    [broken] = await verify(parts, kept)
    assert broken.endswith("this checkpoint was not made by this audit key")
