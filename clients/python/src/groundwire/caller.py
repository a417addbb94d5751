"""The caller's identity, as the metadata that every call carries."""

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
