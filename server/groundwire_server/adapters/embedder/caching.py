"""Remembering vectors, so that a question that is asked again, or used twice on its way, is embedded once."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Sequence

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.embedder import Embedder


class CachingEmbedder:
    """An Embedder that keeps the vectors of the texts used last.

    Texts that are being embedded for one call are not embedded again for another: it waits for the same work, by its
    own deadline. The work goes on while anybody waits for it and is cancelled when the last one leaves. Only vectors
    are kept, never a failure.

    Args:
        inner: does the work.
        capacity: the most texts to keep. A call of more than a quarter of it passes by, so that ingest flushes nothing.
    """

    def __init__(self, inner: Embedder, capacity: int = 2048) -> None:
        self._inner = inner
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, str], Vector] = OrderedDict()
        self._under_way: dict[tuple[str, str], _Work] = {}

    @property
    def model(self) -> str:
        """The inner embedder's model."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Sequence[Vector]:
        """Return one unit vector a text, from memory where it is there."""
        if len(texts) > max(1, self._capacity // 4):
            return await self._inner.embed(texts, deadline)
        model = self._inner.model
        keys = [(model, text) for text in texts]
        vectors: dict[tuple[str, str], Vector] = {}
        while True:
            missing = [key for key in dict.fromkeys(keys) if key not in vectors and not self._recall(key, vectors)]
            if not missing:
                return [vectors[key] for key in keys]
            await self._obtain(missing, vectors, deadline)

    def _recall(self, key: tuple[str, str], vectors: "dict[tuple[str, str], Vector]") -> bool:
        vector = self._kept.get(key)
        if vector is None:
            return False
        self._kept.move_to_end(key)
        vectors[key] = vector
        return True

    async def _obtain(
        self, missing: Sequence[tuple[str, str]], vectors: "dict[tuple[str, str], Vector]", deadline: Deadline
    ) -> None:
        """Wait for the work on the missing texts, beginning what nobody has begun."""
        fresh = [key for key in missing if key not in self._under_way]
        mine = self._begin(fresh, deadline) if fresh else None
        work = list(dict.fromkeys(self._under_way[key] for key in missing))
        for each in work:
            each.waiting += 1
        try:
            now = asyncio.get_running_loop().time()
            left = None if math.isinf(deadline.at) else deadline.remaining(now)
            _, late = await asyncio.wait([each.task for each in work], timeout=left)
        finally:
            for each in work:
                each.waiting -= 1
                if not each.waiting and not each.task.done():
                    self._forget(each)
                    each.task.cancel()
        if late:
            raise Failure(Cause.EMBEDDER_UNAVAILABLE)
        for each in work:
            failure = Failure(Cause.EMBEDDER_UNAVAILABLE) if each.task.cancelled() else each.task.exception()
            if failure is None:
                vectors.update((key, vector) for key, vector in each.task.result().items() if key in missing)
            # What failed for want of somebody else's time may yet be done in ours.
            elif each is mine or each.deadline >= deadline:
                raise failure

    def _begin(self, keys: Sequence[tuple[str, str]], deadline: Deadline) -> "_Work":
        work = _Work(keys, asyncio.create_task(self._work(keys, deadline)), deadline)
        self._under_way.update(dict.fromkeys(keys, work))
        work.task.add_done_callback(lambda _: self._settle(work))
        return work

    async def _work(self, keys: Sequence[tuple[str, str]], deadline: Deadline) -> "dict[tuple[str, str], Vector]":
        vectors = await self._inner.embed([text for _, text in keys], deadline)
        return dict(zip(keys, vectors, strict=True))

    def _settle(self, work: "_Work") -> None:
        self._forget(work)
        # Asking for the exception also tells asyncio that it did not go unseen when nobody waits any more.
        if work.task.cancelled() or work.task.exception() is not None:
            return
        for key, vector in work.task.result().items():
            self._kept[key] = vector
            self._kept.move_to_end(key)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)

    def _forget(self, work: "_Work") -> None:
        for key in work.keys:
            if self._under_way.get(key) is work:
                del self._under_way[key]


class _Work:
    """One call of the inner embedder, with how many wait for it."""

    def __init__(
        self,
        keys: Sequence[tuple[str, str]],
        task: "asyncio.Task[dict[tuple[str, str], Vector]]",
        deadline: Deadline,
    ) -> None:
        self.keys = keys
        self.task = task
        self.deadline = deadline
        self.waiting = 0
