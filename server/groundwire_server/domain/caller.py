"""Who asks."""

from collections.abc import Collection
from dataclasses import dataclass

EVERYBODY = "*"
"""The principal that stands for everybody in the tenant."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller; made by `edge/identity.py` alone."""

    tenant: str
    subject: str
    principals: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def may_see(self, allowed_principals: Collection[str]) -> bool:
        """Whether a document with this access list exists for the caller. An empty list means nobody."""
        return EVERYBODY in allowed_principals or not self.principals.isdisjoint(allowed_principals)
