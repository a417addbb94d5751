"""The corpus versions that a process knows, for stores whose version is read over the network."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.deadline import Deadline
from groundwire_server.ports.clock import Clock

_MOST_TENANTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    version: str
    read: float


class KnownVersions:
    """The corpus versions of tenants, each as it was read last or stored by this process.

    Args:
        read: returns the version of a tenant that is stored.
        clock: for the age of a version.
        lag: seconds for which a search may use a version that was read before.
    """

    def __init__(self, read: Callable[[str, Deadline], Awaitable[str]], clock: Clock, lag: float) -> None:
        self._read = read
        self._clock = clock
        self._lag = lag
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def recent(self, tenant: str, deadline: Deadline) -> str:
        """Return the version that this process knew at most `lag` seconds ago; it knows its own changes at once."""
        known = self._known.get(tenant)
        if known is not None and self._clock.now() - known.read < self._lag:
            return known.version
        began = self._clock.now()
        version = await self._read(tenant, deadline)
        newer = self._known.get(tenant)
        if newer is None or newer.read < began:
            self.note(tenant, version)
        return version

    def note(self, tenant: str, version: str) -> None:
        """Note that a version is stored."""
        self._known[tenant] = _Known(version, self._clock.now())
        self._known.move_to_end(tenant)
        while len(self._known) > _MOST_TENANTS:
            self._known.popitem(last=False)

    def forget(self, tenant: str) -> None:
        """Forget what is known of a tenant: the next search reads it."""
        self._known.pop(tenant, None)
