"""When a call that failed is sent again."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc

from groundwire.errors import Error

_TURNED_AWAY = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED})
_JITTER = 0.2
"""Waits differ by so much of themselves, so that clients that failed together do not come back together."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How a client retries: within the time a call has in all, and no sooner than the server asks.

    Attributes:
        attempts: the most times that a call is sent; of a stream, the most in a row that bring no event.
        initial_backoff: seconds before the second attempt.
        multiplier: by which each further wait is longer.
        max_backoff: the longest wait in seconds that the server has not asked for.
        resume_window: seconds for which the server keeps a streamed answer going without its reader, 0 to 300.
    """

    attempts: int = 5
    initial_backoff: float = 0.1
    multiplier: float = 3.0
    max_backoff: float = 5.0
    resume_window: float = 10.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.initial_backoff <= 0 or self.multiplier < 1 or self.max_backoff <= 0:
            raise ValueError("Retry needs attempts and multiplier of at least 1, and waits above 0")
        if not 0 <= self.resume_window <= 300:
            raise ValueError("Retry needs a resume_window between 0 and 300 seconds")

    def backoff(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row."""
        exponential = self.initial_backoff * self.multiplier ** (failures - 1)
        return min(exponential, self.max_backoff) * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # no secret


DEFAULT_RETRY = Retry()


class RetryBudget:
    """What one client may retry: while most calls fail, failures end at once. These are gRPC's own numbers.

    Each failure that the server reports takes a token, each success gives back a tenth of one; calls are sent again
    while more than half of the tokens are there.
    """

    _MOST = 10.0
    _GAIN = 0.1

    def __init__(self) -> None:
        self._tokens = self._MOST
        self._lock = threading.Lock()

    @property
    def allows(self) -> bool:
        """Whether a call may be sent again now."""
        return self._tokens > self._MOST / 2

    def succeeded(self) -> None:
        """Count a call that was answered."""
        with self._lock:
            self._tokens = min(self._MOST, self._tokens + self._GAIN)

    def failed(self) -> None:
        """Count a call that the server turned away."""
        with self._lock:
            self._tokens = max(0.0, self._tokens - 1)


class Attempts:
    """The attempts of one call, which share its time.

    Args:
        retry: the rules; None for a single attempt.
        budget: the client's.
        timeout: seconds for all attempts together.
        repeatable: whether the call may be carried out twice.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        retry: Retry | None,
        budget: RetryBudget,
        timeout: float,
        *,
        repeatable: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._retry = retry
        self._budget = budget
        self._repeatable = repeatable
        self._clock = clock
        self._timeout = timeout
        self._deadline: float | None = None
        self._failures = 0

    @property
    def time_left(self) -> float:
        """Seconds until the call's deadline, which counts from the first look; never below 0."""
        now = self._clock()
        if self._deadline is None:
            self._deadline = now + self._timeout
        return max(0.0, self._deadline - now)

    def progressed(self) -> None:
        """Begin to count failures anew: an event of a stream has arrived."""
        self._failures = 0

    def succeeded(self) -> None:
        """Count the call as answered."""
        self._budget.succeeded()

    def wait_after(self, error: Error) -> float | None:
        """Return the seconds to wait before the next attempt; None when there is to be none.

        A call that the server turned away, and said when to come back, was not carried out: any may be sent again.
        When the connection was lost nobody knows, so only what may be carried out twice is.
        """
        self._failures += 1
        turned_away = error.retry_after is not None and error.code in _TURNED_AWAY
        if turned_away:
            self._budget.failed()
        if self._retry is None or self._failures >= self._retry.attempts or error.final:
            return None
        if not (turned_away and self._budget.allows) and not (error.connection_lost and self._repeatable):
            return None
        wait = max(error.retry_after or 0.0, self._retry.backoff(self._failures))
        return wait if wait < self.time_left else None
