"""Telemetry of the server."""

from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import unquote

from pydantic import Field, field_validator

from groundwire_server.edge.options import DecisionLogOptions, ListenAddress
from groundwire_server.options import Options
from groundwire_server.options.headers import Headers, SecretHeaders, check_headers, revealed
from groundwire_server.options.secret import Secret
from groundwire_server.options.url import parsed_url

SamplerName: TypeAlias = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]


class _Receiver(Options):
    endpoint: str | None = Field(
        None,
        description="URL of the receiver.",
        examples=["http://localhost:4317"],
    )
    protocol: Literal["grpc", "http/protobuf"] | None = Field(None, description="Protocol; `grpc` if unset.")
    headers: Headers = Field(
        default_factory=SecretHeaders,
        description="Headers of requests, each a reference: env://NAME or file:///PATH.",
        examples=[{"authorization": "env://OTLP_TOKEN"}],
    )
    header_list: Secret | None = Field(
        None,
        description="More headers in one secret, as OTEL_EXPORTER_OTLP_HEADERS has them: `name=value,name=value`, with "
        "percent-encoded values.",
        examples=["env://OTEL_EXPORTER_OTLP_HEADERS"],
    )
    ca: Path | None = Field(
        None,
        description="Authorities that the receiver's certificate is verified with, PEM; the system's if unset.",
        examples=["/etc/groundwire/collector-ca.pem"],
    )
    timeout_seconds: float | None = Field(
        None, gt=0, le=60, description="Seconds for one request; 2 if unset.", examples=[2.0]
    )
    compression: Literal["none", "gzip"] | None = Field(None, description="Compression; `none` if unset.")

    @field_validator("endpoint")
    @classmethod
    def _url(cls, endpoint: str | None) -> str | None:
        if endpoint is not None:
            parts = parsed_url(endpoint, "http://localhost:4317")
            if parts.username is not None or parts.password is not None:
                raise ValueError("must not hold a user or a password: set telemetry.otlp.headers")
        return endpoint

    @field_validator("header_list")
    @classmethod
    def _is_list(cls, listed: Secret | None) -> Secret | None:
        if listed is not None:
            check_headers(pairs(listed.reveal()))
        return listed

    def all_headers(self) -> dict[str, str]:
        """Return the headers with their secret values."""
        listed = {} if self.header_list is None else pairs(self.header_list.reveal())
        return {**listed, **revealed(self.headers)}


class OtlpMetricsConfig(_Receiver):
    """Metrics over OTLP. What is unset here is taken from `telemetry.otlp`; a URL for HTTP has its whole path."""

    enabled: bool = Field(True, description="Whether they are sent.")
    interval_seconds: float = Field(60, ge=1, le=3600, description="Seconds from one export to the next.")


class OtlpBatchConfig(_Receiver):
    """Traces or logs over OTLP.

    What is unset here is taken from `telemetry.otlp`; a URL for HTTP has its whole path.
    """

    enabled: bool = Field(True, description="Whether they are sent.")
    queue_size: int = Field(
        16_384,
        ge=1,
        le=1_000_000,
        description="Spans or records kept while the receiver is slow or away; more are dropped, and counted.",
    )
    batch_size: int = Field(
        2048, ge=1, le=100_000, description="The most spans or records in one request; never more than `queue_size`."
    )
    delay_seconds: float = Field(2, gt=0, le=60, description="Seconds until a batch that is not full is sent.")


class OtlpConfig(_Receiver):
    """The receiver of traces, metrics and logs over OTLP."""

    endpoint: str | None = Field(
        None,
        description="URL that traces, metrics and logs are sent to over OTLP; none are sent if unset.",
        examples=["http://localhost:4317"],
    )
    enabled: bool = Field(True, description="Whether anything is sent.")
    traces: OtlpBatchConfig = Field(default_factory=OtlpBatchConfig, description="What differs for traces.")
    metrics: OtlpMetricsConfig = Field(default_factory=OtlpMetricsConfig, description="What differs for metrics.")
    logs: OtlpBatchConfig = Field(default_factory=OtlpBatchConfig, description="What differs for logs.")


class TelemetryConfig(Options):
    """Traces, metrics and logs."""

    service_name: str = Field("groundwire", min_length=1, description="Name of the service in telemetry.")
    resource: dict[str, str] = Field(
        default_factory=dict,
        description="Further attributes of the service in telemetry.",
        examples=[{"deployment.environment.name": "production"}],
    )
    tracer: Literal["lean", "sdk"] = Field(
        "lean", description="What makes the spans: our own tracer, or OpenTelemetry's SDK, which costs more."
    )
    sampler: SamplerName = Field(
        "parentbased_always_on", description="Which calls are traced, by the SDK's name for the sampler."
    )
    sampler_ratio: float = Field(
        1, ge=0, le=1, description="Share of traces that a sampler with `traceidratio` in its name keeps."
    )
    otlp: OtlpConfig = Field(default_factory=OtlpConfig, description="Where telemetry is sent.")
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


def pairs(text: str) -> dict[str, str]:
    """Return the pairs of a list as the OTEL_* variables have them: `name=value,name=value`, percent-encoded.

    Raises:
        ValueError: when the text is not such a list; the message holds no part of it.
    """
    found: dict[str, str] = {}
    for each in text.split(","):
        name, separator, value = each.partition("=")
        if not each.strip():
            continue
        if not separator or not name.strip():
            raise ValueError("must be name=value pairs with commas between them")
        found[unquote(name.strip())] = unquote(value.strip())
    return found
