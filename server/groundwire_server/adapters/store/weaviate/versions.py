"""The corpus version: one object a tenant, written before and after every change.

Before a change it names the version that comes next and by when; until then, and until the change has ended, readers
keep to the old one: what they find is newer than it by less than a whole change. A change that breaks off leaves the
next version behind, which counts when its time has come: so that whatever it has changed changes the version too.
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
    """Every tenant's corpus version.

    Args:
        documents: holds the objects.
        clock: for how old a version is, and for when a change counts as broken off.
        lag: seconds for which a version that was read once is good enough for a search.
        patience: seconds after which a change that has not ended counts as broken off.
    """

    def __init__(self, documents: Objects, clock: Clock, lag: float, patience: float) -> None:
        self._documents = documents
        self._clock = clock
        self._lag = lag
        self._patience = patience
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._open: dict[str, dict[str, float]] = {}

    async def recent(self, tenant: str, deadline: Deadline) -> str:
        """The version as this process last knew it, at most `lag` seconds ago; its own changes it knows at once."""
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
        """The version as it is stored."""
        found = await self._documents.fetch(tenant, by_ids([CORPUS_ID]), STORED, 1, deadline)
        return self.of(found[0][1]) if found else EMPTY_VERSION

    def of(self, stored: Mapping[str, Any] | None) -> str:
        """Read the version out of the object."""
        if stored is None:
            return EMPTY_VERSION
        if stored[p.NEXT_VERSION] and self._clock.today().timestamp() >= stored[p.NEXT_AT]:
            return str(stored[p.NEXT_VERSION])
        return str(stored[p.VERSION])

    async def begin(self, tenant: str, following: str, deadline: Deadline, *, first: bool) -> None:
        """Write down that a change begins.

        The version itself is left as it is, for another change may have ended since it was read.

        Args:
            tenant: whose corpus.
            following: the version that the change makes.
            deadline: when it must be written.
            first: whether no object was found that could be changed.
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
        """The object as it has to be written after a change."""
        self.forget(tenant, following)
        rest, at = next(reversed(self._open.get(tenant, {}).items()), ("", 0.0))
        return self._object(following, {p.NEXT_VERSION: rest, p.NEXT_AT: at})

    def announce(self, tenant: str, version: str) -> None:
        """A change of this process has ended and its version is stored."""
        self._learn(tenant, version)

    def lost(self, tenant: str) -> None:
        """The tenant is not there: whatever is known of its version is of one that was removed."""
        self._known.pop(tenant, None)

    def forget(self, tenant: str, following: str) -> None:
        """A change is over or has broken off; in that case what was written before it takes effect in time."""
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
