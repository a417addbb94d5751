"""Telemetry of the server."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from groundwire_server.edge.options import DecisionLogOptions, ListenAddress
from groundwire_server.options import Options
from groundwire_server.options.secret import Secret


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
    prometheus_listen: ListenAddress | None = Field(
        None,
        description="HOST:PORT of a page with metrics for Prometheus; none if unset. It has neither TLS nor a "
        "password and names tenants: listen where your scraper alone can reach it.",
        examples=["127.0.0.1:9464"],
    )
    tenants_in_metrics: int = Field(
        100, ge=0, le=10_000, description="Tenants that metrics tell apart, the first ones; the rest are `other`."
    )
    decisions: DecisionLogOptions = Field(
        default_factory=DecisionLogOptions, description="The log line that each request leaves."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least severe level that is logged."
    )

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
