"""The rule where a server may listen."""

from groundwire_server.domain.loopback import on_this_machine


def may_listen(address: str, *, tls: bool, authenticated: bool, dangerous: bool) -> str | None:
    """Return None if the server may listen on the address, or else a sentence that says why not and what to do.

    Args:
        address: HOST:PORT.
        tls: whether connections use TLS.
        authenticated: whether callers have to present a credential.
        dangerous: whether `dangerously_listen_without_authentication` is set.
    """
    if dangerous or is_loopback(address) or (tls and authenticated):
        return None
    needed = {"TLS": tls, "authentication": authenticated}
    missing = " and no ".join(word for word, there in needed.items() if not there)
    return (
        f"{address} is reachable from other machines and there is no {missing}: set up server.tls and authentication, "
        "listen on 127.0.0.1, or set dangerously_listen_without_authentication"
    )


def is_loopback(address: str) -> bool:
    """Return whether HOST:PORT is a loopback address."""
    host = address.rpartition(":")[0]
    bare = host.removeprefix("[").removesuffix("]")
    # Without brackets the last group of an IPv6 address would be taken for the port, and gRPC would listen elsewhere.
    if (":" in bare) != (host == f"[{bare}]"):
        return False
    return on_this_machine(bare)
