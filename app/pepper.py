"""The pepper: what API secrets are digested with, so that a stolen table proves nothing."""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

KEY_BYTES = 32
ENTRY = re.compile(r"([1-9][0-9]{0,8}):(.*)")


class PepperInvalid(ValueError):
    """The pepper could not be read; the text says where, and nothing of a key."""


class Pepper:
    """The keys that secrets are digested with, by version; the newest digests new secrets."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self._keys = dict(keys)
        self.version = max(self._keys)

    def mac(self, secret: str, version: int) -> bytes:
        """The digest to store or compare; one that equals nothing for an unknown version."""
        key = self._keys.get(version)
        # The work is done in any case: an unknown version must not answer faster.
        digest = hmac.digest(key or bytes(KEY_BYTES), secret.encode("utf-8", "replace"), "sha256")
        return digest if key else secrets.token_bytes(KEY_BYTES)

    @classmethod
    def parse(cls, text: str) -> "Pepper":
        """From `1:BASE64,2:BASE64`, or `file:` and the path of a file with it; PepperInvalid."""
        text = text.strip()
        if text.startswith("file:"):
            try:
                text = Path(text.removeprefix("file:")).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                raise PepperInvalid("its file cannot be read") from None
        keys: dict[int, bytes] = {}
        for number, entry in enumerate(filter(None, re.split(r"[\s,]+", text)), 1):
            found = ENTRY.fullmatch(entry)
            if found is None:
                raise PepperInvalid(f"entry {number} is not VERSION:BASE64")
            version = int(found[1])
            if version in keys:
                raise PepperInvalid(f"version {version} stands there twice")
            keys[version] = _key(found[2], version)
        if not keys:
            raise PepperInvalid("it is empty")
        return cls(keys)

    @staticmethod
    def generate() -> str:
        """A new pepper of one random key, as text for `parse`."""
        return f"1:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _key(encoded: str, version: int) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise PepperInvalid(f"version {version} is not base64") from None
    if len(key) < KEY_BYTES:
        raise PepperInvalid(f"version {version} has {len(key)} bytes; {KEY_BYTES} are needed")
    return key
