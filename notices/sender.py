"""Sends a message to a URL that somebody else chose, and lets it reach nothing but the internet.

The name is resolved by us, every address of it is checked, and the socket is made for exactly the
address that was checked: a name that answers differently the second time gains nothing. No
redirects, cookies or proxies; one connection for each delivery; nothing of the answer is read but
its status.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from notices.addresses import Forbidden, Rules

SECONDS = 10.0
USER_AGENT = "Vouchergraph-Webhooks/1"

# The addresses of a host name, as text.
Lookup = Callable[[str], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one try came to: the status that was answered, or in our words why there is none."""

    status: int | None
    duration_ms: int
    problem: str | None = None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the endpoint says that it wants nothing any more."""
        return self.status == 410


async def system_lookup(host: str) -> Sequence[str]:
    """The addresses that the system's resolver knows."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Sender:
    """Sends messages within `seconds` each; close it at the end."""

    def __init__(
        self, rules: Rules, *, lookup: Lookup = system_lookup, seconds: float = SECONDS
    ) -> None:
        self.rules = rules
        self._lookup = lookup
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempt:
        """Post the body once; what came of it, never an exception of the network."""
        started = time.monotonic()
        status, problem = None, None
        try:
            status = await self._post(url, headers, body)
        except Forbidden as error:
            problem = str(error)
        except TimeoutError:
            problem = f"no answer within {self._seconds:g} s"
        except aiohttp.ClientConnectorDNSError:
            problem = "the host name could not be resolved"
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError):
            problem = "its TLS certificate or handshake is not acceptable"
        except aiohttp.ClientConnectorError:
            problem = "the connection was refused or not possible"
        except (aiohttp.ClientError, OSError, ValueError):
            problem = "the connection broke, or the answer was not HTTP"
        if status is not None and not 200 <= status < 300:
            problem = f"answered {status}"
        return Attempt(status, int((time.monotonic() - started) * 1000), problem)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        target = self.rules.check_url(url)
        # The whole of it, a slow resolver and a body that never ends included.
        async with asyncio.timeout(self._seconds):
            answer = await self._open().post(
                target, data=body, headers=headers, allow_redirects=False
            )
            answer.close()
        return answer.status

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Resolver(self.rules, self._lookup),
                use_dns_cache=False,
                force_close=True,
                limit=0,
                # One address after the other: a race would swallow what the socket's check says.
                happy_eyeballs_delay=None,
                socket_factory=self._socket,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": USER_AGENT},
                skip_auto_headers=("Accept", "Accept-Encoding"),
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
            )
        return self._session

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """The only place where sockets are made: whatever the way here, the address is checked."""
        family, kind, protocol, _, address = info
        self.rules.check_address(str(address[0]))
        return socket.socket(family, kind, protocol)


class _Resolver(AbstractResolver):
    """Resolves a name once for each connection, and refuses it when one address is forbidden."""

    def __init__(self, rules: Rules, lookup: Lookup) -> None:
        self._rules = rules
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = list(dict.fromkeys(await self._lookup(host)))
        if not found:
            raise OSError("no address")
        for address in found:
            self._rules.check_address(address)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is kept."""
