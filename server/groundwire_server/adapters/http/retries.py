"""Whether a model is asked again, and when."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Final

from opentelemetry.trace import get_current_span

from groundwire_server.adapters.http.retry_budget import RetryBudget
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause
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


class Retries:
    """Decides for the calls of one model.

    Args:
        options: how often and how soon.
        budget: of the provider.
        random: draws the waits.
    """

    def __init__(self, options: RetryOptions, budget: RetryBudget, random: Random) -> None:
        self._options = options
        self._budget = budget
        self._random = random

    def succeeded(self) -> None:
        """A call has begun to be answered."""
        self._budget.succeeded()

    def after(self, failure: Failure, attempt: int, deadline: Deadline) -> float | None:
        """Seconds to wait before the next attempt, noted on the current span; None when there is to be none.

        Args:
            failure: how the last attempt ended, before anything of an answer was there.
            attempt: its number, from 1.
            deadline: of the call.
        """
        if failure.cause not in RETRYABLE:
            return None
        self._budget.failed()
        delay = self._delay(attempt, failure.retry_after, deadline)
        span = get_current_span()
        span.set_attribute(names.RETRY_BUDGET, self._budget.tokens)
        if delay is None:
            return None
        event: dict[str, str | int | float] = {
            names.RETRY_ATTEMPT: attempt,
            names.RETRY_DELAY: delay,
            names.CAUSE: failure.cause.value,
        }
        if failure.retry_after is not None:
            event[names.RETRY_AFTER] = failure.retry_after
        span.add_event(names.RETRY, event)
        return delay

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
