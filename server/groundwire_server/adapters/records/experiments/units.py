"""The names of units in rows: digests by a key of the records, so that no row names anybody or lets names be tried."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from groundwire_server.adapters.records.encryption import SealedPlace, Sealing
from groundwire_server.domain.experiments.assignment import own_name
from groundwire_server.domain.experiments.experiment import ExperimentUnit
from groundwire_server.domain.requester import Requester

TENANT_DIGITS: Final = 16
"""Of a name: the first are the tenant's, so that all of a tenant can be erased."""

_COLUMN: Final = "experiment_unit"

_MOST_TENANTS: Final = 1_000
"""Whose beginnings are remembered: every call needs one."""


class UnitNames:
    """Names units in rows, each by 32 hexadecimal digits.

    After a rotation of the keys a unit has a new name and counts as another one.

    Args:
        sealing: of the records.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._remembered = lru_cache(maxsize=_MOST_TENANTS)(self._beginnings)

    def name(self, unit: ExperimentUnit, requester: Requester) -> str:
        """Return the name of the unit behind a call; empty where the call has none."""
        own = own_name(unit, requester)
        return self.names(unit, requester.tenant, own)[0] if own else ""

    def names(self, unit: ExperimentUnit, tenant: str, own: str) -> Sequence[str]:
        """Return the names that a unit has by each key, that of new rows first.

        Args:
            unit: what it is.
            tenant: that it belongs to.
            own: the end user, the subject, or the tenant again.
        """
        place = SealedPlace(tenant, "", "", f"{_COLUMN}:{unit.lower()}")
        owns = self._sealing.digests(own.encode(), place)
        return [
            first + digest.hex()[:TENANT_DIGITS] for first, digest in zip(self.beginnings(tenant), owns, strict=True)
        ]

    def beginnings(self, tenant: str) -> Sequence[str]:
        """Return what the names of a tenant's units begin with by each key."""
        return self._remembered(tenant)

    def _beginnings(self, tenant: str) -> Sequence[str]:
        place = SealedPlace(tenant, "", "", _COLUMN)
        return tuple(digest.hex()[:TENANT_DIGITS] for digest in self._sealing.digests(b"", place))
