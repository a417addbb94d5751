"""Telemetry of the server."""

from typing import Literal

from pydantic import Field, field_validator

from groundwire_server.options import Options
from groundwire_server.options.secret import Secret
from groundwire_server.options.url import parsed_url


class TelemetryConfig(Options):
    """Traces, metrics and logs."""

    otlp_endpoint: str | None = Field(
        None,
        description="URL that traces and metrics are sent to over OTLP gRPC; none are sent if unset.",
        examples=["http://localhost:4317"],
    )
    otlp_headers: dict[str, Secret] = Field(
        default_factory=dict,
        description="Headers of these requests, each a reference: env://NAME or file:///PATH.",
        examples=[{"authorization": "env://OTLP_TOKEN"}],
    )
    metrics: bool = Field(
        True, description="Whether metrics are sent too; false for a receiver of traces alone, such as Jaeger."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least severe level that is logged."
    )

    @field_validator("otlp_endpoint")
    @classmethod
    def _url(cls, endpoint: str | None) -> str | None:
        if endpoint is not None:
            parts = parsed_url(endpoint, "http://localhost:4317")
            if parts.username is not None or parts.password is not None:
                raise ValueError("must not hold a user or a password: set telemetry.otlp_headers")
        return endpoint
