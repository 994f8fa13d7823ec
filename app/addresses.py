"""Addresses: where a request came from, and which places are on this machine or need TLS."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urlsplit

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# Some proxies add the port: 203.0.113.7:4711, [2001:db8::7]:4711.
WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](:\d{1,5})?|(?P<four>[\d.]+):\d{1,5}")
MAX_HOPS = 20


def parse_networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks apart by commas; ValueError for anything else.

    A network of every address is refused: whoever calls could then name any address.
    """
    found = tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    if any(network.prefixlen == 0 for network in found):
        raise ValueError("every address")
    return found


def address_of(text: str) -> Address | None:
    """An address, an IPv4 one also where it is written as IPv6; None for anything else."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def caller_address(peer: str, forwarded: Iterable[str], trusted: tuple[Network, ...]) -> str:
    """The address that limits and address lists go by.

    `forwarded` are the values of X-Forwarded-For in their order. They count only from a trusted
    peer: the right-most address that is not a trusted proxy. Whatever stands left of it was written
    by strangers and is not looked at. All trusted: the left-most. Malformed: the peer.
    """
    here, shown = _peer(peer)
    if here is None or not _is_in(here, trusted):
        return shown
    found = here
    hops = [hop for value in forwarded for hop in value.split(",")]
    for hop in reversed(hops[-MAX_HOPS:]):
        named = _hop(hop.strip())
        if named is None:
            return shown
        found = named
        if not _is_in(found, trusted):
            break
    return str(found)


@lru_cache(maxsize=4096)  # it comes from the socket: short, and the same for many requests
def _peer(text: str) -> tuple[Address | None, str]:
    """An address and how it is written; what is none is written as it came."""
    found = address_of(text)
    return found, text if found is None else str(found)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_safe_url(text: str) -> bool:
    """Whether what is trusted may be read there: https, or http on this machine; no login in it."""
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port  # a port that is none raises ValueError
    except ValueError:
        return False
    if not host or "@" in url.netloc or url.fragment or not (text.isascii() and text.isprintable()):
        return False
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(host))


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _hop(text: str) -> Address | None:
    ported = WITH_PORT.fullmatch(text)
    return address_of((ported["six"] or ported["four"]) if ported else text)
