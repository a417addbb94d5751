"""Recovery from changes that broke off: what took effect is finished, and everything else is undone.

A change takes effect with the description of its document. If that names the change, what it replaced is deleted; if
not, what it wrote. Either way may be gone twice, so that recovery may break off too, and two may do it at once.
"""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Final

from weaviate.classes.query import Filter as Where

from groundwire_server.adapters.store.weaviate import heads
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.changes import Changes
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.filters import of_body
from groundwire_server.adapters.store.weaviate.objects import Head, access, head_object, keys_of, tombstone
from groundwire_server.adapters.store.weaviate.pending import (
    STORED,
    PendingChange,
    any_pending,
    needed_by,
    of_changes,
    pending_of,
    read_pending,
)
from groundwire_server.adapters.store.weaviate.probe import Probe
from groundwire_server.adapters.store.weaviate.versions import Versions
from groundwire_server.domain.deadline import Deadline
from groundwire_server.ports.clock import Clock

_AT_ONCE: Final = 100
_MOST_PATCHED: Final = 10_000
_TENANT_SECONDS: Final = 300.0

PAUSE: Final = 0.1
"""Seconds between two tenants of a sweep."""


class Recovery:
    """Finishes or undoes what broke off.

    Args:
        chunks: the collection of chunks.
        documents: the collection of documents.
        versions: the tenants' corpus versions.
        changes: of this process, which are still going on.
        probe: names the tenants.
        clock: for the time of a tenant.
    """

    def __init__(
        self, chunks: Objects, documents: Objects, versions: Versions, changes: Changes, probe: Probe, clock: Clock
    ) -> None:
        self._chunks = chunks
        self._documents = documents
        self._versions = versions
        self._changes = changes
        self._probe = probe
        self._clock = clock

    async def pending(self, tenant: str, deadline: Deadline) -> Sequence[PendingChange]:
        """Return changes of a tenant that have not ended, whether somebody ends them or not."""
        found = await self._documents.fetch(tenant, any_pending(), STORED, _MOST_PATCHED, deadline)
        return [read_pending(each) for _, each in found or ()]

    async def sweep(self, pause: float = PAUSE) -> int:
        """Recover what broke off in all active tenants; return how many changes that were.

        Args:
            pause: seconds between two tenants, which are left to the calls of users.

        Raises:
            StoreFailure: when a call fails.
        """
        recovered = 0
        for place, tenant in enumerate(await self._probe.active_tenants()):
            if place:
                await asyncio.sleep(pause)
            recovered += len(await self.recover_tenant(tenant, self._soon()))
        return recovered

    async def recover_tenant(self, tenant: str, deadline: Deadline) -> Sequence[PendingChange]:
        """Recover what broke off in a tenant, and return it."""
        broken = [each for each in await self.pending(tenant, deadline) if self._changes.broken_off(each)]
        for start in range(0, len(broken), _AT_ONCE):
            await self.recover(tenant, broken[start : start + _AT_ONCE], deadline)
        return broken

    async def recover(self, tenant: str, broken: Sequence[PendingChange], deadline: Deadline) -> None:
        """Finish or undo changes that nobody ends any more.

        Args:
            tenant: of the corpus.
            broken: the changes, of at most 100 documents.
            deadline: when it must be done.
        """
        for each in broken:
            await self._clear(tenant, each, deadline)
        found = await heads.current(self._documents, tenant, sorted({each.key for each in broken}), deadline)
        for each in broken:
            head = found.get(each.key)
            if each.access_alone and head is not None and head.body == each.replaced:
                await set_access(self._chunks, tenant, head, head.info.allowed_principals, deadline)
        # Part of what they changed may have been seen under the version before.
        version = secrets.token_urlsafe(12)
        await self._documents.write(tenant, [self._versions.corpus_object(version)], deadline)
        self._versions.note_stored(tenant, version)
        await self._documents.delete(tenant, of_changes(broken), deadline)

    async def remove(self, tenant: str, head: Head, deadline: Deadline) -> None:
        """Remove a document that is not whole."""
        version = secrets.token_urlsafe(12)
        written = [self._versions.corpus_object(version), head_object(tombstone(head))]
        await self._documents.write(tenant, written, deadline)
        self._versions.note_stored(tenant, version)
        await self._chunks.delete(tenant, Where.by_property(p.DOCUMENT).equal(head.key), deadline)

    async def undo(self, tenant: str, change: PendingChange, deadline: Deadline) -> None:
        """Remove what a change of this process has written, which has not taken effect, and the change itself."""
        if change.access_alone:
            # What it wrote stands in passages that count: the next change of the document, or a sweep, sees to it.
            return
        await self._chunks.delete(tenant, of_body(change.key, change.change), deadline)
        await self._documents.delete(tenant, of_changes([change]), deadline)

    def _soon(self) -> Deadline:
        return Deadline(self._clock.now() + _TENANT_SECONDS)

    async def _clear(self, tenant: str, change: PendingChange, deadline: Deadline) -> None:
        """Delete all passages of a document but those that count, and those of changes that are going on.

        In this order: passages are written after their change was announced, and named before it ends, so what is seen
        first and neither announced nor named afterwards belongs to nothing.
        """
        of_document = Where.by_property(p.DOCUMENT).equal(change.key)
        bodies: list[str] = []
        while True:
            others = (
                [of_document, Where.not_(Where.by_property(p.BODY).contains_any(bodies))] if bodies else [of_document]
            )
            found = await self._chunks.fetch(tenant, Where.all_of(others), (p.BODY,), 1, deadline)
            if not found:
                break
            bodies.append(found[0][1][p.BODY])
        pending = await self._documents.fetch(tenant, pending_of([change.key]), STORED, _MOST_PATCHED, deadline)
        announced = [read_pending(each) for _, each in pending or ()]
        going_on = needed_by([each for each in announced if not self._changes.broken_off(each)])
        head = (await heads.current(self._documents, tenant, [change.key], deadline)).get(change.key)
        counting = {"" if head is None else head.body}
        if gone := sorted(set(bodies) - going_on - counting):
            where = [of_document, Where.by_property(p.BODY).contains_any(gone)]
            await self._chunks.delete(tenant, Where.all_of(where), deadline)
        # What Weaviate was about to write or delete when it was killed may be there and in no index.
        for body, count in ((change.change, change.written), (change.replaced, change.replaced_chunks)):
            if body not in going_on | counting | {""}:
                await self._chunks.remove(tenant, keys_of(change.key, body, count), deadline)


async def set_access(chunks: Objects, tenant: str, head: Head, principals: frozenset[str], deadline: Deadline) -> None:
    """Give the text and the chunks of a document another access list."""
    found = await chunks.fetch(tenant, of_body(head.key, head.body), (p.ORDINAL,), _MOST_PATCHED, deadline)
    await chunks.patch(tenant, [each for each, _ in found or ()], {p.ACCESS: access(principals)}, deadline)
