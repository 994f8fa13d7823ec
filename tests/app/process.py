"""The program as its users start it: a process of its own, in an empty directory."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
START_SECONDS = 40.0


@contextmanager
def workplace() -> Iterator[Path]:
    """A directory that PostgreSQL's own user may enter when the tests run as root."""
    directory = Path(tempfile.mkdtemp(prefix="vg-app-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def environment(**settings: str) -> dict[str, str]:
    """Nothing of this machine's own settings reaches the program."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "XDG_RUNTIME_DIR", "TMPDIR")
        if name in os.environ
    }
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **settings}


def command(directory: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "app", *words],
        cwd=directory,
        env=environment(**{"VOUCHERGRAPH_DATA_DIR": str(directory / "data"), **settings}),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


@dataclass
class Running:
    """A started service and what its ready file says."""

    process: subprocess.Popen[str]
    directory: Path
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def ready_file(self) -> Path:
        return self.directory / "ready.json"

    @property
    def url(self) -> str:
        return str(self.ready["graphql"])

    @property
    def base(self) -> str:
        return self.url.removesuffix("/graphql")

    def headers(self, client: str) -> dict[str, str]:
        credentials = self.ready["clients"][client]
        return {"X-API-Key": credentials["key"], "X-API-Secret": credentials["secret"]}

    def log(self) -> str:
        return (self.directory / "log").read_text()

    def output(self) -> str:
        return (self.directory / "output").read_text()

    def wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, f"not ready in time: {self.log()}"
            time.sleep(0.05)
        self.ready = json.loads(self.ready_file.read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Its exit code, and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(15)
        return code, time.monotonic() - started


@contextmanager
def serving(directory: Path, **settings: str) -> Iterator[Running]:
    """`serve` on a free port, ready; ended at the end if it still runs."""
    (directory / "ready.json").unlink(missing_ok=True)
    with (directory / "output").open("w") as output, (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=directory,
            env=environment(
                **{
                    "VOUCHERGRAPH_DATA_DIR": str(directory / "data"),
                    "VOUCHERGRAPH_PORT": "0",
                    "VOUCHERGRAPH_READY_FILE": str(directory / "ready.json"),
                    **settings,
                }
            ),
            stdout=output,
            stderr=log,
            text=True,
        )
    running = Running(process, directory)
    try:
        running.wait_until_ready()
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
