"""What a failed call says about the dependency that was called."""

from dataclasses import dataclass

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause


@dataclass(frozen=True, slots=True)
class FailureClasses:
    """The causes of a kind of dependency, by what they say about it.

    Attributes:
        unavailable: what a call fails with that an open circuit keeps from being made.
        counted: against the dependency. Any other cause shows that it answers, unless it is ignored.
        ignored: say nothing about the dependency, such as the end of the caller's own time: callers with little time
            must not take a model away from the others.
        retryable: may be gone at the next attempt.
        limited: of a dependency that is called too often: until the time that it gives, no call is attempted.
    """

    unavailable: Cause
    counted: frozenset[Cause]
    ignored: frozenset[Cause]
    retryable: frozenset[Cause]
    limited: Cause | None = None

    def counts(self, failure: Failure) -> bool | None:
        """Return whether a failure counts against the dependency; None when it says nothing about it."""
        return None if failure.cause in self.ignored else failure.cause in self.counted
