"""The embedded PostgreSQL: killed, shared, stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from app.postgres import Embedded
from tests.app.process import environment, workplace

USER = """
import sys
from pathlib import Path
from app.postgres import Embedded
server = Embedded(Path(sys.argv[1]))
server.start()
print("started", flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def data() -> Iterator[Path]:
    with workplace() as directory:
        yield directory / "postgres"


def postmaster(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def runs(pid: int) -> bool:
    return bool(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def user(data: Path) -> "subprocess.Popen[str]":
    """Another process that uses the same directory."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", USER, str(data)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def test_it_starts_again_after_its_postmaster_was_killed(data: Path) -> None:
    first = Embedded(data)
    first.start()
    killed = postmaster(data)
    os.kill(killed, signal.SIGKILL)
    again = Embedded(data)
    assert str(data) in again.start()
    assert postmaster(data) != killed
    again.stop()
    assert not (data / "postmaster.pid").exists()


def test_the_last_user_stops_it_and_a_killed_one_does_not_count(data: Path) -> None:
    ours = Embedded(data)
    ours.start()
    pid = postmaster(data)
    other, dead = user(data), user(data)
    dead.kill()
    dead.communicate()
    ours.stop()
    assert runs(pid)
    other.communicate("")
    assert other.returncode == 0
    assert not runs(pid)
    # The killed one is still on the list of users; the next start must not count it.
    ours.start()
    pid = postmaster(data)
    ours.stop()
    assert not runs(pid)


def test_a_second_start_is_fast(data: Path) -> None:
    server = Embedded(data)
    server.start()
    server.stop()
    started = time.monotonic()
    server.start()
    assert time.monotonic() - started < 3
    server.stop()
