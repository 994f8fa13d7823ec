"""Fresh simulators and a client of each for every test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from simulators import KINDS, Simulator
from tests.simulators.clients import (
    EnKashClient,
    ResellerClient,
    StarshipClient,
    WoohooClient,
    XoxodayClient,
)


@asynccontextmanager
async def started(name: str) -> AsyncIterator[Simulator]:
    simulator = KINDS[name]()
    await simulator.start()
    try:
        yield simulator
    finally:
        await simulator.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    # One connection for each call: aiohttp repeats a GET by itself when a kept one breaks.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        yield session


@pytest.fixture
async def enkash(http: aiohttp.ClientSession) -> AsyncIterator[EnKashClient]:
    async with started("enkash") as simulator:
        client = EnKashClient(http, simulator)
        await client.log_in()
        yield client


@pytest.fixture
async def starship(http: aiohttp.ClientSession) -> AsyncIterator[StarshipClient]:
    async with started("starship") as simulator:
        yield StarshipClient(http, simulator)


@pytest.fixture
async def xoxoday(http: aiohttp.ClientSession) -> AsyncIterator[XoxodayClient]:
    async with started("xoxoday") as simulator:
        client = XoxodayClient(http, simulator)
        await client.refresh()
        yield client


@pytest.fixture
async def woohoo(http: aiohttp.ClientSession) -> AsyncIterator[WoohooClient]:
    async with started("woohoo") as simulator:
        client = WoohooClient(http, simulator)
        await client.log_in()
        yield client


@pytest.fixture
def reseller(woohoo: WoohooClient) -> ResellerClient:
    """The other profile of the same simulator."""
    return ResellerClient(woohoo.http, woohoo.simulator)


@pytest.fixture
def clients(
    enkash: EnKashClient,
    starship: StarshipClient,
    xoxoday: XoxodayClient,
    woohoo: WoohooClient,
    reseller: ResellerClient,
) -> dict[str, Any]:
    """All of them by name."""
    return {
        "enkash": enkash,
        "starship": starship,
        "xoxoday": xoxoday,
        "woohoo": woohoo,
        "reseller": reseller,
    }
