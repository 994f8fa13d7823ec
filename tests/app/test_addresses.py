"""Whom limits and address lists go by: nobody can name an address that is not their own."""

import pytest

from app.addresses import caller_address, is_safe_url, parse_networks

PROXIES = "10.0.0.0/8, 192.0.2.1, 2001:db8:1::/48"


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        # Strangers say what they like.
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("2001:db8:2::1", ["198.51.100.1"], "2001:db8:2::1"),
        # Through one proxy, through two, and what a stranger put in front.
        ("10.1.2.3", ["203.0.113.7"], "203.0.113.7"),
        ("192.0.2.1", ["203.0.113.7, 10.9.9.9"], "203.0.113.7"),
        ("192.0.2.1", ["203.0.113.7", "10.9.9.9"], "203.0.113.7"),
        ("10.1.2.3", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("10.1.2.3", ["10.0.0.1, 203.0.113.7, 10.9.9.9"], "203.0.113.7"),
        ("10.1.2.3", ["rubbish, 203.0.113.7"], "203.0.113.7"),
        ("10.1.2.3", ["10.0.0.1," * 5000 + "203.0.113.7"], "203.0.113.7"),
        ("2001:db8:1::9", ["2001:db8:2::7"], "2001:db8:2::7"),
        # All of them trusted: somebody inside.
        ("10.1.2.3", ["10.7.7.7, 10.9.9.9"], "10.7.7.7"),
        ("10.1.2.3", [], "10.1.2.3"),
        # Malformed where it counts.
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", ["203.0.113.7, unknown"], "10.1.2.3"),
        ("10.1.2.3", ["203.0.113.7,"], "10.1.2.3"),
        ("10.1.2.3", ["203.0.113.256"], "10.1.2.3"),
        ("10.1.2.3", ["203.0.113.7, rubbish, 10.9.9.9"], "10.1.2.3"),
        # Spellings.
        ("10.1.2.3", ["203.0.113.7:4711"], "203.0.113.7"),
        ("10.1.2.3", ["[2001:db8:2::7]:4711"], "2001:db8:2::7"),
        ("10.1.2.3", ["[2001:db8:2::7]"], "2001:db8:2::7"),
        ("10.1.2.3", ["2001:DB8:2:0::7"], "2001:db8:2::7"),
        ("::ffff:10.1.2.3", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("", ["203.0.113.7"], ""),
    ],
)
def test_the_right_most_that_is_no_trusted_proxy(
    peer: str, forwarded: list[str], found: str
) -> None:
    assert caller_address(peer, forwarded, parse_networks(PROXIES)) == found


def test_without_proxies_nothing_is_believed() -> None:
    assert caller_address("10.1.2.3", ["203.0.113.7"], ()) == "10.1.2.3"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://login.example.com/realms/one", True),
        ("https://login.example.com:8443/", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost/keys", True),
        ("http://[::1]:8080/", True),
        ("http://login.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("https://me@login.example.com", False),
        ("https://login.example.com:port", False),
        ("https://login.example.com/#keys", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        ("login.example.com", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_keys_come_over_tls_or_from_this_machine(url: str, safe: bool) -> None:
    assert is_safe_url(url) is safe
