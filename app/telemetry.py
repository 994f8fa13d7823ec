"""What the operator sees: log lines without secrets, and counters."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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
        else structlog.processors.JSONRenderer()
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries log what they were sent, bodies and credentials included: none of it is kept.
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    logging.raiseExceptions = False


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
    """Whether the time of a request says how fast it was answered."""

    counts = True


@contextmanager
def measured() -> Iterator[Timing]:
    """Count an open request and its time, unless it `counts` for nothing."""
    timing, started = Timing(), time.perf_counter()
    with OPEN.track_inprogress():
        try:
            yield timing
        finally:
            if timing.counts:
                SECONDS.observe(time.perf_counter() - started)


def exposition() -> bytes:
    """The metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
