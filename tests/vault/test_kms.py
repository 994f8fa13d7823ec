"""Master keys that stay with a key service: sealed there, opened there, never handed out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from domain.ids import uuid7
from domain.keys import KeyPurpose
from domain.secret import Secret
from tests.vault.transit import TOKEN, Engine, running_engine
from vault import (
    KeyRing,
    KeyRingInvalid,
    MasterRefused,
    MasterState,
    MastersUnavailable,
    Vault,
    VaultError,
    check_masters,
    kms,
    masters,
)

ACCOUNT = UUID(int=7)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine() as started:
        yield started


@pytest.fixture
async def vault(engine: Engine) -> AsyncIterator[Vault]:
    opened = Vault(masters(engine.ring, Secret(TOKEN)))
    yield opened
    await opened.close()


async def test_a_data_key_is_sealed_and_opened_by_the_engine(vault: Vault, engine: Engine) -> None:
    key, sealed = await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    assert sealed.sealed.startswith(b"vault:v1:")
    assert sealed.master_version == 1
    assert key.raw() not in sealed.sealed
    assert (await vault.data_key(sealed)).raw() == key.raw()
    assert engine.calls == {"encrypt": 1, "decrypt": 1}


async def test_it_opens_only_as_what_it_was_sealed(vault: Vault) -> None:
    _, sealed = await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    _, by_ring = await Vault(KeyRing.parse(KeyRing.generate())).new_data_key(
        ACCOUNT, KeyPurpose.DATA
    )
    for other in (
        replace(sealed, id=uuid7()),
        replace(sealed, account=None),
        replace(sealed, purpose=KeyPurpose.TOKEN),
        replace(sealed, master_version=2),
        replace(sealed, sealed=sealed.sealed.replace(b"v1", b"v2"), master_version=2),
        replace(sealed, sealed=sealed.sealed[:-8] + b"AAAAAAA="),
        by_ring,
    ):
        with pytest.raises(VaultError) as caught:
            await vault.data_key(other)
        assert not isinstance(caught.value, MastersUnavailable)


async def test_two_first_uses_share_one_call_and_later_ones_make_none(
    vault: Vault, engine: Engine
) -> None:
    _, sealed = await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    engine.delay = 0.05
    first = asyncio.ensure_future(vault.data_key(sealed))
    others = [asyncio.ensure_future(vault.data_key(sealed)) for _ in range(4)]
    await asyncio.sleep(0.01)
    first.cancel()  # the others do not depend on whoever asked first
    assert len({id(key) for key in await asyncio.gather(*others)}) == 1
    await vault.data_key(sealed)
    assert engine.calls["decrypt"] == 1


async def test_a_failed_opening_is_tried_again(vault: Vault, engine: Engine) -> None:
    key, sealed = await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    engine.status = 503
    failed = await asyncio.gather(
        *(vault.data_key(sealed) for _ in range(2)), return_exceptions=True
    )
    assert {type(error) for error in failed} == {MastersUnavailable}
    engine.status = None
    assert (await vault.data_key(sealed)).raw() == key.raw()


async def test_rotating_rewrapping_and_retiring(vault: Vault, engine: Engine) -> None:
    key, sealed = await vault.new_data_key(None, KeyPurpose.AUDIT)
    assert await vault.masters.rotate() == 2
    assert await vault.masters.state() == MasterState(2, (1, 2))
    moved = await vault.rewrap(sealed)
    assert moved.master_version == 2
    with pytest.raises(MasterRefused):
        await vault.masters.retire(2)
    assert await vault.masters.retire(1)
    assert await vault.masters.retire(1)  # as often as one likes
    assert engine.lowest == 2
    assert await vault.masters.state() == MasterState(2, (2,))
    fresh = Vault(vault.masters)
    assert (await fresh.data_key(moved)).raw() == key.raw()
    with pytest.raises(VaultError, match="retired"):
        await Vault(vault.masters).data_key(sealed)
    await vault.masters.rotate()
    await vault.masters.rotate()
    with pytest.raises(MasterRefused, match="oldest"):
        await vault.masters.retire(3)


async def test_a_renewed_token_is_read_again(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    vault = Vault(masters(engine.ring, Secret(f"file:{path}")))
    _, sealed = await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    engine.token = "hvs.another"
    with pytest.raises(MastersUnavailable, match="refuses the token"):
        await vault.data_key(sealed)
    assert engine.calls["decrypt"] == 1  # the same token again would be of no use
    path.write_text("hvs.another")
    await vault.data_key(sealed)
    await vault.close()


@pytest.mark.parametrize("status", [307, 429, 500, 502, 503])
async def test_its_trouble_is_no_verdict_about_a_key(
    vault: Vault, engine: Engine, status: int
) -> None:
    _, sealed = await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    engine.status = status
    with pytest.raises(MastersUnavailable):
        await vault.data_key(sealed)
    assert engine.calls["decrypt"] == 1


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '{"data": null}', '{"data": {"plaintext": 3}}', "x" * 300_000]
)
async def test_a_senseless_answer_is_trouble_too(vault: Vault, engine: Engine, text: str) -> None:
    _, sealed = await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    engine.text = text
    with pytest.raises(MastersUnavailable):
        await vault.data_key(sealed)


async def test_silence_ends(vault: Vault, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kms, "TIMEOUT_SECONDS", 0.05)
    engine.delay = 1
    with pytest.raises(MastersUnavailable, match="does not answer"):
        await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)


async def test_nobody_there(engine: Engine) -> None:
    vault = Vault(masters("transit:http://127.0.0.1:1/transit/keys/k", Secret(TOKEN)))
    with pytest.raises(MastersUnavailable) as caught:
        await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    told = f"{caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert TOKEN not in told
    await vault.close()
    missing = Vault(masters(engine.ring.replace("keys/vouchergraph", "keys/other"), Secret(TOKEN)))
    with pytest.raises(VaultError, match="no key other"):
        await missing.masters.state()
    await missing.close()


async def test_a_key_that_binds_nothing_is_refused(vault: Vault, engine: Engine) -> None:
    engine.type = "rsa-2048"
    with pytest.raises(VaultError, match="binds additional data"):
        await vault.masters.state()
    engine.type, engine.derived = "aes256-gcm96", True
    with pytest.raises(VaultError, match="derived"):
        await vault.masters.state()


@pytest.mark.parametrize(
    "ring",
    [
        "transit:",
        "transit:https://vault.internal",
        "transit:https://vault.internal/transit/keys/",
        "transit:https://vault.internal/keys/one",
        "transit:http://vault.internal:8200/transit/keys/one",
        "transit:https://me:pass@vault.internal/transit/keys/one",
        "transit:https://vault.internal/transit/keys/one?x=1",
        "transit:https://vault.internal:port/transit/keys/one",
        "transit:https://vault.internal/tran sit/keys/one",
        "transit:https://vault.internal/../transit/keys/a/b",
        "transit:ftp://vault.internal/transit/keys/one",
    ],
)
def test_a_bad_address_is_refused(ring: str) -> None:
    with pytest.raises(KeyRingInvalid) as caught:
        check_masters(ring)
    assert "pass" not in str(caught.value)


def test_good_addresses_and_tokens(tmp_path: Path) -> None:
    check_masters("transit:https://vault.internal:8200/a/b/transit/keys/one")
    check_masters("transit:http://localhost:8200/transit/keys/one")
    for token in (None, Secret(""), Secret("a\nb"), Secret(f"file:{tmp_path / 'none'}")):
        with pytest.raises(KeyRingInvalid):
            masters("transit:https://vault.internal/transit/keys/one", token)
