"""Which servers may be put under load without being asked twice."""

import ipaddress


def is_loopback(server: str) -> bool:
    """Whether an address can only mean this machine; when in doubt it does not."""
    if server.startswith("unix:"):
        return True
    host = server.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
