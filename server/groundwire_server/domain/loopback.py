"""Loopback addresses."""

import ipaddress


def on_this_machine(host: str) -> bool:
    """Return whether a host (a name, or an address without brackets) is a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback(address: str) -> bool:
    """Return whether HOST:PORT is a loopback address."""
    host = address.rpartition(":")[0]
    bare = host.removeprefix("[").removesuffix("]")
    # Without brackets the last group of an IPv6 address would be taken for the port, and gRPC would listen elsewhere.
    if (":" in bare) != (host == f"[{bare}]"):
        return False
    return on_this_machine(bare)
