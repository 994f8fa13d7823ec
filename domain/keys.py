"""Data keys as they are stored: sealed under a master key, never in the clear."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class KeyPurpose(StrEnum):
    """What a data key may be used for; a key of one purpose does nothing else."""

    DATA = "data"
    AUDIT = "audit"
    FINGERPRINT = "fingerprint"
    REFERENCE = "reference"
    TOKEN = "token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A data key under the master key of `master_version`; `account` None: the installation's."""

    id: UUID
    account: UUID | None
    purpose: KeyPurpose
    sealed: bytes = field(repr=False)
    master_version: int
