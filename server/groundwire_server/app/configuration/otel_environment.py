"""OpenTelemetry's own environment variables, for what neither the file nor a GROUNDWIRE_ variable sets."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from groundwire_server.app.configuration.environment import Override
from groundwire_server.app.configuration.errors import Path
from groundwire_server.app.configuration.models.telemetry import pairs

_OTLP: Final = ("telemetry", "otlp")
_SIGNALS: Final = ("traces", "metrics", "logs")

Read: TypeAlias = Callable[[str], Any]
"""Returns the value of a variable's text; raises ValueError with what the text must be."""


@dataclass(frozen=True, slots=True)
class OtelVariable:
    """A variable of OpenTelemetry's specification.

    Attributes:
        name: of the variable.
        path: the place of its value in the configuration.
        read: reads it.
    """

    name: str
    path: Path
    read: Read


def _text(text: str) -> str:
    return text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("must be a number") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _seconds(text: str) -> float:
    """Read milliseconds, which the specification has for every duration."""
    return _number(text) / 1000


def _enabled_unless_true(text: str) -> bool:
    # By the specification every other text means false.
    return text.lower() != "true"


def _exported(text: str) -> bool:
    if text not in {"otlp", "none"}:
        raise ValueError("must be otlp or none")
    return text == "otlp"


def _lower(text: str) -> str:
    return text.lower()


def _of_receiver(prefix: str, path: Path) -> Iterator[OtelVariable]:
    yield OtelVariable(f"{prefix}_ENDPOINT", (*path, "endpoint"), _text)
    yield OtelVariable(f"{prefix}_PROTOCOL", (*path, "protocol"), _text)
    yield OtelVariable(f"{prefix}_HEADERS", (*path, "header_list"), lambda _: f"env://{prefix}_HEADERS")
    yield OtelVariable(f"{prefix}_CERTIFICATE", (*path, "ca"), _text)
    yield OtelVariable(f"{prefix}_TIMEOUT", (*path, "timeout_seconds"), _seconds)
    yield OtelVariable(f"{prefix}_COMPRESSION", (*path, "compression"), _text)


def _of_batches(prefix: str, path: Path) -> Iterator[OtelVariable]:
    yield OtelVariable(f"{prefix}_SCHEDULE_DELAY", (*path, "delay_seconds"), _seconds)
    yield OtelVariable(f"{prefix}_MAX_QUEUE_SIZE", (*path, "queue_size"), _whole)
    yield OtelVariable(f"{prefix}_MAX_EXPORT_BATCH_SIZE", (*path, "batch_size"), _whole)
    yield OtelVariable(f"{prefix}_EXPORT_TIMEOUT", (*path, "timeout_seconds"), _seconds)


VARIABLES: Final[tuple[OtelVariable, ...]] = (
    OtelVariable("OTEL_SDK_DISABLED", (*_OTLP, "enabled"), _enabled_unless_true),
    OtelVariable("OTEL_SERVICE_NAME", ("telemetry", "service_name"), _text),
    OtelVariable("OTEL_TRACES_SAMPLER", ("telemetry", "sampler"), _lower),
    OtelVariable("OTEL_TRACES_SAMPLER_ARG", ("telemetry", "sampler_ratio"), _number),
    *_of_receiver("OTEL_EXPORTER_OTLP", _OTLP),
    *(OtelVariable(f"OTEL_{each.upper()}_EXPORTER", (*_OTLP, each, "enabled"), _exported) for each in _SIGNALS),
    *(each for it in _SIGNALS for each in _of_receiver(f"OTEL_EXPORTER_OTLP_{it.upper()}", (*_OTLP, it))),
    *_of_batches("OTEL_BSP", (*_OTLP, "traces")),
    *_of_batches("OTEL_BLRP", (*_OTLP, "logs")),
    OtelVariable("OTEL_METRIC_EXPORT_INTERVAL", (*_OTLP, "metrics", "interval_seconds"), _seconds),
    OtelVariable("OTEL_METRIC_EXPORT_TIMEOUT", (*_OTLP, "metrics", "timeout_seconds"), _seconds),
)
"""Those that are read; of two for one value the first counts."""

_ATTRIBUTES: Final = "OTEL_RESOURCE_ATTRIBUTES"
_OF_RESOURCE: Final[Mapping[str, Path]] = MappingProxyType({"service.name": ("telemetry", "service_name")})
"""Attributes that have a key of their own."""


def defaults(environment: Mapping[str, str]) -> Iterator[Override]:
    """Yield the values of variables; one that is empty counts as unset, as the specification has it."""
    for variable in VARIABLES:
        if text := environment.get(variable.name, "").strip():
            yield _read(variable.path, variable.read, text, variable.name)
    if text := environment.get(_ATTRIBUTES, "").strip():
        whole = _read(("telemetry", "resource"), pairs, text, _ATTRIBUTES)
        if whole.error:
            yield whole
        else:
            for name, value in whole.value.items():
                yield Override(_OF_RESOURCE.get(name, ("telemetry", "resource", name)), value, _ATTRIBUTES)


def _read(path: Path, read: Read, text: str, origin: str) -> Override:
    try:
        return Override(path, read(text), origin)
    except ValueError as wrong:
        return Override(path, None, origin, str(wrong))
