"""Which hosts are this machine itself."""

import ipaddress


def on_this_machine(host: str) -> bool:
    """Whether a host, a name or an address without brackets, can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
