"""The configuration of one worker: its part of what the whole server may do."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.resilience.fair_limiter import AdaptiveConcurrencyOptions, ConcurrencyOptions
from groundwire_server.adapters.store.pinecone.options import PineconeOptions
from groundwire_server.adapters.store.weaviate.options import WeaviateOptions
from groundwire_server.admission.capacity import CapacityOptions
from groundwire_server.app.configuration.models.beside import ShadowConfig
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.edge.gateway.options import HttpConnectionOptions
from groundwire_server.edge.options import ArrivalOptions, ServerOptions, TransportOptions
from groundwire_server.options import Options

DIVIDED: Final[Mapping[type[Options], Sequence[str]]] = {
    ServerOptions: ("max_concurrent_calls",),
    TransportOptions: ("max_connections",),
    HttpConnectionOptions: ("max_connections", "max_connections_per_address"),
    # One connection has one worker: what it may do is not divided.
    ArrivalOptions: tuple(
        name for name in ArrivalOptions.model_fields if name.startswith("max_") and name != "max_waiting_per_connection"
    ),
    CapacityOptions: ("max_concurrent", "min_concurrent", "max_background", "queue_size"),
    ConcurrencyOptions: ("max_concurrent", "queue_size"),
    AdaptiveConcurrencyOptions: ("min_concurrent",),
    WeaviateOptions: ("max_concurrent",),
    PineconeOptions: ("max_concurrent",),
    Endpoint: ("max_connections",),
    ShadowConfig: ("max_concurrent", "daily_limit"),
}
"""Limits of the whole server that each worker has a part of, by the options that have them."""

_INSTANCE: Final = "service.instance.id"


def of_worker(configuration: Configuration, number: int, address: str, gateway: str | None = None) -> Configuration:
    """Return the configuration that one worker serves with.

    Args:
        configuration: of the whole server.
        number: of the worker, from 1.
        address: HOST:PORT that all of them listen on.
        gateway: HOST:PORT that their gateways listen on; None without one.
    """
    part: Configuration = _divided(configuration, configuration.server.workers)
    server = part.server.model_copy(update={"listen": address})
    http = part.gateway.model_copy(update={"listen": gateway})
    return part.model_copy(update={"server": server, "gateway": http, "telemetry": _telemetry(part.telemetry, number)})


def part_of(limit: Any, workers: int) -> Any:
    """Return each worker's part of a limit: of a whole number at least 1, unless it is 0; of none, none."""
    if isinstance(limit, int):
        return max(1, limit // workers) if limit else 0
    return None if limit is None else limit / workers


def _divided(value: Any, workers: int) -> Any:
    """Return options with every limit in them divided; what has none stays the same object."""
    if isinstance(value, Mapping):
        parts = {key: _divided(each, workers) for key, each in value.items()}
        return value if all(parts[key] is each for key, each in value.items()) else parts
    if not isinstance(value, Options):
        return value
    fields = {name: _divided(getattr(value, name), workers) for name in type(value).model_fields}
    for kind, limits in DIVIDED.items():
        if isinstance(value, kind):
            fields |= {name: part_of(fields[name], workers) for name in limits}
    changed = {name: field for name, field in fields.items() if field is not getattr(value, name)}
    return value.model_copy(update=changed) if changed else value


def _telemetry(section: TelemetryConfig, number: int) -> TelemetryConfig:
    """Return telemetry that can be told from that of other workers: a page and an instance of its own."""
    changed: dict[str, Any] = {}
    if section.prometheus_listen is not None:
        host, _, port = section.prometheus_listen.rpartition(":")
        changed["prometheus_listen"] = f"{host}:{int(port) + number - 1}" if int(port) else section.prometheus_listen
    if _INSTANCE in section.resource:
        changed["resource"] = {**section.resource, _INSTANCE: f"{section.resource[_INSTANCE]}-{number}"}
    return section.model_copy(update=changed)
