"""A memory of questions' vectors: a question that is asked again, or used twice on its way, is embedded once."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import ErasedPlace, ErasedPlaceKind, Erasure
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.embedder import Embedder


class CachingEmbedder:
    """An Embedder that keeps the vectors of the texts used last.

    A text that is being embedded is not embedded again for another call: that waits for the same work, by its own
    deadline. The work goes on while anybody waits for it and is cancelled when the last one leaves. Only vectors are
    kept, never a failure. Questions come alone; a call of several texts is ingest's and passes by.

    Tenants share nothing: the time that a text takes would reveal whether another has it, and a text that comes alone
    may also be a short document's.

    Args:
        inner: does the work.
        capacity: the most texts to keep.
    """

    def __init__(self, inner: Embedder, capacity: int = 2048) -> None:
        self._inner = inner
        self._capacity = capacity
        self._kept: OrderedDict[_Key, Vector] = OrderedDict()
        self._under_way: dict[_Key, _Work] = {}

    @property
    def model(self) -> str:
        """The inner embedder's model."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._inner.dimensions

    def known(self, text: str) -> float:
        """Return the share of a text that the inner embedder knows."""
        return self._inner.known(text)

    def fill(self, text: str) -> float:
        """Return how much of what the inner embedder reads a text takes."""
        return self._inner.fill(text)

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        """Return one unit vector a text, from memory where it is there."""
        if len(texts) != 1:
            return await self._inner.embed(texts, deadline, requester)
        key = _Key(requester.tenant, self._inner.model, texts[0])
        while True:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return [kept]
            work = self._under_way.get(key)
            mine = work is None
            work = work or self._begin(key, deadline, requester)
            await self._wait(work, deadline)
            failure = Failure(Cause.EMBEDDER_UNAVAILABLE) if work.task.cancelled() else work.task.exception()
            if failure is None:
                return [work.task.result()]
            # What failed for want of somebody else's time may yet be done in ours.
            if mine or work.deadline >= deadline:
                raise failure

    async def erase(self, erasure: Erasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Forget every text of the tenant: a short document's may be among them; see `Erasable`."""
        forgotten = [key for key in self._kept if key.tenant == erasure.tenant]
        for key in forgotten:
            del self._kept[key]
        # What is under way goes on for those who wait for it, and is not kept.
        for key in [key for key in self._under_way if key.tenant == erasure.tenant]:
            del self._under_way[key]
        return [ErasedPlace(ErasedPlaceKind.CACHED_TEXTS, len(forgotten))]

    def _begin(self, key: "_Key", deadline: Deadline, requester: Requester) -> "_Work":
        work = _Work(key, asyncio.create_task(self._work(key.text, deadline, requester)), deadline)
        self._under_way[key] = work
        work.task.add_done_callback(lambda _: self._settle(work))
        return work

    async def _work(self, text: str, deadline: Deadline, requester: Requester) -> Vector:
        (vector,) = await self._inner.embed([text], deadline, requester)
        return vector

    async def _wait(self, work: "_Work", deadline: Deadline) -> None:
        now = asyncio.get_running_loop().time()
        left = None if math.isinf(deadline.at) else deadline.remaining(now)
        work.waiting += 1
        try:
            done, _ = await asyncio.wait([work.task], timeout=left)
        finally:
            work.waiting -= 1
            if not work.waiting and not work.task.done():
                self._forget(work)
                work.task.cancel()
        if not done:
            raise Failure(Cause.EMBEDDER_UNAVAILABLE)

    def _settle(self, work: "_Work") -> None:
        # Asking for the exception also tells asyncio that it did not go unseen when nobody waits any more.
        failed = work.task.cancelled() or work.task.exception() is not None
        if not self._forget(work) or failed:
            return
        self._kept[work.key] = work.task.result()
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def _forget(self, work: "_Work") -> bool:
        """Let later calls begin anew; return whether they would have shared this work."""
        if self._under_way.get(work.key) is not work:
            return False
        del self._under_way[work.key]
        return True


class _Key(NamedTuple):
    """A text by which model, and whose."""

    tenant: str
    model: str
    text: str


class _Work:
    """One call of the inner embedder, with how many wait for it."""

    def __init__(self, key: _Key, task: "asyncio.Task[Vector]", deadline: Deadline) -> None:
        self.key = key
        self.task = task
        self.deadline = deadline
        self.waiting = 0
