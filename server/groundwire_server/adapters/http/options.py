"""Where a provider listens, and what the transport lets one call of it take."""

from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from groundwire_server.domain.residency import Residency
from groundwire_server.options import Options
from groundwire_server.options.headers import Headers, SecretHeaders
from groundwire_server.options.url import parsed_url


def _base_url(address: str) -> str:
    parts = parsed_url(address, "http://127.0.0.1:8000/v1")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must hold no credentials, query or fragment: the key belongs into api_key")
    return address.rstrip("/")


BaseUrl: TypeAlias = Annotated[str, AfterValidator(_base_url)]


class Endpoint(Options):
    """Where a provider listens, who runs it, and how connections to it are kept."""

    base_url: BaseUrl = Field(
        description="The URL that paths are appended to, the version included.", examples=["https://api.example.com/v1"]
    )
    residency: Residency = Field(
        Residency.HOSTED, description="Who runs it: `self_hosted` where questions and documents stay with you."
    )
    headers: Headers = Field(
        default_factory=SecretHeaders,
        description="Further headers of requests, such as those of a gateway, each a reference: env://NAME or "
        "file:///PATH.",
        examples=[{"Helicone-Auth": "env://HELICONE_AUTH"}],
    )
    ca_file: Path | None = Field(
        None,
        description="Authorities to trust instead of the system's, PEM.",
        examples=["/etc/groundwire/provider-ca.pem"],
    )
    max_connections: int = Field(
        256, ge=1, le=10_000, description="Open connections; further calls wait, within their deadlines."
    )
    idle_seconds: float = Field(30.0, ge=0, le=3600, description="Seconds that an unused connection is kept.")
    trace_context: bool = Field(True, description="Whether requests carry `traceparent`.")

    @property
    def host(self) -> str:
        """The name to connect to."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)


class RequestBounds(Options):
    """Limits of one request, in addition to the deadline of its call."""

    connect_seconds: float = Field(
        2.0, gt=0, le=60, description="Seconds for a connection, its TLS handshake included."
    )
    response_bytes: int = Field(16 * 1024 * 1024, ge=1024, le=1 << 30, description="Largest response, in bytes.")


class DocumentBounds(RequestBounds):
    """Limits of one request whose response is read whole, in addition to the deadline of its call."""

    request_seconds: float = Field(10.0, gt=0, le=600, description="Seconds from its beginning to its last byte.")


class StreamBounds(RequestBounds):
    """Limits of one streamed response, in addition to the deadline of its call."""

    silence_seconds: float = Field(10.0, gt=0, le=600, description="Seconds between two reads, once there is text.")
    event_bytes: int = Field(1024 * 1024, ge=1024, le=1 << 28, description="Largest event of a stream, in bytes.")
    gather_seconds: float = Field(
        0.02, ge=0, le=0.1, description="Seconds that tokens are gathered before they are read together."
    )
