"""`vouchergraph keys` as its users call it, where no table is needed or nothing is to be done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.process import command, workplace
from vault import KeyRing


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with workplace() as made:
        yield made


def test_a_ring_given_as_text_is_not_rotated_but_explained(directory: Path) -> None:
    ring = KeyRing.generate()
    done = command(directory, "keys", "rotate", VOUCHERGRAPH_KEY_RING=ring)
    assert done.returncode == 1
    assert "two deploys" in done.stderr
    assert ring[2:] not in done.stderr
    done = command(directory, "keys", "status", VOUCHERGRAPH_KEY_RING=ring)
    assert done.stdout.splitlines()[0] == "master key version 1  active"
    assert done.returncode == 0


def test_wrong_ways_to_call_it(directory: Path) -> None:
    ring = "transit:https://vault.internal:8200/transit/keys/one"
    done = command(directory, "keys", "status", VOUCHERGRAPH_KEY_RING=ring)
    assert done.returncode == 2
    assert "VOUCHERGRAPH_TRANSIT_TOKEN" in done.stderr
    account = "01a1fd4f-9392-755d-9658-3b54fbad15b8"
    done = command(directory, "keys", "rewrap", "--account", account)
    assert (done.returncode, "--values" in done.stderr) == (2, True)
    assert command(directory, "keys", "retire", "0").returncode == 2
