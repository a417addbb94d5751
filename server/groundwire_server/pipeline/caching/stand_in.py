"""Whether an earlier answer holds for a call now, and what of it may be shown."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.cached_answer import CachedAnswer
from groundwire_server.domain.caller import EVERYBODY
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Cached
from groundwire_server.domain.policy import CachePolicy
from groundwire_server.domain.vocabulary import CacheKey, CacheStaleness, CacheValidity
from groundwire_server.pipeline.caching.key import KEYED_ON
from groundwire_server.pipeline.caching.stamp import STAMPED, disagreeing
from groundwire_server.ports.retriever import Retriever

_SKEW: Final = 60.0
"""Seconds that the clocks of two servers may be apart: how old an answer is that is from later, nobody can tell."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """An earlier answer that holds now.

    Attributes:
        cached: as it leaves.
        evidence: the passages of its prompt that the caller may see.
        corpus_version: in which they were found.
    """

    cached: Cached
    evidence: tuple[Passage, ...]
    corpus_version: str


@dataclass(frozen=True, slots=True)
class _Visible:
    """The chunk ids of passages that may be shown, and what agreed."""

    chunk_ids: frozenset[str]
    keyed_on: tuple[CacheKey, ...] = ()


_Standing: TypeAlias = _Visible | CacheStaleness


@dataclass(frozen=True, slots=True)
class StandInCheck:
    """What an earlier answer is held against.

    Attributes:
        inquiry: has the caller, and its own passages.
        policy: of the route's cache.
        stamp: what decides an answer now.
        now: seconds since 1970 in UTC.
        retriever: the store; None where it is known to be down.
    """

    inquiry: Inquiry
    policy: CachePolicy
    stamp: bytes
    now: float
    retriever: Retriever | None

    async def check(self, kept: CachedAnswer, by: Deadline) -> StandIn | CacheStaleness:
        """Return an earlier answer as it may leave, or why it does not hold.

        Args:
            kept: the answer.
            by: until when the store may be asked.
        """
        age = self.now - kept.validated
        if not -_SKEW <= age <= self.policy.max_age:
            return CacheStaleness.AGE
        if (part := disagreeing(kept.stamp.digest, self.stamp)) is not None:
            return CacheStaleness(part.value)
        standing = await self._standing(kept, age, by)
        if isinstance(standing, CacheStaleness):
            return standing
        evidence = tuple(each for each in kept.evidence if each.chunk_id in standing.chunk_ids)
        keyed_on = (*KEYED_ON, *STAMPED, *standing.keyed_on)
        return StandIn(Cached(kept.answer, max(0.0, age), keyed_on), evidence, kept.stamp.corpus_version)

    async def _standing(self, kept: CachedAnswer, age: float, by: Deadline) -> _Standing:
        if self.inquiry.question.provided:
            # They are in the key: the caller has just sent every one of them.
            return _Visible(frozenset(each.chunk_id for each in kept.evidence))
        if self.retriever is None:
            return self._without_store(kept, age)
        try:
            return await self._in_store(kept, self.retriever, by)
        except Failure:
            return self._without_store(kept, age)

    async def _in_store(self, kept: CachedAnswer, retriever: Retriever, by: Deadline) -> _Standing:
        """Return what the store says now of an answer's passages.

        An unchanged corpus has them as they were, but a store behind a network may read its version again only after a
        while; an access list always counts at once.

        Raises:
            Failure: of the store.
        """
        found = await retriever.still_visible(self.inquiry.caller, kept.evidence, by)
        keyed_on: tuple[CacheKey, ...] = (CacheKey.CITED_PASSAGES,)
        if self.policy.valid_while is CacheValidity.CORPUS_UNCHANGED:
            if found.corpus_version != kept.stamp.corpus_version:
                return CacheStaleness.CORPUS_VERSION
            keyed_on = (CacheKey.CORPUS_VERSION, *keyed_on)
        if not _quoted(kept.answer) <= found.chunk_ids:
            return CacheStaleness.CITED_PASSAGES
        return _Visible(found.chunk_ids, keyed_on)

    def _without_store(self, kept: CachedAnswer, age: float) -> _Standing:
        """Return what may be shown while nobody can say who may see what: documents of the whole tenant, for a time."""
        everybody = frozenset(each.chunk_id for each in kept.evidence if EVERYBODY in each.allowed_principals)
        if age > self.policy.without_store_max_age or not _quoted(kept.answer) <= everybody:
            return CacheStaleness.STORE_UNAVAILABLE
        return _Visible(everybody)


def _quoted(answer: GroundedText) -> frozenset[str]:
    """Return the chunk ids of the passages that anything of an answer quotes: citations, and words that contradict."""
    citations = (*answer.citations, *answer.dropped_citations)
    conflicts = (each.chunk_id for sentence in answer.sentences for each in sentence.conflicts if each.chunk_id)
    return frozenset((*(each.passage.chunk_id for each in citations), *conflicts))
