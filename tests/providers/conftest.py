"""Adapters against local servers that speak their provider."""

from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from providers.enkash import EnKash
from providers.starship import Starship
from providers.woohoo import DIRECT, RESELLER
from providers.xoxoday import Xoxoday
from tests.providers import enkash_payloads, pine, starship_payloads
from tests.providers import plum as plums
from tests.providers.local import Answer, Canned, canned, opened


@pytest.fixture
async def plum() -> AsyncIterator[plums.Plum]:
    async with plums.running() as server:
        yield server


@pytest.fixture
def xoxoday(plum: plums.Plum) -> Xoxoday:
    """The adapter that asks `plum`."""
    return plum.adapter


@pytest.fixture(params=[DIRECT, RESELLER])
async def woohoo(request: pytest.FixtureRequest) -> AsyncIterator[pine.Pair]:
    """Server and adapter, in both profiles."""
    async with pine.running(request.param) as found:
        yield found


@pytest.fixture
async def woohoo_direct() -> AsyncIterator[pine.Pair]:
    async with pine.running(DIRECT) as found:
        yield found


@pytest.fixture(scope="package", autouse=True)
def second_tries_at_once() -> Iterator[None]:
    """Reads are tried twice as ever; only the wait in between is left out."""
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture
async def server() -> AsyncIterator[Canned]:
    """Canned answers for EnKash and Starship; a login and the currencies are there already."""
    async with canned() as made:
        made.answers["/oauth/token"] = Answer(enkash_payloads.TOKEN)
        made.answers["/api/v1/currencies"] = Answer(starship_payloads.CURRENCIES)
        made.answers["/api/v1/products/3052"] = Answer(starship_payloads.product())
        yield made


@pytest.fixture
async def enkash(server: Canned) -> AsyncIterator[EnKash]:
    async with opened(EnKash, server.url) as adapter:
        yield adapter


@pytest.fixture
async def starship(server: Canned) -> AsyncIterator[Starship]:
    async with opened(Starship, server.url) as adapter:
        yield adapter
