"""The outcome that a decision makes, or its absence: rows of the route's table, as pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.case import Case
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.outcome import Abstained, Answered, Degraded, FailedSafe, Outcome, Report, Result
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review import Review, ReviewDecision, ReviewMark
from groundwire_server.domain.shortfall import lacking
from groundwire_server.domain.vocabulary import Action, Cause, Loss, NextStep, Verdict

_ROWS: Final[Mapping[Cause, tuple[Action, ...]]] = {
    Cause.REVIEW_REJECTED: (Action.ABSTAIN,),
    Cause.REVIEW_EXPIRED: (Action.ABSTAIN,),
}
"""What holds where the route is gone."""

_WEAK: Final = frozenset({Verdict.CONTRADICTED, Verdict.UNSUPPORTED})


@dataclass(frozen=True, slots=True)
class PresentablePassages:
    """What may stand in the place of an answer, as it may leave.

    Attributes:
        nearest: passages that are shown with an abstention.
        alone: passages that are shown in the place of an answer.
    """

    nearest: tuple[Passage, ...] = ()
    alone: tuple[Passage, ...] = ()


def nearest(case: Case, policy: Policy) -> tuple[Passage, ...]:
    """Return the passages of a case that came closest, without those that a guard distrusts."""
    return tuple(passage for passage in case.evidence if passage.trusted)[: policy.nearest]


def selected(case: Case) -> tuple[Passage, ...]:
    """Return the passages of a case that were selected themselves, and that no guard distrusts."""
    return tuple(passage for passage in case.evidence if passage.trusted and not passage.neighbour)


def approved(review: Review, case: Case, text: GroundedText, policy: Policy | None, mark: ReviewMark) -> Outcome:
    """Return the outcome of a text that a person lets leave.

    A sentence below what the route lets leave makes it degraded, and so does a draft that its model did not finish.

    Args:
        review: says why a person had to look.
        case: the question with its draft.
        text: the draft, or what the reviewer wrote in its place.
        policy: of the route; None where that is gone.
        mark: what the caller learns of the decision.
    """
    losses = list(_lacking(text, policy))
    if mark.decision is ReviewDecision.APPROVED and not case.complete:
        losses.insert(0, Loss.REST_OF_ANSWER)
    result: Result = Degraded(tuple(losses), text) if losses else Answered(text)
    step = NextStep.SHOW_WITH_CAUTION if losses else NextStep.SHOW
    return Outcome(result, review.reason.cause, Action.REVIEW, step, replace(case.report, review=mark))


def refused(
    cause: Cause, case: Case | None, policy: Policy | None, passages: PresentablePassages, mark: ReviewMark | None
) -> Outcome:
    """Return the outcome of a question without an answer: by the first possible action of the cause's row.

    Args:
        cause: REVIEW_REJECTED or REVIEW_EXPIRED.
        case: the question with its draft; None where the texts are gone.
        policy: of the route; None where that is gone, and the built-in row holds.
        passages: what may be shown.
        mark: what the caller learns of the decision; None where nobody has decided.
    """
    report = replace(Report() if case is None else case.report, review=mark)
    row: Sequence[Action] = (_ROWS if policy is None else policy.fallbacks).get(cause, ())
    for action in row:
        match action:
            case Action.ABSTAIN:
                result: Result = Abstained(report.found, passages.nearest)
                return Outcome(result, cause, action, NextStep.REPHRASE, report)
            case Action.PASSAGES_ONLY if passages.alone:
                result = Degraded((Loss.ANSWER,), passages=passages.alone)
                return Outcome(result, cause, action, NextStep.SHOW_WITH_CAUTION, report)
            case Action.FAIL_SAFE:
                break
            case _:
                continue
    return Outcome(FailedSafe(retryable=False), cause, Action.FAIL_SAFE, NextStep.DO_NOT_RETRY, report)


def mark_of(review: Review, decision: ReviewDecision, at: datetime) -> ReviewMark:
    """Return what the caller learns of a decision."""
    return ReviewMark(review.ticket, decision, at)


def _lacking(text: GroundedText, policy: Policy | None) -> tuple[Loss, ...]:
    if policy is not None:
        return tuple(lacking(text, policy))
    weak = any(sentence.verdict in _WEAK for sentence in text.sentences)
    losses = {Loss.SENTENCES_BELOW_MINIMUM: weak, Loss.SENTENCES_DROPPED: text.left_out, Loss.TEXT_MASKED: text.masks}
    return tuple(loss for loss, there in losses.items() if there)
