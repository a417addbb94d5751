"""Who is at the other end of a connection: its client, or a proxy that says for whom it calls."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_PLACE: Final = re.compile(r"(?:(?P<v4>[0-9.]+)|\[(?P<v6>[0-9a-fA-F:.]+)\])(?::[0-9]{1,5})?")


class Clients:
    """Reads the addresses of clients.

    Args:
        trusted: the proxies that are believed.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = tuple(map(ip_network, trusted))

    def peer(self, address: str, port: int, forwarded: str) -> str:
        """Return the client's address as gRPC writes it.

        Args:
            address: of the connection.
            port: of the connection.
            forwarded: `X-Forwarded-For`; each proxy has added the address that it was called from at its end.
        """
        here = _parsed(address)
        if here is None:
            return f"unix:{address}"
        if forwarded and self._trusts(here):
            for entry in reversed(forwarded.split(",")):
                earlier = _parsed(entry.strip())
                if earlier is None:
                    break
                here = earlier
                if not self._trusts(here):
                    break
        return f"ipv4:{here}:{port}" if isinstance(here, IPv4Address) else f"ipv6:%5B{here}%5D:{port}"

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address without its zone; None where it is none. Some proxies write it with a port."""
    place = _PLACE.fullmatch(text)
    bare = text if place is None else place["v4"] or place["v6"]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
