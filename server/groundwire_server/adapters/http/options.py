"""Where a provider listens and what one call of it may take."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.residency import Residency


class UnusableEndpointError(SetupError):
    """A provider's address cannot be used; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider.

    Attributes:
        provider: its name, as `gen_ai.provider.name` has it: openai, anthropic, mistral_ai, azure.ai.openai, …
        base_url: what paths are put behind, such as `https://api.openai.com/v1`.
        connections: open at once at most; a call beyond them waits, within its deadline.
        idle_seconds: how long an unused connection is kept.
        ca_file: a PEM file of the authorities to trust instead of the system's.
        residency: who runs it; a chain that must not leave is built from this.
        trace_context: whether calls carry `traceparent`.
    """

    provider: str
    base_url: str
    connections: int = 256
    idle_seconds: float = 30.0
    ca_file: str | None = None
    residency: Residency = Residency.HOSTED
    trace_context: bool = True

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UnusableEndpointError(f"base_url of provider {self.provider!r} must be an http or https address")
        if parts.username is not None or parts.query or parts.fragment:
            raise UnusableEndpointError(
                f"base_url of provider {self.provider!r} must hold no credentials, query or fragment"
            )

    @property
    def host(self) -> str:
        """The name to connect to."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one call may take, besides its deadline.

    Attributes:
        connect_seconds: for a connection, its TLS handshake included.
        first_token_seconds: from the call's beginning to its first text; None leaves it to the deadline.
        silence_seconds: between two reads, once there is text.
        response_bytes: of a whole response.
        event_bytes: of one event.
    """

    connect_seconds: float = 2.0
    first_token_seconds: float | None = 10.0
    silence_seconds: float = 10.0
    response_bytes: int = 16 * 1024 * 1024
    event_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """What a call is addressed to, as a span tells it."""

    provider: str
    model: str
    host: str
    port: int
    residency: Residency = Residency.HOSTED


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A provider's key; it shows in no repr."""

    value: str = field(repr=False)
