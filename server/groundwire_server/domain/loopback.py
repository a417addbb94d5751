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
