"""The store and the earlier answers while a call is recorded."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf

from groundwire_server.adapters.recorded.recorder import ExchangeRecorder
from groundwire_server.adapters.recorded.requests import search_digest
from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, Invalidation
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import Forgotten
from groundwire_server.domain.evidence import Evidence, Passage, Query, VisiblePassages
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.exchange import PortName
from groundwire_server.ports.retriever import Retriever


class RecordedRetriever:
    """A Retriever of a call that is recorded. What the caller may not see is not kept."""

    def __init__(self, inner: Retriever, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Return passages, best first.

        Raises:
            Failure: of the store.
        """
        asked = self._inner.search(caller, query, deadline)
        request = search_digest(query)
        return await self._recorder.ask_for(self._visible_to(caller), PortName.SEARCH, asked, request=request)

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        """Return the passages that stand beside some others.

        Raises:
            Failure: of the store.
        """
        asked = self._inner.around(caller, passages, reach, deadline)
        return await self._recorder.ask_for(self._visible_to(caller), PortName.NEIGHBOURS, asked)

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        """Return which passages stand as they were found.

        Raises:
            Failure: of the store.
        """
        return await self._recorder.ask(PortName.VISIBILITY, self._inner.still_visible(caller, passages, deadline))

    def _visible_to(self, caller: Caller) -> Callable[[Evidence], Evidence]:
        """Return what keeps of a search what its caller may see."""

        def visible(found: Evidence) -> Evidence:
            passages = tuple(each for each in found.passages if caller.may_see(each.allowed_principals))
            self._recorder.add_text(sum(len(each.text) for each in passages))
            return replace(found, passages=passages)

        return visible


class RecordedAnswerCache:
    """An AnswerCache of a call that is recorded.

    Attributes:
        shared: whether other processes see it.
    """

    def __init__(self, inner: AnswerCache, recorder: ExchangeRecorder) -> None:
        self._inner = inner
        self._recorder = recorder
        self.shared = inner.shared

    async def get(self, key: AnswerKey) -> CachedAnswer | None:
        """Return the answer of a key."""
        return await self._recorder.ask(PortName.CACHE_GET, self._inner.get(key))

    async def put(self, key: AnswerKey, answer: CachedAnswer, began: float = inf) -> bool:
        """Keep an answer; return whether other calls may have it."""
        return await self._recorder.ask(PortName.CACHE_PUT, self._inner.put(key, answer, began))

    async def drop(self, key: AnswerKey) -> None:
        """Forget the answer of a key."""
        await self._recorder.ask(PortName.CACHE_DROP, self._inner.drop(key))

    async def forget(self, tenant: str, selection: Invalidation) -> Forgotten:
        """Forget answers of a tenant."""
        return await self._inner.forget(tenant, selection)
