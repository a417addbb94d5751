"""Sweeping through all tenants for changes that have broken off."""

from math import inf

from groundwire_server.adapters.store.pinecone.pending import PineconeChanges
from groundwire_server.adapters.store.pinecone.probe import PineconeProbe
from groundwire_server.domain.deadline import Deadline
from groundwire_server.ports.clock import Clock

_TENANT_SECONDS = 60.0


class PineconeRecovery:
    """Finishes or undoes what has broken off.

    Args:
        probe: names the tenants.
        changes: of their documents.
        clock: of the event loop.
        pause: seconds between two sweeps: each costs a query for every tenant.
    """

    def __init__(self, probe: PineconeProbe, changes: PineconeChanges, clock: Clock, pause: float) -> None:
        self._probe = probe
        self._changes = changes
        self._clock = clock
        self._pause = pause
        self._last = -inf

    async def sweep(self) -> int:
        """Recover the changes of all tenants, unless that was done a short while ago; return how many there were.

        Raises:
            PineconeFailure: when a call fails.
        """
        now = self._clock.now()
        if now - self._last < self._pause:
            return 0
        recovered = 0
        for tenant in await self._probe.tenants(Deadline(now + _TENANT_SECONDS)):
            recovered += await self._changes.sweep(tenant, Deadline(self._clock.now() + _TENANT_SECONDS))
        self._last = now
        return recovered
