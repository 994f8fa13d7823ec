"""The line of an answered request is what structlog would write, and one line whatever is in it."""

import json
from collections.abc import Iterator

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from app import telemetry
from app.telemetry import configure_logging, log_answer


@pytest.fixture(autouse=True)
def logging_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = structlog.get_config()
    monkeypatch.setattr(telemetry, "log", structlog.get_logger())
    yield
    telemetry._lines.write = None
    structlog.configure(**before)


@pytest.mark.parametrize("client", [None, "vgtest_abc", 'a"b\u2028\x85\ud800\n"}'])
def test_it_is_the_line_that_structlog_writes(
    capsys: pytest.CaptureFixture[str], client: str | None
) -> None:
    configure_logging()
    log_answer("request-1", client, "Status", 200, 1.5)
    telemetry._lines.write = None
    with bound_contextvars(request_id="request-1"):
        log_answer("request-1", client, "Status", 200, 1.5)
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert list(ours) == list(theirs)
    assert ours.pop("timestamp")[:16] == theirs.pop("timestamp")[:16]
    assert ours == theirs
    assert ours["client"] == client


def test_what_is_quiet_writes_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(quiet=True)
    log_answer("request-1", None, "", 200, 1.5)
    assert capsys.readouterr().err == ""
