"""What the operator sees: log lines without secrets, and counters."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "vouchergraph_requests", "GraphQL requests by HTTP status", ["status"], registry=REGISTRY
)
SECONDS = Histogram(
    "vouchergraph_request_seconds",
    "Time from the request's headers to its answer",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
FAILURES = Counter(
    "vouchergraph_internal_errors", "Answers with code INTERNAL", ["error"], registry=REGISTRY
)
NOT_COMPILED = Counter(
    "vouchergraph_not_compiled",
    "Operations left to graphql-core, by the reason why they have no plan",
    ["reason"],
    registry=REGISTRY,
)
WEBHOOKS = Counter(
    "vouchergraph_webhook_deliveries",
    "Tries to deliver outgoing webhooks by outcome",
    ["outcome"],
    registry=REGISTRY,
)
STREAMS = Gauge(
    "vouchergraph_open_streams",
    "Connections that stay open: WebSockets and event streams",
    ["kind"],
    registry=REGISTRY,
)
OPEN = Gauge("vouchergraph_open_requests", "Requests being answered", registry=REGISTRY)


def configure_logging(*, quiet: bool = False) -> None:
    """Log to standard error: for a person at a terminal, else one JSON object per line.

    `quiet` keeps warnings and errors only: commands print their own answer.
    """
    person = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if person
        else _as_json
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.WARNING if quiet else logging.INFO
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _lines.write = None if person or quiet else sys.stderr.write
    # Libraries log what they were sent, bodies and credentials included: none of it is kept.
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    logging.raiseExceptions = False


@dataclass(slots=True)
class _Lines:
    """Where lines of JSON are written; None while structlog is to render them otherwise."""

    write: Callable[[str], object] | None = None


_lines = _Lines()


def log_answer(request_id: str, client: str | None, operation: str, status: int, ms: float) -> None:
    """The line of one answered request, as structlog would render it: its chain takes longer."""
    if _lines.write is None:
        log.info("request.answered", client=client, operation=operation, status=status, ms=ms)
        return
    line = {
        "client": client,
        "operation": operation,
        "status": status,
        "ms": ms,
        "event": "request.answered",
        "request_id": request_id,
        "level": "info",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    # One write with its end: lines of other threads cannot come between.
    _lines.write(f"{_encode(line)}\n")


# Made once: `json.dumps` makes an encoder for each line.
_encode = json.JSONEncoder(default=repr).encode


def _as_json(_: Any, __: str, event: structlog.typing.EventDict) -> str:
    return _encode(event)


def where(error: BaseException) -> list[str]:
    """Where an exception came from, innermost last: files and lines, never its text or values."""
    return list(_frames(error.__traceback__))[-12:]


def _frames(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        known = path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(path.name)
        # Of a library the file's name says enough; the path would name the machine's folders.
        shown = known if ".venv" not in known.parts else Path(path.name)
        yield f"{shown}:{traceback.tb_lineno}"
        traceback = traceback.tb_next


class Timing:
    """Counts an open request and its time, unless it `counts` for nothing."""

    __slots__ = ("counts", "started")

    def __init__(self) -> None:
        self.counts = True
        self.started = time.perf_counter()
        OPEN.inc()

    def end(self) -> float:
        """It was answered; after how many seconds."""
        seconds = time.perf_counter() - self.started
        OPEN.dec()
        if self.counts:
            SECONDS.observe(seconds)
        return seconds


def count_answer(status: int) -> None:
    """Count an answer of the API by its status."""
    _answers(status).inc()


@cache  # of the few statuses that we answer with
def _answers(status: int) -> Counter:
    return REQUESTS.labels(str(status))


def exposition() -> bytes:
    """The metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
