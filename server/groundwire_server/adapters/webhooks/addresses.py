"""Which addresses a request that a caller caused may go to: those of the public internet."""

import ipaddress
from typing import Final

_TRANSLATED: Final = (
    ipaddress.ip_network("64:ff9b::/96"),  # NAT64, RFC 6052
    ipaddress.ip_network("64:ff9b:1::/48"),  # NAT64 within a network, RFC 8215
    ipaddress.ip_network("2002::/16"),  # 6to4
    ipaddress.ip_network("2001::/32"),  # Teredo
    ipaddress.ip_network("::/96"),  # IPv4-compatible, long deprecated
    ipaddress.ip_network("fec0::/10"),  # site-local, deprecated
)
"""Blocks of IPv6 in which an address of IPv4 can hide, or one of a network's own."""


def is_public(address: str) -> bool:
    """Return whether an address is one of the public internet, for a single receiver."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        if any(parsed in network for network in _TRANSLATED):
            return False
    return parsed.is_global and not parsed.is_multicast
