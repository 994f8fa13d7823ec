"""The README does what it says: its query, its answer, its make targets."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app import demo
from tests.docs.pages import README, ROOT, fenced
from tests.operations.service import Service, running

TEXT = README.read_text(encoding="utf-8")


@pytest.fixture
async def furnished(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path
) -> AsyncIterator[Service]:
    """The service as `make run` leaves it: catalogs read, the simulators' orders imported."""
    async with running(monkeypatch, postgres_dsn, tmp_path) as service:
        await demo.furnish(service.program)
        yield service


async def test_the_first_query_gives_exactly_the_answer_shown(furnished: Service) -> None:
    query, shown = fenced(TEXT, "graphql")[0], fenced(TEXT, "json")[0]
    answer = await furnished.client("partner").send(query)
    assert answer.body == json.loads(shown)
    # As it is printed, too: names in the same order.
    assert json.dumps(answer.body, indent=2) == shown.strip()


async def test_the_query_sent_from_elsewhere_works(furnished: Service) -> None:
    found = re.search(r"-d '(\{.*\})'", TEXT)
    assert found is not None
    answer = await furnished.client("partner").data(json.loads(found[1])["query"])
    assert len(answer["orders"]["nodes"]) == 3


def test_the_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^ {4}make ([a-z]+)|`make ([a-z]+)`", TEXT, re.MULTILINE))
    wanted = {name for pair in named for name in pair if name}
    assert {"run", "test"} <= wanted
    assert wanted - targets == set()
