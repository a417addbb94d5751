"""The receivers of OTLP that a configuration names, one for each signal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from groundwire_server.app.configuration.models.telemetry import OtlpBatchConfig, OtlpConfig, OtlpMetricsConfig

_TIMEOUT_SECONDS: Final = 2.0
_PORT: Final = 4317
"""The port of OTLP over gRPC."""


class Signal(Enum):
    """A kind of telemetry; the value is the last part of its path over HTTP."""

    TRACES = "traces"
    METRICS = "metrics"
    LOGS = "logs"

    @property
    def method(self) -> str:
        """The RPC that takes it."""
        noun = "Trace" if self is Signal.TRACES else self.value.capitalize()
        word = noun.lower()
        return f"/opentelemetry.proto.collector.{word}.v1.{noun}Service/Export"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver of one signal, and the way to reach it.

    Attributes:
        url: of the receiver; over HTTP the whole URL of the signal.
        http: whether it is reached over HTTP.
        headers: sent with each request; they may hold secrets.
        ca: authorities that its certificate is verified with, PEM; None takes the system's.
        timeout: seconds for one request.
        compressed: whether requests are compressed with gzip.
    """

    url: str
    http: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca: bytes | None = None
    timeout: float = 2.0
    compressed: bool = False

    @property
    def address(self) -> str:
        """Its host and port, which may be logged."""
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80 if self.http else _PORT)
        host = parts.hostname or ""
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def receiver(section: OtlpConfig, signal: Signal) -> Receiver | None:
    """Return the receiver of a signal: what its own section leaves unset is that of all signals.

    Raises:
        OSError: when the file of its authorities cannot be read.
    """
    own: OtlpBatchConfig | OtlpMetricsConfig = section.metrics
    if signal is not Signal.METRICS:
        own = batched(section, signal)
    url = own.endpoint or section.endpoint
    if url is None or not section.enabled or not own.enabled:
        return None
    http = (own.protocol or section.protocol) == "http/protobuf"
    if http and own.endpoint is None:
        url = f"{url.rstrip('/')}/v1/{signal.value}"
    ca = own.ca or section.ca
    return Receiver(
        url,
        http,
        own.all_headers() or section.all_headers(),
        None if ca is None else ca.read_bytes(),
        own.timeout_seconds or section.timeout_seconds or _TIMEOUT_SECONDS,
        (own.compression or section.compression) == "gzip",
    )


def batched(section: OtlpConfig, signal: Signal) -> OtlpBatchConfig:
    """Return the section of a signal whose items wait in a queue: traces or logs."""
    return section.logs if signal is Signal.LOGS else section.traces
