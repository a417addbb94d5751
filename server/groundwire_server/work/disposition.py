"""What follows an attempt at a queued question: pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from groundwire_server.domain.fallback import QUEUEABLE
from groundwire_server.domain.operation import Bill
from groundwire_server.domain.outcome import FailedSafe, Outcome, Report
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


Disposition: TypeAlias = Complete | Retry | GiveBack | Refuse


RESULTS: Final[Mapping[type[Disposition], str]] = {
    Complete: "COMPLETED",
    Retry: "RETRIED",
    GiveBack: "RELEASED",
    Refuse: "REFUSED",
}
"""What became of an attempt, in spans, metrics and decisions; beside them LOST, where its claim held no more."""


def after_outcome(outcome: Outcome, attempt: int, backoff: Backoff) -> Disposition:
    """Return what follows an outcome.

    A question that was to be answered later is not given passages, or nothing, for a cause after which a question may
    wait: it waits on. Money that is used up comes back at a known time, and to wait for it costs no attempt; where no
    time is known, it is the call's own, and the next attempt would have no more.
    """
    wait = outcome.result.retry_after if isinstance(outcome.result, FailedSafe) else None
    if outcome.cause is Cause.BUDGET_EXHAUSTED and wait is not None:
        return GiveBack(backoff.after(attempt, wait))
    if outcome.cause in _WAITED_FOR and outcome.answer is None:
        return Retry(outcome.cause, backoff.after(attempt, wait))
    return Complete(outcome)


def bill_of(report: Report) -> Bill:
    """Return what an attempt has consumed, over all models."""
    usages = [each.usage for each in report.usage]
    return Bill(
        sum(usage.input_tokens for usage in usages),
        sum(usage.output_tokens for usage in usages),
        sum(usage.cost_micros for usage in usages),
    )


_WAITED_FOR: Final = QUEUEABLE - {Cause.BUDGET_EXHAUSTED}
"""Causes that another attempt may not meet, whenever it is made."""
