"""What every test of changing keys looks at: does everything open, and is it what it was?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db.sealed_values import SHELVES
from ordering.keys import Keys
from tests.operations.buying import Buyer
from tests.operations.service import Service
from vault import Binding, RingFile, Vault


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""
    assert 0 <= done <= total, what


def replica(service: Service, data_dir: Path, **more: Any) -> tuple[Vault, Keys]:
    """Another process on the same database and key ring: nothing is remembered there."""
    vault = Vault(RingFile(data_dir / "keys" / "key-ring"))
    return vault, Keys(service.program.database, vault, **more)


async def codes(buyer: Buyer, order: str) -> list[Mapping[str, str]]:
    answer = await buyer.secrets(order)
    nodes: list[Mapping[str, str]] = answer.data["order"]["vouchers"]["nodes"]
    assert nodes
    assert all(node["code"] or node["claimUrl"] for node in nodes)
    return nodes


async def everything_opens(service: Service, vault: Vault, keys: Keys) -> int:
    """Every sealed value of the database opens in its place; how many there are."""
    number = 0
    async with service.program.database.worker() as conn:
        for shelf in SHELVES:
            for column, field in shelf.fields.items():
                rows = await conn.fetch(
                    f"SELECT id, account, {column} AS value FROM {shelf.table}"  # noqa: S608
                    f" WHERE {column} IS NOT NULL"
                )
                opened = await keys.of_values([row["value"] for row in rows])
                for row in rows:
                    key = opened[vault.key_id_of(row["value"])]
                    vault.open(key, row["value"], Binding(row["account"], row["id"], field))
                    number += 1
        for row in await conn.fetch("SELECT * FROM provider_tokens WHERE sealed IS NOT NULL"):
            opened = await keys.of_values([row["sealed"]])
            place = Binding(None, f"{row['provider']}/{row['login']}", "token")
            vault.open(opened[vault.key_id_of(row["sealed"])], row["sealed"], place)
            number += 1
    return number
