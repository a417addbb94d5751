"""The caller's identity and its trace, as the metadata that every call carries."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

TENANT = "groundwire-tenant"
SUBJECT = "groundwire-subject"
PRINCIPALS = "groundwire-principals"

Metadata: TypeAlias = tuple[tuple[str, str], ...]
"""What goes with a call beside its message, as names and values."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity a caller claims; a server without authentication believes it, and so listens on loopback alone."""

    tenant: str = ""
    subject: str = ""
    principals: tuple[str, ...] = ()

    @classmethod
    def of(cls, tenant: str, subject: str, principals: Iterable[str]) -> "Caller":
        """Return the identity, once it is known that metadata can carry it.

        Raises:
            ValueError: for a character that metadata cannot carry, or a comma in a principal.
        """
        caller = cls(tenant, subject, tuple(principals))
        for name, value in (("tenant", tenant), ("subject", subject), *(("principal", p) for p in caller.principals)):
            if not (value.isascii() and (value.isprintable() or not value)) or value != value.strip():
                raise ValueError(f"{name} {value!r} must be printable ASCII without white space around it")
        if any("," in principal or not principal for principal in caller.principals):
            raise ValueError("a principal must not be empty or hold a comma")
        return caller

    def metadata(self) -> Metadata:
        """Return the entries to send; what is empty is left out."""
        entries = ((TENANT, self.tenant), (SUBJECT, self.subject), (PRINCIPALS, ",".join(self.principals)))
        return tuple((key, value) for key, value in entries if value)


def trace_metadata() -> Metadata:
    """Return the W3C trace context of the current span, if there is one.

    A program that has a span has imported OpenTelemetry; one that has not is spared the import.
    """
    if "opentelemetry.trace" not in sys.modules:
        return ()
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415  (optional)

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return tuple(carrier.items())
