"""Asking the same model again, before it has begun and for what may pass."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from random import Random
from typing import Final

from opentelemetry.trace import get_current_span

from groundwire_server.adapters.generator.retry_budget import RetryBudget
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Piece
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.generator import Generator
from groundwire_server.telemetry import names

RETRYABLE: Final = frozenset({Cause.MODEL_UNAVAILABLE, Cause.MODEL_RATE_LIMITED})
"""What may pass. A slow start is not among them: the time is better spent on the next model."""


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """How a model is asked again.

    Attributes:
        attempts: at most, the first included.
        base_seconds: the wait before the first retry is drawn between 0 and this; each further one's bound doubles.
        most_seconds: that bound's bound, and the longest wait that a provider may ask for.
        share: of the time that remains, what a wait may use up.
    """

    attempts: int = 3
    base_seconds: float = 0.1
    most_seconds: float = 5.0
    share: float = 0.5


class RetryingGenerator:
    """A Generator that asks its inner one again.

    Args:
        inner: is asked.
        options: how often and how soon.
        budget: of the provider.
        random: draws the waits.
    """

    def __init__(self, inner: Generator, options: RetryOptions, budget: RetryBudget, random: Random) -> None:
        self._inner = inner
        self._options = options
        self._budget = budget
        self._random = random

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what the first attempt writes that begins to."""
        attempt = 1
        while True:
            begun = False
            try:
                async with aclosing(self._inner.generate(request, deadline)) as pieces:
                    async for piece in pieces:
                        if not begun:
                            begun = True
                            self._budget.succeeded()
                        yield piece
                return
            except Failure as failure:
                if begun or failure.cause not in RETRYABLE:
                    raise
                self._budget.failed()
                delay = self._delay(attempt, failure.retry_after, request.to_begin(deadline))
                span = get_current_span()
                span.set_attribute(names.RETRY_BUDGET, self._budget.tokens)
                if delay is None:
                    raise
                event: dict[str, str | int | float] = {
                    names.RETRY_ATTEMPT: attempt,
                    names.RETRY_DELAY: delay,
                    names.CAUSE: failure.cause.value,
                }
                if failure.retry_after is not None:
                    event[names.RETRY_AFTER] = failure.retry_after
                span.add_event(names.RETRY, event)
            await asyncio.sleep(delay)
            attempt += 1

    def _delay(self, attempt: int, asked: float | None, deadline: Deadline) -> float | None:
        """Seconds to wait before the next attempt; None when there is to be none."""
        options = self._options
        if attempt >= options.attempts or not self._budget.allows:
            return None
        bound = min(options.most_seconds, options.base_seconds * 2 ** (attempt - 1))
        # What a provider asks for is the least; the callers that it told the same must not all come back at once.
        delay = (asked or 0.0) + self._random.uniform(0.0, bound)
        if (asked or 0.0) > options.most_seconds:
            return None
        remaining = deadline.remaining(asyncio.get_running_loop().time())
        return delay if delay <= remaining * options.share else None
