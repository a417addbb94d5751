"""How the server listens, ends and is watched."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from groundwire_server.app.configuration.models.section import Section
from groundwire_server.app.configuration.secrets import Secret


class Tls(Section):
    """What connections are secured with. The files are read again when they change."""

    certificate: Path = Field(
        description="The server's certificate and those that lead from it to an authority, PEM.",
        examples=["/etc/groundwire/tls.crt"],
    )
    key: Path | None = Field(
        None,
        description="The certificate's private key, PEM; none if its file holds it too.",
        examples=["/etc/groundwire/tls.key"],
    )
    client_ca: Path | None = Field(
        None,
        description="Authorities of client certificates, PEM; with it every caller must present a certificate.",
        examples=["/etc/groundwire/clients.pem"],
    )


class Drain(Section):
    """How the server ends."""

    notice: float = Field(0.0, ge=0, le=600, description="Seconds between NOT_SERVING and refusing new calls.")
    grace: float = Field(10.0, ge=0, le=3600, description="Seconds that calls in flight have to finish.")


class Server(Section):
    """How the server listens and ends."""

    listen: str = Field("127.0.0.1:50051", description="HOST:PORT to listen on; port 0 chooses one.")
    tls: Tls | None = Field(None, description="What connections are secured with; nothing if none.")
    concurrent_calls: int = Field(1000, ge=1, le=100_000, description="Calls served at once, health checks included.")
    write_seconds: float = Field(10.0, gt=0, le=600, description="How long an event of a stream waits for its reader.")
    drain: Drain = Field(default_factory=Drain, description="How the server ends.")
    dangerously_listen_without_authentication: bool = Field(
        False, description="Listen beyond this machine although anybody there may then ask as anybody."
    )

    @field_validator("listen")
    @classmethod
    def _address(cls, address: str) -> str:
        host, colon, port = address.rpartition(":")
        if not host or not colon or not (port.isascii() and port.isdecimal() and int(port) < 65536):
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:50051")
        return address


class Telemetry(Section):
    """What is told of what the server does."""

    otlp_endpoint: str | None = Field(
        None,
        description="Where traces and metrics go over OTLP gRPC; nowhere if none.",
        examples=["http://localhost:4317"],
    )
    otlp_headers: dict[str, Secret] = Field(
        default_factory=dict,
        description="Headers for it, each a reference: env://NAME or file:///PATH.",
        examples=[{"authorization": "env://OTLP_TOKEN"}],
    )
    metrics: bool = Field(
        True, description="Whether metrics go there too; false for a receiver of traces alone, such as Jaeger."
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="The least severe log line written.")
    ] = "INFO"

    @field_validator("otlp_endpoint")
    @classmethod
    def _scheme(cls, endpoint: str | None) -> str | None:
        if endpoint is not None:
            parts = urlsplit(endpoint)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("must begin with http:// or https://, such as http://localhost:4317")
            if parts.username is not None or parts.password is not None:
                raise ValueError("must not hold a user or a password: set telemetry.otlp_headers")
        return endpoint
