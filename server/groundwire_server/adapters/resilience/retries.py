"""Whether a failed call is attempted again, and when: the one retry loop of the server."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from groundwire_server.adapters.resilience.failure_classes import FailureClasses
from groundwire_server.adapters.resilience.readiness import Readiness
from groundwire_server.adapters.resilience.retry_budget import RetryBudget
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.options import Options
from groundwire_server.telemetry import names

if TYPE_CHECKING:
    from opentelemetry.trace import Span

T = TypeVar("T")

_LONGEST_LIMIT = 3600.0
"""Seconds for which a dependency is believed that it is called too often: a wrong date must not end its use."""


class RetryOptions(Options):
    """How a failed call is retried, before anything of its answer is there."""

    max_attempts: int = Field(3, ge=1, le=10, description="Maximum attempts, the first included.")
    base_seconds: float = Field(
        0.1, ge=0, le=60, description="Upper bound of the first, random backoff; it doubles with each retry."
    )
    max_seconds: float = Field(
        5.0, ge=0, le=600, description="Maximum backoff, and the longest Retry-After that is honoured."
    )
    share: float = Field(0.5, gt=0, le=1, description="Share of the time left that a backoff may use, from 0 to 1.")


class Retries:
    """Repeats the attempts of one dependency's calls, and makes none before the dependency wants to be called again.

    Args:
        options: how often, and how soon.
        budget: what the dependency still gets.
        failures: which failures may be gone at the next attempt.
        random: draws the waits.
        repeated: counts an attempt that is not the first.
        readiness: whether the dependency takes calls yet; None where nobody finds out.
    """

    def __init__(
        self,
        options: RetryOptions,
        budget: RetryBudget,
        failures: FailureClasses,
        random: Random,
        repeated: Callable[[], None] = lambda: None,
        readiness: Readiness | None = None,
    ) -> None:
        self._options = options
        self._budget = budget
        self._failures = failures
        self._random = random
        self._repeated = repeated
        self._readiness = readiness
        self._limited_until = 0.0

    async def run(self, attempt: Callable[[], Awaitable[T]], until: Deadline, span: "Span") -> T:
        """Return what the first attempt brings that succeeds.

        Args:
            attempt: makes one attempt; it has brought nothing when it fails.
            until: when there must be something.
            span: of the call; each repeated attempt is an event of it.

        Raises:
            Failure: of the last attempt.
        """
        number = 1
        while True:
            failure = self._barred()
            if failure is None:
                try:
                    result = await attempt()
                except Failure as raised:
                    failure = raised
                    self._note(failure)
                else:
                    self._budget.succeeded()
                    return result
            delay = self._after(failure, number, until, span)
            if delay is None:
                raise failure
            await asyncio.sleep(delay)
            self._repeated()
            number += 1

    def _barred(self) -> Failure | None:
        """Return what an attempt would fail with at this time; None when the dependency may be called."""
        if self._readiness is not None and (failure := self._readiness.failure()) is not None:
            return failure
        wait = self._limited_until - asyncio.get_running_loop().time()
        limited = self._failures.limited
        return Failure(limited, retry_after=wait) if limited is not None and wait > 0 else None

    def _note(self, failure: Failure) -> None:
        """Charge a failed attempt to the budget, and keep the time before which the dependency wants no other."""
        if self._readiness is not None:
            self._readiness.note(failure)
        # Calls that are never repeated leave the budget to those that are.
        if failure.cause in self._failures.retryable and self._options.max_attempts > 1:
            self._budget.failed()
        if failure.cause is self._failures.limited and failure.retry_after is not None:
            until = asyncio.get_running_loop().time() + min(failure.retry_after, _LONGEST_LIMIT)
            self._limited_until = max(self._limited_until, until)

    def _after(self, failure: Failure, attempt: int, until: Deadline, span: "Span") -> float | None:
        """Return the seconds to wait before the next attempt, noted on the span; None when there is to be none."""
        if failure.cause not in self._failures.retryable:
            return None
        delay = self._delay(attempt, failure.retry_after or 0.0, until)
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

    def _delay(self, attempt: int, retry_after: float, until: Deadline) -> float | None:
        options = self._options
        if attempt >= options.max_attempts or not self._budget.allows or retry_after > options.max_seconds:
            return None
        bound = min(options.max_seconds, options.base_seconds * 2 ** (attempt - 1))
        # What a provider asks for is the least; the callers that were given the same must not all come back at once.
        delay = retry_after + self._random.uniform(0.0, bound)
        remaining = until.remaining(asyncio.get_running_loop().time())
        return delay if delay <= remaining * options.share else None
