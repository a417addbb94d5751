"""What follows an attempt at a queued question: pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from groundwire_server.domain.fallback import QUEUEABLE
from groundwire_server.domain.outcome import FailedSafe, InReview, Outcome
from groundwire_server.domain.vocabulary import Cause, Reason
from groundwire_server.work.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Complete:
    """The operation is done with this outcome."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Retry:
    """The attempt is used up; the next may fare better after so many seconds."""

    cause: Cause
    after: float


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The question waits on for so many seconds, and the attempt is not counted: it could not begin, or had to end."""

    after: float


@dataclass(frozen=True, slots=True)
class Refuse:
    """The operation is done without an outcome."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class AwaitReview:
    """A person decides: the operation waits for that, and the claim on it has ended."""


Disposition: TypeAlias = Complete | Retry | GiveBack | Refuse | AwaitReview


RESULTS: Final[Mapping[type[Disposition], str]] = {
    Complete: "COMPLETED",
    Retry: "RETRIED",
    GiveBack: "RELEASED",
    Refuse: "REFUSED",
    AwaitReview: "IN_REVIEW",
}
"""What became of an attempt, in spans, metrics and decisions; beside them LOST, where its claim held no more."""


def after_outcome(outcome: Outcome, attempt: int, backoff: Backoff) -> Disposition:
    """Return what follows an outcome.

    A question that was to be answered later is not given passages, or nothing, for a cause after which a question may
    wait: it waits on. Money that is used up comes back at a known time, and to wait for it costs no attempt; where no
    time is known, it is the call's own, and the next attempt would have no more.
    """
    if isinstance(outcome.result, InReview):
        return AwaitReview()
    wait = outcome.result.retry_after if isinstance(outcome.result, FailedSafe) else None
    if outcome.cause is Cause.BUDGET_EXHAUSTED and wait is not None:
        return GiveBack(backoff.after(attempt, wait))
    if outcome.cause in _WAITED_FOR and outcome.answer is None:
        return Retry(outcome.cause, backoff.after(attempt, wait))
    return Complete(outcome)


_WAITED_FOR: Final = QUEUEABLE - {Cause.BUDGET_EXHAUSTED}
"""Causes that another attempt may not meet, whenever it is made."""
