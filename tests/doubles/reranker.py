"""A reranker without a model, which rates texts as it was told."""

import asyncio
from collections.abc import Sequence

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.reranking import RerankReply, RerankRequest


class ScriptedReranker:
    """The Reranker that knows texts by their first words; others have the rating 0.

    Args:
        ratings: by first words.
        usage: of each call.
        failure: that each call ends in.
        only: what it returns in place of ratings, as a broken one might.
        seconds: that a call takes, whatever its deadline.
    """

    name = "scripted"
    fingerprint = "0123456789abcdef"

    def __init__(
        self,
        ratings: dict[str, float] | None = None,
        usage: Usage | None = None,
        failure: Failure | None = None,
        only: Sequence[float] | None = None,
        seconds: float = 0.0,
    ) -> None:
        self.requests: list[RerankRequest] = []
        self.deadlines: list[Deadline] = []
        self.asked = asyncio.Event()
        self._ratings = ratings or {}
        self._usage = usage or Usage()
        self._failure = failure
        self._only = only
        self._seconds = seconds

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply:
        self.requests.append(request)
        self.deadlines.append(deadline)
        self.asked.set()
        await asyncio.sleep(self._seconds)
        if self._failure is not None:
            raise self._failure
        ratings = [self._ratings.get(text.partition(" ")[0], 0.0) for text in request.texts]
        return RerankReply(tuple(ratings if self._only is None else self._only), self._usage)
