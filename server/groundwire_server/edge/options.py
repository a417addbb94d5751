"""Options of the server, apart from the modules that use them, whose imports a configuration does not need."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from groundwire_server.options import Options
from groundwire_server.options.secret import Secret


class TlsOptions(Options):
    """TLS of the listening address, from files in PEM, which are read again when they change."""

    certificate: Path = Field(
        description="The server's certificate, and the chain from it to an authority, PEM.",
        examples=["/etc/groundwire/tls.crt"],
    )
    key: Path | None = Field(
        None,
        description="The certificate's private key without a passphrase, PEM; in the certificate's file if unset.",
        examples=["/etc/groundwire/tls.key"],
    )
    # gRPC for Python either asks for no certificate or insists on one.
    client_ca: Path | None = Field(
        None,
        description="Authorities of client certificates, PEM; if set, every caller must present a certificate.",
        examples=["/etc/groundwire/clients.pem"],
    )

    @property
    def files(self) -> Sequence[Path]:
        """Every file."""
        return [path for path in (self.certificate, self.key, self.client_ca) if path is not None]


class DrainOptions(Options):
    """How the server shuts down."""

    notice_seconds: float = Field(
        0.0, ge=0, le=600, description="Seconds between NOT_SERVING and the refusal of new calls, for load balancers."
    )
    grace_seconds: float = Field(10.0, ge=0, le=3600, description="Seconds that calls in flight have to finish.")


def _host_and_port(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if not host or not colon or not (port.isascii() and port.isdecimal() and int(port) < 65536):
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:50051")
    return address


ListenAddress: TypeAlias = Annotated[str, AfterValidator(_host_and_port)]
"""HOST:PORT to listen on."""


class ServerOptions(Options):
    """How the server listens, limits its load and shuts down."""

    listen: ListenAddress = Field("127.0.0.1:50051", description="HOST:PORT to listen on; port 0 chooses a free one.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes that serve on this port; several need `redis`, and divide the limits on calls at once.",
    )
    tls: TlsOptions | None = Field(None, description="TLS of the listening address; plain text if unset.")
    max_concurrent_calls: int = Field(
        1000, ge=1, le=100_000, description="Calls in flight, health checks included; further ones are refused."
    )
    write_seconds: float = Field(
        10.0, gt=0, le=600, description="Seconds that one event of a stream waits for a slow client."
    )
    drain: DrainOptions = Field(default_factory=DrainOptions, description="How the server shuts down.")
    dangerously_listen_without_authentication: bool = Field(
        False, description="Listen beyond this machine although everybody there can then call as anybody."
    )


class DecisionLogOptions(Options):
    """The decision log. Events are alike when they have route, status, cause and action in common."""

    notable: int = Field(
        100,
        ge=0,
        le=100_000,
        description="Events alike that are logged in 10 s where the call failed, fell back or was slow; further ones "
        "are counted in one line.",
    )
    ordinary: int = Field(
        10, ge=0, le=100_000, description="Events alike that are logged in 10 s where all was as it should be."
    )
    slow_seconds: float = Field(5.0, gt=0, le=3600, description="From how many seconds on a call is slow.")
    subject_key: Secret | None = Field(
        None,
        description="Key of the hash that stands for a caller's subject, a reference: env://NAME or file:///PATH; "
        "without one, those who can guess a subject can find it in the log.",
        examples=["env://SUBJECT_KEY"],
    )
