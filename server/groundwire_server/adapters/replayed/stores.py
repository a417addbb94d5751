"""The store and the earlier answers of a call that is replayed."""

from collections.abc import Sequence
from math import inf

from groundwire_server.adapters.recorded.requests import search_digest
from groundwire_server.adapters.replayed.tape import LivePart, Tape
from groundwire_server.adapters.replayed.timeline import UnrecordedError
from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, Invalidation
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import Forgotten
from groundwire_server.domain.evidence import Evidence, Passage, Query, VisiblePassages
from groundwire_server.ports.exchange import PortName
from groundwire_server.ports.retriever import Retriever


class ReplayedRetriever:
    """A Retriever that finds what was found.

    Args:
        tape: has what was recorded.
        live: the store itself; None asks none.
    """

    def __init__(self, tape: Tape, live: LivePart[Retriever] | None = None) -> None:
        self._tape = tape
        self._live = live

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Return passages, best first.

        Raises:
            Failure: that came back then.
            UnrecordedError: for another query.
        """
        played = self._tape.take(PortName.SEARCH, request=search_digest(query))
        if played is None:
            raise UnrecordedError(PortName.SEARCH)
        found: Evidence = await played.value()
        return found

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        """Return the passages that stand beside some others.

        Raises:
            Failure: that came back then.
            UnrecordedError: where none were asked for, and no store is asked.
        """
        played = self._tape.following(PortName.NEIGHBOURS)
        if played is not None:
            found: Evidence = await played.value()
            return found
        if self._live is None:
            raise UnrecordedError(PortName.NEIGHBOURS)
        return await self._live.ask(lambda store, there: store.around(caller, passages, reach, there(deadline)))

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        """Return which passages stood as they were found.

        Raises:
            Failure: that came back then.
            UnrecordedError: where none were asked about.
        """
        played = self._tape.following(PortName.VISIBILITY)
        if played is None:
            raise UnrecordedError(PortName.VISIBILITY)
        found: VisiblePassages = await played.value()
        return found


class ReplayedAnswerCache:
    """An AnswerCache that has what it had.

    Attributes:
        shared: whether other processes see it.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.shared = False

    async def get(self, key: AnswerKey) -> CachedAnswer | None:
        """Return the answer that there was."""
        played = self._tape.following(PortName.CACHE_GET)
        found: CachedAnswer | None = None if played is None else await played.value()
        return found

    async def put(self, key: AnswerKey, answer: CachedAnswer, began: float = inf) -> bool:
        """Keep nothing; return whether other calls could have it."""
        played = self._tape.following(PortName.CACHE_PUT)
        kept: bool = True if played is None else await played.value()
        return kept

    async def drop(self, key: AnswerKey) -> None:
        """Forget nothing."""
        played = self._tape.following(PortName.CACHE_DROP)
        if played is not None:
            await played.value()

    async def forget(self, tenant: str, selection: Invalidation) -> Forgotten:
        """Forget nothing: there is nothing."""
        del tenant, selection
        return Forgotten(0)
