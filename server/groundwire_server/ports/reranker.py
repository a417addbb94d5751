"""Reranking: rating passages together with the question."""

from typing import Protocol

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.reranking import RerankReply, RerankRequest


class Reranker(Protocol):
    """A reranker of the configuration. Every adapter passes `tests/contract/test_reranker.py`.

    It never fails a search: where it fails or is late, the order and the measures of the search stand.
    """

    @property
    def name(self) -> str:
        """Its name in the configuration, under which its usage is counted."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides a rating: the model, its endpoint, how much of a text it reads."""
        ...

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply:
        """Return one rating for each text, in order, by `deadline`.

        Raises:
            ChargedFailure: with one of the MODEL_ causes, PROMPT_TOO_LONG, CAPACITY_EXHAUSTED or BUDGET_EXHAUSTED.
        """
        ...
