import base64
import pickle
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from domain.ids import uuid7
from domain.keys import KeyPurpose
from vault import KeyRing, KeyRingInvalid, Vault, VaultError

ONE = base64.b64encode(b"\x01" * 32).decode()
TWO = base64.b64encode(b"\x02" * 32).decode()
SHORT = base64.b64encode(b"\x03" * 31).decode()
ACCOUNT = UUID(int=7)


@pytest.mark.parametrize(
    ("text", "active"),
    [
        (f"1:{ONE}", 1),
        (f"1:{ONE},2:{TWO}", 2),
        (f"2:{TWO}\n 1*:{ONE}\n", 1),
    ],
)
def test_the_active_key_is_the_marked_one_else_the_highest(text: str, active: int) -> None:
    assert KeyRing.parse(text).active == active


def test_a_ring_and_a_single_key_may_stand_in_files(tmp_path: Path) -> None:
    (tmp_path / "one").write_text(ONE + "\n")
    (tmp_path / "ring").write_text(f"1:file:{tmp_path / 'one'}\n2:{TWO}\n")
    assert KeyRing.parse(f"file:{tmp_path / 'ring'}").versions == (1, 2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        (ONE, "entry 1"),
        (f"1:{ONE},x:{TWO}", "entry 2"),
        (f"0:{ONE}", "whole number"),
        (f"1:{ONE},1:{TWO}", "twice"),
        (f"1*:{ONE},2*:{TWO}", "more than one"),
        (f"1:{SHORT}", "31 bytes"),
        (f"1:{ONE[:-2]}!!", "not base64"),
        ("file:/nowhere/at/all", "cannot be read"),
    ],
)
def test_a_bad_ring_is_refused_without_showing_it(text: str, complaint: str) -> None:
    with pytest.raises(KeyRingInvalid, match=complaint) as caught:
        KeyRing.parse(text)
    assert not any(key[:12] in str(caught.value) for key in (ONE, TWO, SHORT))


async def test_nothing_of_a_key_is_shown_or_pickled() -> None:
    ring = KeyRing.parse(f"1:{ONE}")
    key, sealed = await Vault(ring).new_data_key(ACCOUNT, KeyPurpose.DATA)
    shown = f"{ring!r} {key!r} {sealed!r} {Vault(ring)!r}"
    assert key.raw().hex() not in shown
    assert repr(key.raw()) not in shown
    assert repr(sealed.sealed) not in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)


async def test_a_data_key_opens_only_as_what_it_was_sealed() -> None:
    ring = KeyRing.parse(f"1:{ONE},2:{TWO}")
    key, sealed = await Vault(ring).new_data_key(ACCOUNT, KeyPurpose.DATA)
    assert (await ring.open(sealed)).raw() == key.raw()
    flipped = bytes([sealed.sealed[0] ^ 1]) + sealed.sealed[1:]
    for other in (
        replace(sealed, id=uuid7()),
        replace(sealed, account=None),
        replace(sealed, account=UUID(int=8)),
        replace(sealed, purpose=KeyPurpose.TOKEN),
        replace(sealed, master_version=1),
        replace(sealed, master_version=9),
        replace(sealed, sealed=flipped),
        replace(sealed, sealed=b""),
    ):
        with pytest.raises(VaultError):
            await ring.open(other)


async def test_rewrapping_moves_a_data_key_to_the_active_master() -> None:
    key, sealed = await Vault(KeyRing.parse(f"1:{ONE}")).new_data_key(None, KeyPurpose.REFERENCE)
    both = Vault(KeyRing.parse(f"1:{ONE},2:{TWO}"))
    moved = await both.rewrap(sealed)
    assert (moved.id, moved.master_version) == (sealed.id, 2)
    assert (await KeyRing.parse(f"2:{TWO}").open(moved)).raw() == key.raw()


def test_a_generated_ring_is_read_back_and_differs_each_time() -> None:
    assert KeyRing.parse(KeyRing.generate(3)).active == 3
    assert KeyRing.generate() != KeyRing.generate()
