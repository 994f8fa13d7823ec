"""One arena for all tests of this area, and how much is bought in it."""

import atexit
import os
import shutil
from collections.abc import AsyncIterator

import pytest

from tests.app.process import workplace
from tests.soak.arena import Arena, opened

ORDERS = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where this directory is named on the command line; elsewhere the defaults hold."""
    group = parser.getgroup("soak")
    group.addoption("--orders", type=int, default=ORDERS, help="orders of the random schedule")
    group.addoption(
        "--soak-seed",
        type=int,
        default=os.environ.get("SOAK_SEED") or None,
        help="the schedule to repeat; also SOAK_SEED",
    )


@pytest.fixture(scope="session")
async def arena() -> AsyncIterator[Arena]:
    with workplace() as base:
        # The embedded server makes its lock file once more when we exit; what is registered first,
        # before the server is made, is called last.
        atexit.register(shutil.rmtree, base, ignore_errors=True)
        async with opened(base) as started:
            yield started
