"""Changes that have begun and not ended: announcing them, and recovering those that have broken off."""

import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from groundwire_server.adapters.store.pinecone import documents as d
from groundwire_server.adapters.store.pinecone.documents import AnnouncedChange, Body, Description
from groundwire_server.adapters.store.pinecone.records import PineconeRecords
from groundwire_server.adapters.store.pinecone.state import changes, descriptions
from groundwire_server.domain.deadline import Deadline
from groundwire_server.ports.clock import Clock

_LAG_SECONDS: Final = 60.0
"""The end of a change whose write got no reply may have been accepted, and be found only after a while."""


class PineconeChanges:
    """The changes of all tenants' documents.

    Args:
        sparse: the index with everything but vectors.
        dense: the index with the vectors; None where there are none.
        clock: dates the announcements.
        longest: seconds after which a change of another process has broken off.
    """

    def __init__(self, sparse: PineconeRecords, dense: PineconeRecords | None, clock: Clock, longest: float) -> None:
        self._sparse = sparse
        self._dense = dense
        self._clock = clock
        self._longest = longest
        self._process = secrets.token_hex(4)
        self._open: set[str] = set()

    def new_name(self) -> str:
        """Return a name for a change of this process."""
        return f"{self._process}-{secrets.token_hex(6)}"

    def pending(self, key: str, body: Body, replaced: Body | None) -> AnnouncedChange:
        """Return a change that begins now."""
        return AnnouncedChange(key, body, replaced, self._clock.today().timestamp())

    @asynccontextmanager
    async def begun(self, tenant: str, begun: Sequence[AnnouncedChange], deadline: Deadline) -> AsyncIterator[None]:
        """Announce changes; what is raised within leaves them to be recovered."""
        own = {change.body.name for change in begun}
        self._open |= own
        try:
            await self._sparse.write(tenant, map(d.change_record, begun), deadline)
            yield
        finally:
            self._open -= own

    async def end(
        self,
        tenant: str,
        ended: Iterable[AnnouncedChange],
        current: Mapping[str, Description],
        deadline: Deadline,
    ) -> None:
        """Delete the bodies of changes that no description names, and then the announcements."""
        ended = list(ended)
        stale = [
            (change.key, body)
            for change in ended
            for body in (change.body, change.replaced)
            if body is not None and body != _body_of(current, change.key)
        ]
        if self._dense is not None:
            vectors = [each for key, body in stale for each in body.passage_ids(key)]
            await self._dense.delete(tenant, vectors, deadline)
        others = [each for key, body in stale for each in body.ids(key)]
        await self._sparse.delete(tenant, others + [change.id for change in ended], deadline)

    async def recover(
        self,
        tenant: str,
        found: Iterable[AnnouncedChange],
        current: Mapping[str, Description],
        deadline: Deadline,
    ) -> int:
        """Finish or undo those changes that have broken off; return how many."""
        broken = [change for change in found if self._is_broken(change)]
        if broken:
            await self.end(tenant, broken, current, deadline)
        return len(broken)

    async def unfinished(self, tenant: str, deadline: Deadline) -> int:
        """Return how many changes of a tenant have not ended."""
        return len(await changes(self._sparse, tenant, deadline))

    async def sweep(self, tenant: str, deadline: Deadline) -> int:
        """Finish or undo all changes of a tenant that have broken off; return how many."""
        broken = [change for change in await changes(self._sparse, tenant, deadline) if self._is_broken(change)]
        if not broken:
            return 0
        keys = list({change.key for change in broken})
        current = await descriptions(self._sparse, tenant, keys, deadline, fresh=True)
        # One that has ended since it was read is not undone: its description names its body by now.
        return await self.recover(tenant, broken, current, deadline)

    def _is_broken(self, change: AnnouncedChange) -> bool:
        name = change.body.name
        if name in self._open:
            return False
        patience = _LAG_SECONDS if name.startswith(f"{self._process}-") else self._longest
        return self._clock.today().timestamp() - change.begun > patience


def _body_of(current: Mapping[str, Description], key: str) -> Body | None:
    found = current.get(key)
    return None if found is None else found.body
