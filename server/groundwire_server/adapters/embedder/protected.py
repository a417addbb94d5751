"""A provider's embedding model with all that surrounds its calls."""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from opentelemetry.trace import Span

from groundwire_server.adapters.embedder.batches import BatchOptions, batches
from groundwire_server.adapters.embedder.faults import EmbedderFailure, InvalidVectorsFailure
from groundwire_server.adapters.resilience.call_policy import CallPolicy
from groundwire_server.adapters.resilience.instrumentation import CurrentSpan
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vector import Vector
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.telemetry import names

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Embedded:
    """The answer to one request.

    Attributes:
        vectors: of unit length, in the order of the texts.
        tokens: as the provider counted them; None when it did not.
    """

    vectors: Sequence[Vector]
    tokens: int | None


class EmbeddingClient(Protocol):
    """Sends requests for vectors."""

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Embedded:
        """Send one request and return its vectors by the deadline.

        Raises:
            Failure: one of the MODEL_ causes, or PROMPT_TOO_LONG.
        """
        ...


class ProtectedEmbedder:
    """An Embedder whose calls have a span and a circuit, and each of their requests a slot and retries.

    Args:
        client: sends the requests.
        policy: what surrounds them.
        model: the provider's name and the model's: two providers may mean different models by one name.
        dimensions: the length of every vector.
        batch: what one request may hold.
        request_seconds: of an attempt, until its last byte.
    """

    def __init__(
        self,
        client: EmbeddingClient,
        policy: CallPolicy,
        model: str,
        dimensions: int,
        batch: BatchOptions,
        request_seconds: float,
    ) -> None:
        self.model = model
        self.dimensions = dimensions
        self._client = client
        self._policy = policy
        self._batch = batch
        self._request_seconds = request_seconds
        self._at_once = asyncio.Semaphore(batch.requests)

    def known(self, text: str) -> float:
        """Return 1: a provider does not say what its model's vocabulary knows."""
        del text
        return 1.0

    def fill(self, text: str) -> float:
        """Return how much of what is sent of a text it takes, by an estimate of its tokens."""
        return estimate_tokens(text) / self._batch.text_tokens

    async def embed(self, texts: Sequence[str], deadline: Deadline, requester: Requester = NOBODY) -> Sequence[Vector]:
        """Return one unit vector a text; of a text that is too long the beginning counts."""
        if not texts:
            return []
        with self._policy.span({}, deadline) as span, CurrentSpan(span):
            try:
                with self._policy.circuit.guard(requester.tenant) as call:
                    found = await self._all(list(batches(texts, self._batch)), deadline, requester, span)
                    call.succeeded()
            except Failure as failure:
                if isinstance(failure, InvalidVectorsFailure):
                    _LOG.warning("The embedder %s cannot be used: %s.", self.model, failure.fault)
                raise EmbedderFailure(failure) from None
            if all(each.tokens is not None for each in found):
                span.set_attribute(names.GEN_AI_INPUT_TOKENS, sum(each.tokens or 0 for each in found))
            return [vector for each in found for vector in each.vectors]

    async def _all(
        self, requests: Sequence[list[str]], deadline: Deadline, requester: Requester, span: Span
    ) -> Sequence[Embedded]:
        if deadline.at <= asyncio.get_running_loop().time():
            raise Failure(Cause.MODEL_TIMEOUT)
        if len(requests) == 1:
            return [await self._request(requests[0], deadline, requester, span)]
        tasks = [asyncio.create_task(self._one_of_many(each, deadline, requester, span)) for each in requests]
        # No TaskGroup: it drops the cancellation that comes in the moment in which one of its tasks fails.
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline.at) else deadline.at):
                await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        except TimeoutError:
            raise Failure(Cause.MODEL_TIMEOUT) from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # One that failed has ended the others.
        failed = [task for task in tasks if not task.cancelled() and task.exception() is not None]
        return [task.result() for task in failed or tasks]

    async def _one_of_many(self, texts: list[str], deadline: Deadline, requester: Requester, span: Span) -> Embedded:
        async with self._at_once:
            return await self._request(texts, deadline, requester, span)

    async def _request(self, texts: list[str], deadline: Deadline, requester: Requester, span: Span) -> Embedded:
        async with self._policy.slots(requester, deadline):
            return await self._policy.retries.run(partial(self._attempt, texts, deadline), deadline, span)

    async def _attempt(self, texts: list[str], deadline: Deadline) -> Embedded:
        bound = Deadline(asyncio.get_running_loop().time() + self._request_seconds)
        try:
            async with asyncio.timeout_at(bound.at if bound < deadline else None):
                return await self._client.embed(texts, deadline)
        except TimeoutError:
            raise Failure(Cause.MODEL_SLOW_START) from None
        except Failure as failure:
            self._policy.failed(failure)
            raise
