"""Where webhooks may go: a table of what is not the internet, and of odd ways to write it."""

import ipaddress

import pytest

from notices.addresses import Forbidden, Rules, is_public

LIVE, SANDBOX = Rules(), Rules(loopback=True)

NOT_THE_INTERNET = {
    "loopback": "127.0.0.1 127.255.255.254 ::1",
    "this host": "0.0.0.0 0.1.2.3 ::",
    "private": "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12:3456::1",
    "link-local": "169.254.0.1 fe80::1 fe80::1%eth0 fec0::1",
    "metadata": "169.254.169.254 fd00:ec2::254 168.63.129.16 100.100.100.200 192.0.0.192",
    "shared by a carrier": "100.64.0.1 100.127.255.255",
    "documentation": "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1",
    "benchmarks": "198.18.0.1 198.19.255.255 2001:2::1",
    "reserved": "240.0.0.1 255.255.255.255 192.0.0.8 192.0.0.9 192.88.99.1",
    "multicast": "224.0.0.1 239.255.255.255 ff02::1 ff0e::1",
    "IPv4 in IPv6": "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 ::ffff:0:8.8.8.8",
    "NAT64": "64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::a00:1",
    "6to4 and Teredo": "2002:7f00:1:: 2002:a00:1:: 2001:0:7f00:1::",
    "a zone": "2606:4700::1%eth0",
    "discard and segment routing": "100::1 5f00::1",
}
FORBIDDEN = [(kind, text) for kind, texts in NOT_THE_INTERNET.items() for text in texts.split()]
PUBLIC = "8.8.8.8 1.1.1.1 172.32.0.1 100.128.0.1 2606:4700::1111 2001:4860:4860::8888 2a00:1450::1"


@pytest.mark.parametrize(("kind", "text"), FORBIDDEN, ids=[text for _, text in FORBIDDEN])
def test_what_is_not_the_internet_is_forbidden(kind: str, text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not is_public(address), kind
    with pytest.raises(Forbidden) as caught:
        LIVE.check_address(text)
    assert text not in str(caught.value)
    if not address.is_loopback:
        with pytest.raises(Forbidden):
            SANDBOX.check_address(text)


@pytest.mark.parametrize(("kind", "text"), FORBIDDEN, ids=[text for _, text in FORBIDDEN])
def test_neither_is_it_as_a_literal_in_a_url(kind: str, text: str) -> None:
    host = f"[{text.replace('%', '%25')}]" if ":" in text else text
    with pytest.raises(Forbidden):
        LIVE.check_url(f"https://{host}/hook")


@pytest.mark.parametrize("text", PUBLIC.split())
def test_hosts_of_the_internet_are_allowed(text: str) -> None:
    LIVE.check_address(text)
    host = f"[{text}]" if ":" in text else text
    assert str(LIVE.check_url(f"https://{host}/hook").host) == text


@pytest.mark.parametrize(
    "url",
    [
        "",
        " https://example.com/",
        "https://example.com/a b",
        "https://example.com/\n",
        "example.com/hook",
        "//example.com/hook",
        "https:///hook",
        "http://example.com/hook",
        "ftp://example.com/hook",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://:password@example.com/",
        "https://example.com/#there",
        "https://example.com:22/",
        "https://example.com:80/",
        "https://example.com:1023/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://[::1/",
        "https://[::ffff:7f00:1]/",
        f"https://example.com/{'a' * 2000}",
    ],
)
def test_urls_that_are_refused_by_their_form(url: str) -> None:
    for rules in (LIVE, SANDBOX):
        with pytest.raises(Forbidden):
            rules.check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com/hooks/1?key=abc",
        "https://example.com:443/",
        "https://example.com:8443/",
        "https://hooks.bücher.example/",
    ],
)
def test_urls_that_are_allowed(url: str) -> None:
    assert LIVE.check_url(url).scheme == "https"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:80/", "http://localhost:9/x", "http://[::1]:8000/", "https://127.0.0.2/"],
)
def test_the_sandbox_tells_this_machine_too(url: str) -> None:
    SANDBOX.check_url(url)
    with pytest.raises(Forbidden):
        LIVE.check_url(url)
