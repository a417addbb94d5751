"""A reranker on this machine: a cross-encoder from a folder of the operator's."""

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from groundwire_server.adapters.onnx.cross_encoder import CrossEncoder, InvalidOutputError
from groundwire_server.adapters.reranker.batches import rate_in_batches
from groundwire_server.adapters.reranker.faults import InvalidRatingsFailure, RerankerFault
from groundwire_server.adapters.reranker.options import OnnxRerankerOptions
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.adapters.resilience.fair_threads import FairThreads
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.reranking import RerankReply, RerankRequest
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.metrics import Metrics

_QUEUE: Final = 10_000
"""Batches that may wait: admission bounds the calls, and each of them has a few here."""

_MOST_CHARACTERS: Final = 16
"""Of a token, by which a text is cut before it is tokenized: tokens are shorter, but for rows of signs."""


class OnnxReranker:
    """The rater of texts that runs in this process, in threads of its own. Close it at the end.

    Args:
        model: loaded beforehand, in a thread; it cuts what is too long.
        options: of the model.
        weight: returns the weight of a tenant's share.
        recorder: watches the threads' slots.
    """

    def __init__(
        self,
        model: CrossEncoder,
        options: OnnxRerankerOptions,
        weight: Callable[[str], float] = lambda tenant: 1.0,
        recorder: Metrics | None = None,
    ) -> None:
        self._model = model
        self._options = options
        slots = ConcurrencyOptions(max_concurrent=options.workers, queue_size=_QUEUE)
        self._threads = FairThreads(
            ThreadPoolExecutor(options.workers, thread_name_prefix="reranker"),
            FairLimiter(slots, weight, "reranker", recorder),
        )

    async def rate(self, request: RerankRequest, deadline: Deadline) -> RerankReply:
        """Return one rating for each text, in order.

        A batch that runs in a thread cannot be stopped, but none is begun after the deadline or a cancellation.
        """
        most = self._options.max_tokens * _MOST_CHARACTERS
        question, texts = request.question[:most], [text[:most] for text in request.texts]

        async def rate(batch: Sequence[int]) -> Sequence[float]:
            pairs = [(question, texts[index]) for index in batch]
            return await self._threads.run(request.requester, deadline, partial(self._scores, pairs))

        # Texts of about the same length together, so that little is padded.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        try:
            if not deadline.remaining(asyncio.get_running_loop().time()):
                raise TimeoutError
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                return RerankReply(tuple(await rate_in_batches(order, self._options.batch, rate)), Usage())
        except TimeoutError:
            raise ChargedFailure(Failure(Cause.MODEL_TIMEOUT), Usage()) from None
        except Failure as failure:
            raise ChargedFailure(failure, Usage()) from None

    def close(self) -> None:
        """End the threads; what is running finishes first, nothing more is begun."""
        self._threads.close(wait=True)

    def _scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        try:
            scores = [score for score in self._model.scores(pairs) if score is not None]
        except InvalidOutputError:
            raise InvalidRatingsFailure(RerankerFault.NO_RATING) from None
        if len(scores) != len(pairs):
            raise InvalidRatingsFailure(RerankerFault.COUNT)
        return scores
