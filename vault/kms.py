"""HashiCorp Vault's Transit engine as the master key: it seals data keys and never hands one out.

A sealed data key is Transit's own text, `vault:v3:...`; the version in it is the master version.
"""

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec

from domain.keys import SealedKey
from domain.secret import Secret
from vault.data_key import DataKey, bound
from vault.errors import KeyRingInvalid, MasterRefused, MastersUnavailable, VaultError
from vault.keys import FILE, read_file
from vault.masters import MasterState

SCHEME: Final = "transit:"
EXAMPLE = "transit:https://vault.internal:8200/transit/keys/vouchergraph"
PATH = re.compile(r"/([\w.-]+(?:/[\w.-]+)*)/keys/([\w.-]+)", re.ASCII)
CIPHERTEXT = re.compile(rb"vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/=]+")
# The types of key that bind additional data; without it a data key would open in another's place.
BINDING_TYPES = frozenset({"aes128-gcm96", "aes256-gcm96", "chacha20-poly1305"})
TIMEOUT_SECONDS = 5.0
MAX_ANSWER: Final = 262_144  # bytes; a key lists each of its versions
ANSWERED, WRONG, FORBIDDEN, MISSING = (200, 204), 400, 403, 404

T = TypeVar("T")


class _Sealed(msgspec.Struct):
    ciphertext: str


class _Opened(msgspec.Struct):
    plaintext: str


class _Key(msgspec.Struct):
    type: str
    latest_version: int
    min_decryption_version: int
    derived: bool = False


class _Answer(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine is mounted, and the key's name in it."""

    mount: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `transit:https://host:8200/MOUNT/keys/NAME`; KeyRingInvalid otherwise."""
        try:
            url = urlsplit(text.strip().removeprefix(SCHEME))
            host, _ = url.hostname or "", url.port
        except ValueError:
            raise KeyRingInvalid(f"the key ring names no address; example: {EXAMPLE}") from None
        path = PATH.fullmatch(url.path)
        if not host or not path or url.query or url.fragment or "@" in url.netloc:
            raise KeyRingInvalid(f"the key ring names no key of an engine; example: {EXAMPLE}")
        if url.scheme != "https" and not (url.scheme == "http" and _loopback(host)):
            raise KeyRingInvalid("the key ring's engine must be reached by https")
        return cls(f"{url.scheme}://{url.netloc}/v1/{path[1]}", path[2])


class Token:
    """The token that opens the engine: as given, or in a file that somebody renews."""

    def __init__(self, given: Secret) -> None:
        self._given = given

    def read(self) -> str:
        """The token as it stands now; KeyRingInvalid when its file cannot be read."""
        text = self._given.reveal().strip()
        if text.startswith(FILE):
            text = read_file(text.removeprefix(FILE), "the engine's token").strip()
        if not text.isascii() or not text.isprintable() or not text:
            raise KeyRingInvalid("the engine's token is empty, or no token")
        return text


class Transit:
    """A key of a Transit engine. Each call has 5 seconds, follows no redirect, reads 256 kB."""

    def __init__(self, address: Address, token: Token) -> None:
        self._address = address
        self._source = token
        self._token = token.read()
        self._session: aiohttp.ClientSession | None = None

    async def state(self) -> MasterState:
        key = await self._key()
        first = max(key.min_decryption_version, 1)
        return MasterState(key.latest_version, tuple(range(first, key.latest_version + 1)))

    async def seal(self, key: DataKey) -> SealedKey:
        sent = {"plaintext": _base64(key.raw()), "associated_data": _base64(bound(key))}
        found = await self._ask("POST", "encrypt", _Sealed, sent)
        ciphertext = found.ciphertext.encode()
        read = CIPHERTEXT.fullmatch(ciphertext)
        if read is None:
            raise MastersUnavailable("the key service answered an encryption with something else")
        return SealedKey(key.id, key.account, key.purpose, ciphertext, int(read[1]))

    async def open(self, sealed: SealedKey) -> DataKey:
        read = CIPHERTEXT.fullmatch(sealed.sealed)
        if read is None or int(read[1]) != sealed.master_version:
            raise VaultError(
                f"data key {sealed.id} was altered, or was not sealed by the key service"
            )
        sent = {"ciphertext": sealed.sealed.decode(), "associated_data": _base64(bound(sealed))}
        try:
            found = await self._ask("POST", "decrypt", _Opened, sent)
            raw = base64.b64decode(found.plaintext, validate=True)
        except (_Refused, binascii.Error):
            raise VaultError(
                f"data key {sealed.id} does not open: altered, not the one it stands for, or its"
                f" master key version {sealed.master_version} is retired"
            ) from None
        return DataKey(sealed.id, sealed.account, sealed.purpose, raw)

    async def rotate(self) -> int:
        await self._ask("POST", "keys", Any, {}, "/rotate")
        return (await self.state()).active

    async def retire(self, version: int) -> bool:
        state = await self.state()
        if version in state.versions:
            if version != state.versions[0] or version == state.active:
                raise MasterRefused(
                    "the key service retires the oldest version first, and never the active one"
                )
            await self._ask("POST", "keys", Any, {"min_decryption_version": version + 1}, "/config")
        return True

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _key(self) -> _Key:
        key = await self._ask("GET", "keys", _Key)
        if key.type not in BINDING_TYPES or key.derived:
            raise VaultError(
                f"the key {self._address.key} must be of a type that binds additional data"
                f" ({', '.join(sorted(BINDING_TYPES))}) and not be derived"
            )
        return key

    async def _ask(
        self,
        method: str,
        act: str,
        kind: type[T],
        body: dict[str, Any] | None = None,
        more: str = "",
    ) -> T:
        """One call, with a token read anew when the old one is refused."""
        url = f"{self._address.mount}/{act}/{self._address.key}{more}"
        status, answer = await self._send(method, url, body)
        if status == FORBIDDEN and self._renewed():
            status, answer = await self._send(method, url, body)
        if status not in ANSWERED:
            raise _failure(status, self._address.key)
        try:
            data = msgspec.json.decode(answer, type=_Answer).data if answer else b"null"
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise MastersUnavailable("the key service's answer cannot be read") from None

    async def _send(self, method: str, url: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        headers = {"X-Vault-Token": self._token, "X-Vault-Request": "true"}
        try:
            async with self._session.request(
                method, url, json=body, headers=headers, allow_redirects=False
            ) as response:
                return response.status, await _bounded(response.content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Their own texts and attributes hold the request's headers.
            kind = type(error).__name__
        raise MastersUnavailable(f"the key service does not answer ({kind})")

    def _renewed(self) -> bool:
        try:
            token = self._source.read()
        except KeyRingInvalid:
            return False
        changed, self._token = token != self._token, token
        return changed


class _Refused(VaultError):
    """The engine found something wrong with what was sent."""


def _failure(status: int, key: str) -> VaultError:
    if status == FORBIDDEN:
        return MastersUnavailable("the key service refuses the token, or what it may do")
    if status == MISSING:
        return VaultError(f"the key service has no key {key} at that address")
    if status == WRONG:
        return _Refused("the key service refuses what was sent")
    return MastersUnavailable(f"the key service answered with status {status}")


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    read = bytearray()
    async for part in content.iter_any():
        read += part
        if len(read) > MAX_ANSWER:
            raise MastersUnavailable("the key service's answer is too long")
    return bytes(read)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
