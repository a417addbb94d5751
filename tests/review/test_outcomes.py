"""What comes of a decision: an answer, or the row of its refusal."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from groundwire_server.domain.answer import GroundedText, MaskedSpan
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.fallback import CHOOSABLE
from groundwire_server.domain.outcome import Abstained, Answered, Degraded, FailedSafe
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.review import (
    Review,
    ReviewDecision,
    ReviewKind,
    ReviewReason,
    ReviewState,
    ReviewTrigger,
)
from groundwire_server.domain.vocabulary import Action, Cause, Loss, NextStep, ReleaseMinimum, Verdict
from groundwire_server.review.outcomes import PresentablePassages, approved, mark_of, nearest, refused, selected
from tests.doubles.cases import HOURS, answered_case, grounded
from tests.doubles.policies import built_in_policy

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SHOWN = PresentablePassages((HOURS,), (HOURS,))
NOTHING = PresentablePassages()


def review(cause: Cause = Cause.REVIEW_REQUIRED) -> Review:
    reason = ReviewReason(cause, ReviewTrigger.ALWAYS)
    return Review(
        "acme",
        "t1",
        ReviewKind.APPROVAL,
        ReviewState.CLAIMED,
        reason,
        "default",
        "ann",
        "request-1",
        "",
        NOW,
        NOW + timedelta(days=1),
        operation_id="5b1e" * 8,
    )


def policy(rows: Mapping[Cause, tuple[Action, ...]] | None = None, minimum: ReleaseMinimum | None = None) -> Policy:
    built_in = built_in_policy()
    release = built_in.release if minimum is None else replace(built_in.release, minimum=minimum)
    return replace(built_in, fallbacks={**built_in.fallbacks, **(rows or {})}, release=release)


def mark(decision: ReviewDecision = ReviewDecision.APPROVED):  # type: ignore[no-untyped-def]
    return mark_of(review(), decision, NOW)


@pytest.mark.parametrize("cause", [Cause.REVIEW_REQUIRED, Cause.CONFIDENCE_NOT_ALLOWED, Cause.UNSUPPORTED])
@pytest.mark.parametrize("decision", [ReviewDecision.APPROVED, ReviewDecision.EDITED])
def test_a_text_that_a_person_lets_leave_is_an_answer_with_the_cause_of_its_review(
    cause: Cause, decision: ReviewDecision
) -> None:
    case = answered_case()
    text = case.draft if decision is ReviewDecision.APPROVED else grounded("At six.")
    assert text is not None
    outcome = approved(review(cause), case, text, policy(), mark(decision))
    assert outcome.result == Answered(text)
    assert (outcome.cause, outcome.action, outcome.next_step) == (cause, Action.REVIEW, NextStep.SHOW)
    assert outcome.report == replace(case.report, review=mark(decision))


@pytest.mark.parametrize(
    ("text", "complete", "losses"),
    [
        (grounded("It opens at six.", verdict=Verdict.UNSUPPORTED), True, (Loss.SENTENCES_BELOW_MINIMUM,)),
        (grounded("It opens at six.", verdict=Verdict.CONTRADICTED), True, (Loss.SENTENCES_BELOW_MINIMUM,)),
        (grounded("It opens at six."), False, (Loss.REST_OF_ANSWER,)),
        (
            grounded("It opens at six.", verdict=Verdict.UNSUPPORTED),
            False,
            (Loss.REST_OF_ANSWER, Loss.SENTENCES_BELOW_MINIMUM),
        ),
        (replace(grounded("It opens at six."), left_out=(Cause.UNSUPPORTED,)), True, (Loss.SENTENCES_DROPPED,)),
        (
            replace(grounded("It opens."), masks=(MaskedSpan(grounded("It opens.").sentences[0].span, "email"),)),
            True,
            (Loss.TEXT_MASKED,),
        ),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
def test_what_an_approved_draft_lacks_is_said(
    text: GroundedText, complete: bool, losses: tuple[Loss, ...], gone: bool
) -> None:
    case = replace(answered_case(draft=text), complete=complete)
    outcome = approved(review(), case, text, None if gone else policy(), mark())
    assert outcome.result == Degraded(losses, text)
    assert outcome.next_step is NextStep.SHOW_WITH_CAUTION


def test_the_minimum_of_the_route_decides_what_is_below_it() -> None:
    text = grounded("It opens at six.", verdict=Verdict.CONSISTENT)
    strict = approved(review(), answered_case(draft=text), text, policy(minimum=ReleaseMinimum.VERIFIED), mark())
    assert strict.result == Degraded((Loss.SENTENCES_BELOW_MINIMUM,), text)


def test_an_edit_is_whole_although_the_draft_was_not() -> None:
    text = grounded("At six.")
    case = replace(answered_case(), complete=False)
    assert approved(review(), case, text, policy(), mark(ReviewDecision.EDITED)).result == Answered(text)


@pytest.mark.parametrize("cause", [Cause.REVIEW_REJECTED, Cause.REVIEW_EXPIRED])
@pytest.mark.parametrize(
    ("row", "passages", "result", "action", "step"),
    [
        ((Action.ABSTAIN,), SHOWN, Abstained(0, (HOURS,)), Action.ABSTAIN, NextStep.REPHRASE),
        ((Action.ABSTAIN,), NOTHING, Abstained(0, ()), Action.ABSTAIN, NextStep.REPHRASE),
        (
            (Action.PASSAGES_ONLY, Action.ABSTAIN),
            SHOWN,
            Degraded((Loss.ANSWER,), passages=(HOURS,)),
            Action.PASSAGES_ONLY,
            NextStep.SHOW_WITH_CAUTION,
        ),
        ((Action.PASSAGES_ONLY, Action.ABSTAIN), NOTHING, Abstained(0, ()), Action.ABSTAIN, NextStep.REPHRASE),
        ((Action.PASSAGES_ONLY,), NOTHING, FailedSafe(retryable=False), Action.FAIL_SAFE, NextStep.DO_NOT_RETRY),
        ((Action.FAIL_SAFE, Action.ABSTAIN), SHOWN, FailedSafe(False), Action.FAIL_SAFE, NextStep.DO_NOT_RETRY),
        ((), SHOWN, FailedSafe(retryable=False), Action.FAIL_SAFE, NextStep.DO_NOT_RETRY),
    ],
)
def test_a_refusal_is_the_first_possible_action_of_its_row(
    cause: Cause,
    row: tuple[Action, ...],
    passages: PresentablePassages,
    result: object,
    action: Action,
    step: NextStep,
) -> None:
    case = answered_case()
    outcome = refused(cause, case, policy({cause: row}), passages, mark(ReviewDecision.REJECTED))
    assert (outcome.result, outcome.cause, outcome.action, outcome.next_step) == (result, cause, action, step)
    assert outcome.report.review == mark(ReviewDecision.REJECTED)


@pytest.mark.parametrize("action", sorted(CHOOSABLE))
def test_whatever_a_row_names_a_refusal_never_has_the_draft(action: Action) -> None:
    cause = Cause.REVIEW_REJECTED
    outcome = refused(cause, answered_case(), policy({cause: (action,)}), SHOWN, None)
    assert outcome.answer is None


@pytest.mark.parametrize("cause", [Cause.REVIEW_REJECTED, Cause.REVIEW_EXPIRED])
def test_where_the_route_is_gone_the_service_abstains(cause: Cause) -> None:
    outcome = refused(cause, answered_case(), None, NOTHING, None)
    assert (outcome.result, outcome.report.review) == (Abstained(0, ()), None)


def test_a_refusal_without_texts_has_an_empty_report() -> None:
    outcome = refused(Cause.REVIEW_EXPIRED, None, policy(), NOTHING, None)
    assert outcome.result == Abstained(0, ())
    assert outcome.documents == frozenset()


def test_passages_in_the_place_of_an_answer_are_trusted_and_selected() -> None:
    distrusted, beside = replace(HOURS, chunk_id="2", trusted=False), replace(HOURS, chunk_id="3", neighbour=True)
    case = replace(answered_case(), evidence=(distrusted, beside, HOURS))
    assert selected(case) == (HOURS,)
    assert nearest(case, replace(policy(), nearest=1)) == (beside,)
    assert nearest(case, replace(policy(), nearest=0)) == ()


def test_what_an_outcome_shows_is_what_it_is_erased_with() -> None:
    mail = Passage("mail#0", "Mail.", "mail")
    outcome = refused(Cause.REVIEW_REJECTED, answered_case(), policy(), PresentablePassages((mail,)), None)
    assert outcome.documents == {"mail"}
    assert approved(review(), answered_case(), grounded("At six."), policy(), mark()).documents == {"hours.md"}
