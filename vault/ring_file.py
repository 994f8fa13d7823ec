"""A key ring in a file: followed while the process runs, and rewritten by `keys rotate`."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.keys import SealedKey
from vault.data_key import DataKey
from vault.errors import KeyRingInvalid, MasterRefused, VaultError
from vault.keys import KeyRing, entries, read_file
from vault.masters import MasterState


class RingFile:
    """The ring of a file. KeyRingInvalid when it cannot be read at the start.

    It is looked at again before a data key is sealed, and when one needs a version that is not
    known: all processes that read the same file follow a rotation without a restart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._signature()
        self._ring = KeyRing.parse(read_file(path, "the key ring"))

    async def state(self) -> MasterState:
        return await self._followed().state()

    async def seal(self, key: DataKey) -> SealedKey:
        return await self._followed().seal(key)

    async def open(self, sealed: SealedKey) -> DataKey:
        known = sealed.master_version in self._ring.versions
        return await (self._ring if known else self._followed()).open(sealed)

    async def rotate(self) -> int:
        with self._changing() as known:
            version = self._ring.versions[-1] + 1
            # Without a star the highest version is the active one.
            self._write([*(_unmarked(entry) for entry in known), KeyRing.generate(version)])
        return (await self.state()).active

    async def retire(self, version: int) -> bool:
        with self._changing() as known:
            if version == self._ring.active:
                raise MasterRefused(f"master key version {version} is the active one")
            kept = [entry for entry in known if _version(entry) != version]
            if kept != known:
                self._write(kept)
        return True

    async def close(self) -> None:
        """Nothing is held open."""

    def _followed(self) -> KeyRing:
        """The ring as the file says now; VaultError when it can no longer be read."""
        try:
            seen = self._signature()
            if seen != self._seen:
                self._ring = KeyRing.parse(read_file(self._path, "the key ring"))
                self._seen = seen
        except KeyRingInvalid as error:
            raise VaultError(f"the key ring has changed and cannot be used: {error}") from None
        return self._ring

    def _signature(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise KeyRingInvalid(
                f"the key ring: {self._path} cannot be read ({type(error).__name__})"
            ) from None
        return found.st_ino, found.st_mtime_ns, found.st_size

    @contextmanager
    def _changing(self) -> Iterator[list[str]]:
        """The entries as they stand now, while nobody else rewrites the file."""
        try:
            folder = os.open(self._path.resolve().parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                self._followed()
                yield entries(read_file(self._path, "the key ring"))
            finally:
                os.close(folder)
        except OSError as error:
            raise MasterRefused(
                f"the key ring {self._path} cannot be written ({error.strerror}): change it where"
                " it comes from, the new version first beside the starred old one in every copy,"
                " then with the star"
            ) from None

    def _write(self, listed: Sequence[str]) -> None:
        """Replace the file at once or not at all; its owner keeps it, others never read it."""
        path = self._path.resolve()
        before = path.stat()
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write("\n".join(listed) + "\n")
                file.flush()
                # A service of another user or group must still be able to read it.
                if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR | before.st_mode & 0o040)
                os.fsync(file.fileno())
            Path(name).replace(path)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _version(entry: str) -> int:
    return int(entry.partition(":")[0].removesuffix("*"))


def _unmarked(entry: str) -> str:
    version, _, key = entry.partition(":")
    return f"{version.removesuffix('*')}:{key}"
