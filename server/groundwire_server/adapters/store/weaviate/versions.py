"""The corpus version: one object per tenant, written together with the end of every change.

A change whose end is stored in part, because its writer or Weaviate broke off, is a change of the version too: once
nobody ends it any more, the version is made of the stored one and of its name, until it has been recovered.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from weaviate.classes.query import Filter as Where
from weaviate.collections.classes.filters import FilterReturn

from groundwire_server.adapters.store.known_versions import KnownVersions
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.collections import Objects, by_ids
from groundwire_server.adapters.store.weaviate.objects import CORPUS_ID, NewObject
from groundwire_server.adapters.store.weaviate.pending import CLOCK_DIFFERENCE, broken_off
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.ports.clock import Clock

STORED: Final = (p.VERSION, p.CHANGE)

MOST_BROKEN_OFF: Final = 1_000
"""Changes that have broken off, of which more make no other version."""


class Versions:
    """The corpus versions of all tenants.

    Args:
        documents: the collection with the objects.
        clock: for the age of a version, and for changes that have broken off.
        lag: seconds for which a search may use a version that was read before.
    """

    def __init__(self, documents: Objects, clock: Clock, lag: float) -> None:
        self._documents = documents
        self._clock = clock
        self._known = KnownVersions(self.current, clock, lag)

    async def recent(self, tenant: str, deadline: Deadline) -> str:
        """Return the version that this process knew at most `lag` seconds ago; it knows its own changes at once."""
        return await self._known.recent(tenant, deadline)

    async def current(self, tenant: str, deadline: Deadline) -> str:
        """Return the version that is stored."""
        found = await self._documents.fetch(tenant, self.where(), STORED, 1 + MOST_BROKEN_OFF, deadline)
        stored = dict(found or ())
        corpus = stored.pop(CORPUS_ID, None)
        return self.of(corpus, (each[p.CHANGE] for each in stored.values()))

    def where(self) -> FilterReturn:
        """Return the filter that selects what the version is made of."""
        return Where.any_of([by_ids([CORPUS_ID]), broken_off(self.broken_before())])

    def broken_before(self) -> float:
        """Return the POSIX time: changes that should have ended before it have broken off."""
        return self._clock.today().timestamp() - CLOCK_DIFFERENCE

    def of(self, corpus: Mapping[str, Any] | None, broken: Iterable[str]) -> str:
        """Return the version.

        Args:
            corpus: the object that stands for the corpus; None before the first change.
            broken: the changes that have broken off.
        """
        stored = EMPTY_VERSION if corpus is None else str(corpus[p.VERSION])
        changes = sorted(set(broken))
        if not changes:
            return stored
        return hashlib.blake2b("\n".join([stored, *changes]).encode(), digest_size=9).hexdigest()

    def corpus_object(self, version: str) -> NewObject:
        """Return the object to write at the end of a change."""
        return NewObject(CORPUS_ID, {p.LIVE: False, p.VERSION: version})

    def note_stored(self, tenant: str, version: str) -> None:
        """Note that a change of this process has ended and that its version is stored."""
        self._known.note(tenant, version)

    def forget_tenant(self, tenant: str) -> None:
        """Forget the version of a tenant that was removed."""
        self._known.forget(tenant)
