"""Looking through everything that a tenant holds for what does not belong together, and repairing it.

It reads objects one after the other and no index: an object that a crash of Weaviate left out of its indexes is found.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groundwire_server.adapters.store.weaviate import heads
from groundwire_server.adapters.store.weaviate import properties as p
from groundwire_server.adapters.store.weaviate.changes import Changes
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.filters import of_body
from groundwire_server.adapters.store.weaviate.objects import DESCRIBED, WHOLE_TEXT, Head, read_head
from groundwire_server.adapters.store.weaviate.pending import STORED, PendingChange, read_pending
from groundwire_server.adapters.store.weaviate.recovery import Recovery
from groundwire_server.domain.deadline import Deadline

_AT_ONCE: Final = 1_000

Body = tuple[str, str]
"""The key of a document, and the change that wrote passages of it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What does not belong together in a tenant.

    Attributes:
        broken_off: changes that nobody ends any more.
        orphans: ids of passages and texts that belong to no document as it is.
        incomplete: documents whose text is not there, or some of whose passages are not.
    """

    broken_off: Sequence[PendingChange] = ()
    orphans: Sequence[str] = ()
    incomplete: Sequence[Head] = ()

    @property
    def count(self) -> int:
        """How much there is to repair."""
        return len(self.broken_off) + len(self.orphans) + len(self.incomplete)


class Inspection:
    """Finds and repairs what does not belong together.

    Args:
        chunks: the collection of chunks.
        documents: the collection of documents.
        changes: of this process.
        recovery: finishes or undoes what broke off.
    """

    def __init__(self, chunks: Objects, documents: Objects, changes: Changes, recovery: Recovery) -> None:
        self._chunks = chunks
        self._documents = documents
        self._changes = changes
        self._recovery = recovery

    async def inspect(self, tenant: str, deadline: Deadline) -> Findings:
        """Look through a tenant, beside the changes that are going on."""
        # Passages first: one is written after its change was announced, and named before that ends.
        found: dict[Body, list[str]] = {}
        texts = Counter[Body]()
        async for object_id, each in _all(self._chunks, tenant, (p.DOCUMENT, p.BODY, p.ORDINAL), deadline):
            body = (each[p.DOCUMENT], each[p.BODY])
            found.setdefault(body, []).append(object_id)
            texts[body] += int(each[p.ORDINAL]) == WHOLE_TEXT
        live: dict[str, Head] = {}
        pending: list[PendingChange] = []
        async for _, each in _all(self._documents, tenant, (*DESCRIBED, *STORED), deadline):
            if each.get(p.PENDING):
                pending.append(read_pending(each))
            elif each.get(p.LIVE):
                head = read_head(each)
                live[head.key] = head
        broken_off = [each for each in pending if self._changes.broken_off(each)]
        counting = {(head.key, head.body) for head in live.values()}
        announced = {(each.key, each.change) for each in pending} | {(each.key, each.replaced) for each in pending}
        orphans = [each for body, ids in found.items() if body not in counting | announced for each in ids]
        suspects = [
            head
            for head in live.values()
            if not texts[head.key, head.body] or len(found[head.key, head.body]) != _objects(head)
        ]
        incomplete = [head for head in suspects if not await self._complete(tenant, head, deadline)]
        return Findings(broken_off, orphans, incomplete)

    async def repair(self, tenant: str, findings: Findings, deadline: Deadline) -> None:
        """Finish or undo what broke off, delete what belongs to nothing, and documents that are not whole.

        A document that is not whole cannot be made so from what is there: it has to be ingested again.
        """
        if findings.broken_off:
            await self._recovery.recover_tenant(tenant, deadline)
        await self._chunks.remove(tenant, findings.orphans, deadline)
        for head in findings.incomplete:
            await self._recovery.remove(tenant, head, deadline)

    async def _complete(self, tenant: str, head: Head, deadline: Deadline) -> bool:
        """Return whether a document has all of its objects; one that has been changed since has."""
        now = (await heads.current(self._documents, tenant, [head.key], deadline)).get(head.key)
        if now is None or now.body != head.body:
            return True
        return await self._chunks.count(tenant, of_body(head.key, head.body), deadline) == _objects(head)


def _objects(head: Head) -> int:
    """Return how many objects a document has: its passages and its text."""
    return head.info.chunk_count + 1


async def _all(
    objects: Objects, tenant: str, properties: Sequence[str], deadline: Deadline
) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    cursor: str | None = None
    while found := await objects.after(tenant, cursor, properties, _AT_ONCE, deadline):
        for each in found:
            yield each
        cursor = found[-1][0]
