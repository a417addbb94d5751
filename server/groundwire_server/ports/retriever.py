"""The port of a store that finds passages."""

from collections.abc import Sequence
from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Evidence, Passage, Query, VisiblePassages


class Retriever(Protocol):
    """A search of one tenant's corpus for what the caller may see.

    Every adapter passes `tests/contract/test_retriever.py`.
    """

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Return at most `query.top_k` passages, best first, with their scores, by `deadline`.

        Only passages whose `allowed_principals` admit the caller, of the newest revision of their document.
        Where words and meaning are searched together, meaning weighs `query.alpha`, or what is right for the store.
        The corpus version is read no later than the passages: they are never newer than it by a whole change.

        Raises:
            Failure: STORE_UNAVAILABLE, STORE_TIMEOUT or STORE_MISCONFIGURED; EMBEDDER_UNAVAILABLE of a store that makes
                vectors itself.
        """
        ...

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        """Return the passages that stand beside some others, in any order and without scores, by `deadline`.

        So does the passage that a parent section begins with (`Place.parent`): `ordinals_around` says which they are.
        Only passages whose `allowed_principals` admit the caller, of the same revision of the same document: none where
        the document has changed since. It takes one call of the engine, however many passages there are.

        Args:
            caller: who searches.
            passages: found by `search`; they are not returned again.
            reach: how far the ordinals of others may be from theirs.
            deadline: when they must be there.

        Raises:
            Failure: STORE_UNAVAILABLE, STORE_TIMEOUT or STORE_MISCONFIGURED.
        """
        ...

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        """Return which passages stand as they were found and may be seen by the caller now, and the corpus version.

        A passage stands as it was while its document has the same revision and the passage the same text. The access
        list is read with it: an older one, such as that of a corpus version read before, does not count. It takes one
        round trip to the engine, however many passages there are.

        Args:
            caller: who is to be shown them.
            passages: found by an earlier search of the same tenant, perhaps for another caller.
            deadline: when it must be known.

        Raises:
            Failure: STORE_UNAVAILABLE, STORE_TIMEOUT or STORE_MISCONFIGURED.
        """
        ...
