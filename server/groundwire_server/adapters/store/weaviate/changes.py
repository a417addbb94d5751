"""Changes of this process: announced before anything is written, and renewed for as long as they take.

A change has a time by which it must have ended. Its writer renews it in good time, and ends no change whose time is
over; so the process that finds one later may undo what it left.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn

from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.objects import Head
from groundwire_server.adapters.store.weaviate.pending import (
    CLOCK_DIFFERENCE,
    PendingChange,
    of_changes,
    pending_object,
)
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock

_RENEWED_PER_TERM: Final = 3


@dataclass(slots=True)
class Change:
    """A change that has begun.

    Attributes:
        tenant: of the corpus.
        version: the corpus version that it makes.
        deadline: when it must have ended.
        pending: what stands for it in Weaviate, document by document.
        contended: whether another process changes one of the documents at the same time.
    """

    tenant: str
    version: str
    deadline: Deadline
    pending: Sequence[PendingChange] = field(default=())
    contended: bool = False


class Changes:
    """The changes of one store in this process.

    Args:
        documents: the collection with the objects that stand for changes.
        clock: for the time by which a change must have ended.
        term: seconds for which a change is announced, and by which it is renewed.
    """

    def __init__(self, documents: Objects, clock: Clock, term: float) -> None:
        self._documents = documents
        self._clock = clock
        self._term = term
        self._owner = secrets.token_urlsafe(9)
        self._open: set[str] = set()

    @asynccontextmanager
    async def begun(
        self, tenant: str, held: Sequence[Head], deadline: Deadline, *, written: int = 0, access_alone: bool = False
    ) -> AsyncIterator[Change]:
        """Announce a change, and renew it until the context is left.

        Args:
            tenant: of the corpus.
            held: the documents before the change.
            deadline: when it must have ended.
            written: how many chunks the change writes.
            access_alone: whether only their access lists change.
        """
        version = secrets.token_urlsafe(12)
        until = self._clock.today().timestamp() + self._term
        pending = [
            PendingChange(
                version,
                each.key,
                each.info.document_id,
                written,
                each.body,
                each.info.chunk_count if each.body else 0,
                access_alone,
                self._owner,
                until,
            )
            for each in held
        ]
        change = Change(tenant, version, deadline, pending)
        self._open.add(version)
        try:
            await self._documents.write(tenant, map(pending_object, pending), deadline)
            renewing = asyncio.create_task(self._renew(change))
            try:
                yield change
            finally:
                renewing.cancel()
                await asyncio.wait([renewing])
        finally:
            self._open.discard(version)

    async def end(self, change: Change) -> None:
        """Remove what stands for a change.

        Beside another process one cannot know whose change was stored last. What stands for it then stays until its
        time is over, and the process that recovers it removes what does not count.
        """
        if not change.contended:
            await self._documents.delete(change.tenant, of_changes(change.pending), change.deadline)

    def bounded(self, change: Change) -> Deadline:
        """Return the deadline for storing the end of a change.

        Raises:
            Failure: STORE_TIMEOUT when its time is over.
        """
        left = min(each.until for each in change.pending) - self._clock.today().timestamp()
        if left <= 0:
            raise Failure(Cause.STORE_TIMEOUT)
        return Deadline(min(change.deadline.at, self._clock.now() + left))

    def broken_off(self, pending: PendingChange) -> bool:
        """Return whether nobody ends a change any more."""
        if pending.owner == self._owner:
            return pending.change not in self._open
        return self._clock.today().timestamp() > pending.until + CLOCK_DIFFERENCE

    async def _renew(self, change: Change) -> NoReturn:
        while True:
            await asyncio.sleep(self._term / _RENEWED_PER_TERM)
            until = self._clock.today().timestamp() + self._term
            renewed = [replace(each, until=until) for each in change.pending]
            try:
                await self._documents.write(change.tenant, map(pending_object, renewed), change.deadline)
            except Failure:
                # The next attempt comes within the term; if none succeeds, the change is not ended.
                continue
            change.pending = renewed
