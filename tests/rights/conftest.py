"""A world for each module of tests of rights: they ask, and some change what others count on."""

from collections.abc import AsyncIterator

import pytest

from tests.operations.buying import QUICK
from tests.operations.service import running
from tests.postgres import Server
from tests.rights.furnishing import made
from tests.rights.world import World

# Not what is tested here; a hundred clients ask within seconds.
UNBOUND = {"VOUCHERGRAPH_COST_BUDGET": "100000000"}


@pytest.fixture(scope="module")
async def world(
    postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    with pytest.MonkeyPatch.context() as patches:
        directory = tmp_path_factory.mktemp("rights")
        async with (
            postgres_server.database() as dsn,
            running(patches, dsn, directory, **QUICK, **UNBOUND) as service,
            made(service, patches) as world,
        ):
            yield world
