"""The corpus version: one object per tenant, written before and after every change.

Before a change the object names the next version and the time at which it takes effect; until then, and until the
change has ended, readers use the old one: what they find is newer by less than a whole change. A change that breaks off
leaves the next version behind, which takes effect at its time: whatever the change did is a change of the version too.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.collections import Objects, by_ids
from groundwire_server.adapters.store.weaviate.objects import CORPUS_ID, NewObject
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.ports.clock import Clock

STORED: Final = (p.VERSION, p.NEXT_VERSION, p.NEXT_AT)

_MOST_TENANTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    version: str
    read: float


class Versions:
    """The corpus versions of all tenants.

    Args:
        documents: the collection with the objects.
        clock: for the age of a version, and for the time at which a change counts as broken off.
        lag: seconds for which a search may use a version that was read before.
        patience: seconds after which an unfinished change counts as broken off.
    """

    def __init__(self, documents: Objects, clock: Clock, lag: float, patience: float) -> None:
        self._documents = documents
        self._clock = clock
        self._lag = lag
        self._patience = patience
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._open: dict[str, dict[str, float]] = {}

    async def recent(self, tenant: str, deadline: Deadline) -> str:
        """Return the version that this process knew at most `lag` seconds ago; it knows its own changes at once."""
        known = self._known.get(tenant)
        if known is not None and self._clock.now() - known.read < self._lag:
            return known.version
        began = self._clock.now()
        version = await self.current(tenant, deadline)
        newer = self._known.get(tenant)
        if newer is None or newer.read < began:
            self._learn(tenant, version)
        return version

    async def current(self, tenant: str, deadline: Deadline) -> str:
        """Return the version that is stored."""
        found = await self._documents.fetch(tenant, by_ids([CORPUS_ID]), STORED, 1, deadline)
        return self.of(found[0][1]) if found else EMPTY_VERSION

    def of(self, stored: Mapping[str, Any] | None) -> str:
        """Return the version that an object holds."""
        if stored is None:
            return EMPTY_VERSION
        if stored[p.NEXT_VERSION] and self._clock.today().timestamp() >= stored[p.NEXT_AT]:
            return str(stored[p.NEXT_VERSION])
        return str(stored[p.VERSION])

    async def begin(self, tenant: str, following: str, deadline: Deadline, *, first: bool) -> None:
        """Store the beginning of a change.

        The version itself is not written: another change may have ended since it was read.

        Args:
            tenant: of the corpus.
            following: the version that the change makes.
            deadline: when it must be stored.
            first: whether the corpus has no object yet.
        """
        at = self._clock.today().timestamp() + self._patience
        self._open.setdefault(tenant, {})[following] = at
        following_alone = {p.NEXT_VERSION: following, p.NEXT_AT: at}
        known = self._known.get(tenant)
        if first and (known is None or known.version == EMPTY_VERSION):
            await self._documents.write(tenant, [self._object(EMPTY_VERSION, following_alone)], deadline)
        else:
            await self._documents.patch(tenant, [CORPUS_ID], following_alone, deadline)

    def ended(self, tenant: str, following: str) -> NewObject:
        """Return the object to write after a change."""
        self.close(tenant, following)
        rest, at = next(reversed(self._open.get(tenant, {}).items()), ("", 0.0))
        return self._object(following, {p.NEXT_VERSION: rest, p.NEXT_AT: at})

    def note_stored(self, tenant: str, version: str) -> None:
        """Note that a change of this process has ended and that its version is stored."""
        self._learn(tenant, version)

    def forget_tenant(self, tenant: str) -> None:
        """Forget the version of a tenant that was removed."""
        self._known.pop(tenant, None)

    def close(self, tenant: str, following: str) -> None:
        """Note that a change has ended or has broken off; in the latter case its version takes effect at its time."""
        changes = self._open.get(tenant, {})
        changes.pop(following, None)
        if not changes:
            self._open.pop(tenant, None)

    def _object(self, version: str, following: Mapping[str, Any]) -> NewObject:
        return NewObject(CORPUS_ID, {p.LIVE: False, p.VERSION: version, **following})

    def _learn(self, tenant: str, version: str) -> None:
        self._known[tenant] = _Known(version, self._clock.now())
        self._known.move_to_end(tenant)
        while len(self._known) > _MOST_TENANTS:
            self._known.popitem(last=False)
