"""What counts of what was found: passages of the body that their document names, for callers on its access list.

Only the description of a document is changed in one step. A search may find passages of a change that has not ended, of
one that has broken off, and of a revision that was replaced; none of them counts. Descriptions are read once for each
corpus version: until it changes they are the same, and a passage that does not fit them is looked at again.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from groundwire_server.adapters.store.weaviate import heads
from groundwire_server.adapters.store.weaviate.collections import Objects
from groundwire_server.adapters.store.weaviate.objects import FoundPassage, document_key
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage

_MOST_DOCUMENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """What a search needs to know of a document.

    Attributes:
        body: the change that wrote the passages that count; empty where none do.
        revision: the current one.
        allowed_principals: the current access list.
    """

    body: str
    revision: int
    allowed_principals: frozenset[str]


@dataclass(frozen=True, slots=True)
class Counted:
    """The result of a search, divided.

    Attributes:
        passages: those that count, best first.
        others: documents, by key, with bodies of theirs that were found and do not count.
        named: the same of bodies that count.
        forbidden: documents with passages among the first that the caller may not see.
    """

    passages: Sequence[Passage] = ()
    others: Set[tuple[str, str]] = frozenset()
    named: Set[tuple[str, str]] = frozenset()
    forbidden: Sequence[str] = ()


_GONE: Final = Standing("", 0, frozenset())


class CurrentDocuments:
    """The descriptions of documents that were found last.

    Args:
        documents: the collection of documents.
    """

    def __init__(self, documents: Objects) -> None:
        self._documents = documents
        self._known: OrderedDict[tuple[str, str], tuple[str, Standing]] = OrderedDict()

    async def of(
        self, tenant: str, version: str, bodies: Iterable[tuple[str, str]], deadline: Deadline
    ) -> Mapping[str, Standing]:
        """Return how documents stand, by their keys.

        Args:
            tenant: of the corpus.
            version: of the corpus, read before the passages were found.
            bodies: the key and the body of each passage; one that does not count as far as is known has its document
                read again.
            deadline: when it must be known.
        """
        standing: dict[str, Standing] = {}
        unknown: set[str] = set()
        for key, body in bodies:
            read_under, known = self._known.get((tenant, key), ("", _GONE))
            if read_under == version and known.body == body:
                standing[key] = known
            else:
                unknown.add(key)
        if unknown:
            found = await heads.current(self._documents, tenant, sorted(unknown), deadline)
            for key in unknown:
                head = found.get(key)
                standing[key] = _GONE
                if head is not None and head.live:
                    standing[key] = Standing(head.body, head.info.revision, head.info.allowed_principals)
                self._learn((tenant, key), version, standing[key])
        return standing

    async def counted(self, caller: Caller, version: str, found: Sequence[FoundPassage], deadline: Deadline) -> Counted:
        """Divide what was found into what counts and what does not.

        Args:
            caller: who searches.
            version: of the corpus, read before the passages were found.
            found: what was found, best first.
            deadline: when it must be known.
        """
        keyed = [(document_key(each.passage.document_id), each) for each in found]
        standing = await self.of(caller.tenant, version, ((key, each.body) for key, each in keyed), deadline)
        counting: list[Passage] = []
        others: set[tuple[str, str]] = set()
        forbidden: list[str] = []
        for key, each in keyed:
            document = standing[key]
            if each.body != document.body:
                others.add((key, each.body))
            elif not caller.may_see(each.passage.allowed_principals):
                # Not what was asked for. It is left to the recheck of access lists, whose word counts.
                counting.append(each.passage)
                forbidden.append(each.passage.document_id)
            elif caller.may_see(document.allowed_principals):
                counting.append(_as_it_stands(each.passage, document))
            else:
                others.add((key, each.body))
        named = {(key, each.body) for key, each in standing.items()} - others
        return Counted(counting, others, named, forbidden)

    def _learn(self, key: tuple[str, str], version: str, standing: Standing) -> None:
        self._known[key] = (version, standing)
        self._known.move_to_end(key)
        while len(self._known) > _MOST_DOCUMENTS:
            self._known.popitem(last=False)


def _as_it_stands(passage: Passage, document: Standing) -> Passage:
    """Return a passage with the revision and the access list of its document, which a change may not have reached."""
    if passage.revision == document.revision and passage.allowed_principals == document.allowed_principals:
        return passage
    return replace(passage, revision=document.revision, allowed_principals=document.allowed_principals)
