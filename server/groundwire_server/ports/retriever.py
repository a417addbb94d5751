"""The port of a store that finds passages."""

from typing import Protocol

from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Evidence, Query


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
