"""Options of the gateway, apart from the modules that use them, whose imports a configuration does not need."""

import re
from ipaddress import ip_network
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from groundwire_server.edge.options import ListenAddress, TlsOptions
from groundwire_server.options import Options

_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_HOST: Final = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:]+\]")


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise ValueError("must be an origin in lower case without a path, such as https://app.example.com")
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("must be a host name or an address in lower case without a port, such as app.example.com")
    return value


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        raise ValueError("must be an address or a network, such as 10.0.0.0/8") from None


Origin = Annotated[str, AfterValidator(_origin)]
Host = Annotated[str, AfterValidator(_host)]
Network = Annotated[str, AfterValidator(_network)]


class HttpConnectionOptions(Options):
    """Limits on connections of the gateway, before any call."""

    max_connections: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="Open connections. A further one closes the oldest that has no request in progress; where there is "
        "none, the new one is closed.",
    )
    max_connections_per_address: int = Field(
        250,
        ge=1,
        le=100_000,
        description="Open connections from one address, or one /64 of IPv6. All callers behind one proxy have one "
        "address.",
    )
    max_header_bytes: int = Field(
        32_768, ge=4096, le=1_048_576, description="Largest head of a request: its first line and its headers."
    )
    head_seconds: float = Field(
        10.0, ge=0.1, le=600, description="Seconds in which the head of a request has to arrive."
    )
    idle_seconds: float = Field(
        75.0, ge=1, le=86_400, description="Seconds after which a connection without a request is closed."
    )


class GatewayOptions(Options):
    """The contract over HTTP: the Connect protocol, gRPC-Web and server-sent events, and a page for browsers."""

    listen: ListenAddress | None = Field(
        None,
        description="HOST:PORT to listen on for HTTP; port 0 chooses a free one. Without it there is no gateway.",
        examples=["127.0.0.1:8080"],
    )
    tls: TlsOptions | None = Field(None, description="TLS of the gateway's address; plain text if unset.")
    page: bool = Field(True, description="Serve the page on which people ask and review.")
    hosts: tuple[Host, ...] | None = Field(
        None,
        min_length=1,
        description="Names and addresses that requests may be sent to. If unset: any where callers are authenticated, "
        "otherwise those of this machine and of `listen`.",
        examples=[["answers.example.com"]],
    )
    allowed_origins: tuple[Origin, ...] = Field(
        (),
        description="Origins of other web pages that may call the gateway; a page of the gateway itself always may.",
        examples=[["https://app.example.com"]],
    )
    trusted_proxies: tuple[Network, ...] = Field(
        (),
        description="Addresses and networks of proxies whose X-Forwarded-For is believed.",
        examples=[["10.0.0.0/8"]],
    )
    limits: HttpConnectionOptions = Field(
        default_factory=HttpConnectionOptions, description="Limits on connections, before any call."
    )
