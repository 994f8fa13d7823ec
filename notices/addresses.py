"""Which URLs and addresses a webhook may go to: the internet, and nothing that is near us."""

import ipaddress
import re
from dataclasses import dataclass

from yarl import URL

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST_URL = 2000
HTTPS_PORT = 443
# Below it are the ports of other protocols, which a request could be made to talk to.
FIRST_FREE_PORT = 1024
# A name whose last part looks like this is an address in one of its older spellings.
NUMERIC = re.compile(r"[0-9]*|0[xX][0-9a-fA-F]*")

INTERNET_6 = ipaddress.ip_network("2000::/3")
# What the standard library calls global, or may in another version, and that leads elsewhere:
# relays, and IPv6 in which an IPv4 address is written (6to4, Teredo). Mapped addresses and NAT64
# are outside of INTERNET_6.
NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
# Metadata services that some clouds put on addresses of the internet.
METADATA = frozenset(map(ipaddress.ip_address, ("168.63.129.16", "100.100.100.200")))


class Forbidden(Exception):
    """A webhook must not go there; the text says why, and names no address."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Where webhooks may go. `loopback`: also to this machine, without TLS, for the sandbox."""

    loopback: bool = False

    def check_url(self, text: str) -> URL:
        """The URL, ready to be sent to; Forbidden where its form alone says no."""
        if not 0 < len(text) <= LONGEST_URL or not text.isprintable() or " " in text:
            raise Forbidden(f"a URL has 1 to {LONGEST_URL} printable characters and no blanks")
        try:
            url = URL(text)
            host, port = url.host, url.port
        except ValueError:
            raise Forbidden("this is not a URL") from None
        if url.scheme not in ("https", "http") or not host:
            raise Forbidden("a URL begins with https:// and a host name")
        if url.user is not None or url.password is not None:
            raise Forbidden("a URL holds no user and password: deliveries are signed instead")
        if "#" in text:
            raise Forbidden("a URL holds no fragment")
        address = _address(host)
        if address is None and NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise Forbidden("an address is written in full, such as 203.0.113.7")
        near = self.loopback and (host == "localhost" or (address and address.is_loopback))
        if near:
            return url
        if url.scheme != "https":
            raise Forbidden("it must be https")
        if port is None or (port != HTTPS_PORT and port < FIRST_FREE_PORT):
            raise Forbidden(f"the port must be {HTTPS_PORT} or above {FIRST_FREE_PORT - 1}")
        if address is not None:
            self.check_address(host)
        return url

    def check_address(self, text: str) -> None:
        """Forbidden unless the address belongs to the internet."""
        address = _address(text)
        if address is None:
            raise Forbidden("the host has no usable address")
        if self.loopback and address.is_loopback:
            return
        if not is_public(address):
            raise Forbidden("the host's address does not belong to the internet")


def is_public(address: IPAddress) -> bool:
    """Whether it can only be a host of the internet: nothing private, shared, local or mapped."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.scope_id is not None or address not in INTERNET_6
    ):
        return False
    if any(address in network for network in NEVER if network.version == address.version):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and address not in METADATA
    )


def _address(text: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
