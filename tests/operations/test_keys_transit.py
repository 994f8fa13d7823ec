"""The whole service with its master key at a key service, which is asked once for each data key."""

from pathlib import Path

import pytest

from domain.secret import Secret
from ordering.keys import Keys
from ordering.rekeying import Rekeying
from tests.operations.buying import QUICK, opened, until
from tests.operations.sealed import codes, everything_opens, quiet
from tests.operations.service import running
from tests.vault.transit import TOKEN, running_engine
from vault import Vault, masters


async def test_reveals_go_on_under_transit(
    monkeypatch: pytest.MonkeyPatch, postgres_dsn: str, tmp_path: Path
) -> None:
    async with running_engine() as engine:
        settings = {
            **QUICK,
            "VOUCHERGRAPH_KEY_RING": engine.ring,
            "VOUCHERGRAPH_TRANSIT_TOKEN": TOKEN,
        }
        async with running(monkeypatch, postgres_dsn, tmp_path, **settings) as service:
            buyer = await opened(service)
            placed = await buyer.buy("woohoo", 2)
            await until(service, buyer, placed["id"], "FULFILLED")
            before = await codes(buyer, placed["id"])
            asked = engine.calls["decrypt"]
            for _ in range(3):
                assert await codes(buyer, placed["id"]) == before
            assert engine.calls["decrypt"] == asked

            database = service.program.database
            vault = Vault(masters(engine.ring, Secret(TOKEN)))
            work = Rekeying(database, vault, Keys(database, vault))
            assert await work.rotate() == 2
            await work.rewrap(quiet)
            assert await work.retire(1)
            assert engine.lowest == 2
            other = Vault(masters(engine.ring, Secret(TOKEN)))
            await everything_opens(service, other, Keys(database, other))
            assert await codes(buyer, placed["id"]) == before
            await vault.close()
            await other.close()

            # Trouble at the key service is trouble for keys that are not open yet, and only those.
            engine.status = 503
            assert await codes(buyer, placed["id"]) == before
            service.program.services.vault._open.clear()
            answer = await buyer.secrets(placed["id"])
            assert set(answer.codes) == {"UNAVAILABLE"}
            engine.status = None
            assert await codes(buyer, placed["id"]) == before
