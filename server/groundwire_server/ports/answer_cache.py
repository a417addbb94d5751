"""Earlier answers that may stand in."""

from math import inf
from typing import Protocol

from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, Invalidation
from groundwire_server.domain.erasure import Forgotten


class AnswerCache(Protocol):
    """Keeps validated answers, each until it is too old or others need its place.

    Every adapter passes `tests/contract/answer_cache/test_answer_cache.py`. No method raises: a cache that cannot be
    asked has nothing, and reports it.

    Attributes:
        shared: whether other processes see it.
    """

    shared: bool

    async def get(self, key: AnswerKey) -> CachedAnswer | None:
        """Return the answer of a key; None without one. Whether it still holds is for the caller to see."""
        ...

    async def put(self, key: AnswerKey, answer: CachedAnswer, began: float = inf) -> None:
        """Keep an answer in the place of the one before it.

        The least recently used answers of the tenant make place where it has its share, and of all where there is no
        room left. An answer that was begun before answers of the tenant were forgotten is not kept: it may be made of
        what was erased.

        Args:
            key: by which it is looked up.
            answer: to keep.
            began: when the work on it began, in seconds on the event loop's clock.
        """
        ...

    async def forget(self, tenant: str, selection: Invalidation) -> Forgotten:
        """Forget the answers of a tenant that are selected: of a document or source, those that cite or show it.

        None of the tenant's that was begun before is kept afterwards. What could not be asked is not complete.
        """
        ...
