"""A ring in a file: followed by running processes, rewritten at once or not at all."""

import os
import stat
from pathlib import Path
from uuid import UUID

import pytest

from domain.keys import KeyPurpose
from vault import (
    KeyRing,
    MasterRefused,
    MasterState,
    RingFile,
    Vault,
    VaultError,
    masters,
)

ACCOUNT = UUID(int=7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ring"
    write(path, KeyRing.generate(1) + "\n")
    path.chmod(0o600)
    return path


def write(path: Path, text: str) -> None:
    path.write_text(text)


def read(path: Path) -> str:
    return path.read_text()


def rights(path: Path) -> tuple[int, int, int]:
    """Owner, group and mode."""
    found = path.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


async def test_a_rotation_is_followed_by_others(path: Path) -> None:
    here, there = Vault(masters(f"file:{path}")), Vault(masters(f"file:{path}"))
    old, old_sealed = await there.new_data_key(ACCOUNT, KeyPurpose.DATA)
    assert await here.masters.rotate() == 2
    new, sealed = await here.new_data_key(ACCOUNT, KeyPurpose.DATA)
    assert sealed.master_version == 2
    assert (await there.data_key(sealed)).raw() == new.raw()
    assert (await there.new_data_key(ACCOUNT, KeyPurpose.DATA))[1].master_version == 2
    assert (await here.data_key(old_sealed)).raw() == old.raw()
    assert rights(path)[2] == 0o600
    assert list(path.parent.iterdir()) == [path]


async def test_the_star_moves_and_other_entries_stay_as_they_were(path: Path) -> None:
    write(path.parent / "three", KeyRing.generate(3).partition(":")[2])
    write(path, f"{KeyRing.generate(1).replace('1:', '1*:')},3:file:{path.parent / 'three'}")
    ring = RingFile(path)
    assert await ring.state() == MasterState(1, (1, 3))
    assert await ring.rotate() == 4
    assert await ring.state() == MasterState(4, (1, 3, 4))
    assert f"3:file:{path.parent / 'three'}" in read(path)


async def test_a_version_is_taken_out(path: Path) -> None:
    ring = RingFile(path)
    await ring.rotate()
    with pytest.raises(MasterRefused, match="active"):
        await ring.retire(2)
    assert await ring.retire(1)
    assert await ring.retire(1)
    assert (await RingFile(path).state()).versions == (2,)


@pytest.fixture
def shared(path: Path) -> Path:
    """Readable by more than its owner, who is somebody else where we may say so."""
    path.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    return path


async def test_who_may_read_it_may_still_but_nobody_else(shared: Path) -> None:
    before = rights(shared)
    await RingFile(shared).rotate()
    assert rights(shared) == (*before[:2], 0o640)


async def test_a_link_stays_a_link(path: Path) -> None:
    link = path.parent / "link"
    link.symlink_to(path)
    await RingFile(link).rotate()
    assert link.is_symlink()
    assert (await RingFile(path).state()).active == 2


async def test_what_cannot_be_written_is_left_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = read(path)
    ring = RingFile(path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MasterRefused, match="No space left"):
        await ring.rotate()
    assert read(path) == before
    assert list(path.parent.iterdir()) == [path]


async def test_a_spoiled_file_stops_sealing_but_no_opening(path: Path) -> None:
    vault = Vault(RingFile(path))
    key, sealed = await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    write(path, "spoiled")
    with pytest.raises(VaultError, match="cannot be used"):
        await vault.new_data_key(ACCOUNT, KeyPurpose.DATA)
    assert (await vault.data_key(sealed)).raw() == key.raw()


async def test_a_ring_given_as_text_says_what_to_do() -> None:
    ring = KeyRing.parse(f"{KeyRing.generate(1)},{KeyRing.generate(2).replace('2:', '2*:')}")
    with pytest.raises(MasterRefused, match=r"two deploys.*2\*:OLD,3:NEW.*3\*:NEW"):
        await ring.rotate()
    assert not await ring.retire(1)
    assert await ring.retire(9)
