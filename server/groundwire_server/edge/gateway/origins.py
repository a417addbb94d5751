"""Where requests may come from and what they may be sent to: browsers send what other pages tell them to."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from groundwire_server.edge.gateway.options import GatewayOptions
from groundwire_server.edge.gateway.reply import HttpHeaders

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_WILDCARDS: Final = frozenset({"", "0.0.0.0", "[::]"})  # noqa: S104  # nothing listens here

_HOST: Final = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")

_ALLOWED_HEADERS: Final = (
    b"accept, authorization, connect-accept-encoding, connect-content-encoding, connect-protocol-version, "
    b"connect-timeout-ms, content-encoding, content-type, groundwire-api-key, groundwire-principals, "
    b"groundwire-subject, groundwire-tenant, grpc-accept-encoding, grpc-encoding, grpc-timeout, last-event-id, "
    b"traceparent, tracestate, x-grpc-web, x-user-agent"
)
_EXPOSED_HEADERS: Final = (
    b"connect-content-encoding, content-encoding, grpc-encoding, grpc-message, grpc-status, grpc-status-details-bin, "
    b"retry-after, trailer-groundwire-request-id, trailer-groundwire-time, trailer-groundwire-trace-id, "
    b"trailer-groundwire-version, trailer-grpc-retry-pushback-ms"
)
_MAX_AGE: Final = b"7200"
"""Seconds for which a browser remembers what it may send: the longest that all of them take."""


class Origins:
    """Decides which requests of browsers are served.

    Args:
        options: of the gateway.
        authenticated: whether callers present a credential. Where they do not, a page elsewhere must not reach the
            gateway by a name of its own that it has made to point here.
    """

    def __init__(self, options: GatewayOptions, authenticated: Callable[[], bool]) -> None:
        host = (options.listen or "").rpartition(":")[0].lower()
        self._hosts = None if options.hosts is None else frozenset(options.hosts)
        self._own = _LOOPBACK if host in _WILDCARDS else _LOOPBACK | {host}
        self._allowed = frozenset(options.allowed_origins)
        self._authenticated = authenticated

    def serves(self, host: str) -> bool:
        """Return whether requests to this `Host` are served."""
        name = _name(host)
        if self._hosts is not None:
            return name in self._hosts
        return name in self._own or (bool(name) and self._authenticated())

    def allows(self, headers: Mapping[str, str]) -> bool:
        """Return whether a request may come from where its `Origin` says; those of other programs have none."""
        origin = headers.get("origin")
        return origin is None or origin in self._allowed or _is_own(origin, headers.get("host", ""))

    def headers(self, headers: Mapping[str, str]) -> HttpHeaders:
        """Return what lets a page read the response to a request."""
        if not self._allowed:
            return ()
        vary = (b"vary", b"Origin")
        origin = headers.get("origin", "")
        if origin not in self._allowed:
            return (vary,)
        return (
            vary,
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-expose-headers", _EXPOSED_HEADERS),
        )

    def preflight(self) -> HttpHeaders:
        """Return what tells a browser how a page may call."""
        return (
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", _MAX_AGE),
        )


def _is_own(origin: str, host: str) -> bool:
    """Return whether a page has come from here: a proxy may have taken TLS off, so that the scheme says nothing."""
    scheme, separator, place = origin.partition("://")
    return bool(separator) and scheme in {"http", "https"} and bool(host) and place == host.lower()


def _name(host: str) -> str:
    """Return the name or the address in a `Host`, without the port; empty where it is malformed."""
    found = _HOST.fullmatch(host.lower())
    return "" if found is None else found["name"]
