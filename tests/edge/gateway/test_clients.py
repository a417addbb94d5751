"""A client's address is the one that a trusted proxy has seen, and nothing that the client writes."""

import pytest

from groundwire_server.edge.gateway.clients import Clients
from groundwire_server.edge.identity import network_of, peer_of

PROXIES = ("10.0.0.0/8", "2001:db8:1::/48")


@pytest.mark.parametrize(
    ("address", "forwarded", "client"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
        # The client has written the first; the proxy has added the second.
        ("10.1.2.3", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "203.0.113.9, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.1.2.3", "nonsense", "10.1.2.3"),
        ("10.1.2.3", "nonsense, 10.9.9.9", "10.9.9.9"),
        ("10.1.2.3", "10.9.9.9", "10.9.9.9"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:1::5", "[2001:db8:2::7]", "2001:db8:2::7"),
        # Some proxies add the port, and a zone is the proxy's own.
        ("10.1.2.3", "198.51.100.1:51334", "198.51.100.1"),
        ("10.1.2.3", "[2001:db8:2::7]:51334", "2001:db8:2::7"),
        ("10.1.2.3", 'fe80::1%"forged"', "fe80::1"),
        ("10.1.2.3", "198.51.100.1:port", "10.1.2.3"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has(address: str, forwarded: str, client: str) -> None:
    assert peer_of(Clients(PROXIES).peer(address, 4711, forwarded)) == client


def test_without_proxies_nothing_is_believed() -> None:
    assert Clients(()).peer("127.0.0.1", 4711, "198.51.100.1") == "ipv4:127.0.0.1:4711"


def test_an_address_of_ipv6_has_its_network() -> None:
    peer = Clients(()).peer("2001:db8::1", 4711, "")
    assert network_of(peer_of(peer)) == "2001:db8::/64"
