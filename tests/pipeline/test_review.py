"""Which answers wait for a person, what the person is shown, and what leaves. Over doubles, in virtual time."""

from dataclasses import replace
from typing import Any

import pytest

from groundwire_server.domain.answer import CheckedSentence
from groundwire_server.domain.case import Case
from groundwire_server.domain.event import Retraction, TextDelta
from groundwire_server.domain.failure import Failure, Rejection
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Abstained, Answered, Degraded, FailedSafe, InReview
from groundwire_server.domain.policy import ReleasePolicy
from groundwire_server.domain.review import ReviewReason, ReviewTrigger
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import (
    Action,
    BelowMinimum,
    Cause,
    Confidence,
    NextStep,
    ReleaseMinimum,
    StreamMode,
    Verdict,
)
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft
from tests.doubles.review_desk import IN_REVIEW, RecordingDesk
from tests.doubles.sink import RecordingSink
from tests.pipeline.running import FIRST, PASSAGE, SECOND, THIRD, Path, path

GOOD: list[Move] = [*draft((FIRST, ["p1"]), (SECOND, ["p1"])), DONE]
WRONG = "Their bodies hold 77 expressions."
BAD: list[Move] = [*draft((FIRST, ["p1"]), (WRONG, ["p1"]), (THIRD, ["p1"])), DONE]
UNSURE: list[Move] = [*draft((FIRST, ["p1"]), confidence="medium"), DONE]
ROWS = {Cause.REVIEW_REQUIRED: (Action.REVIEW, Action.ABSTAIN)}
ALWAYS = ReviewPolicy(always=True)
REVIEWED = {"fallbacks": ROWS, "review": ALWAYS}


async def over(desk: RecordingDesk, *scripts: list[Move], **changes: Any) -> Path:
    return await path(*scripts, desk=desk, **{**REVIEWED, **changes})


def only(desk: RecordingDesk) -> tuple[Inquiry, Case, ReviewReason]:
    (opened,) = desk.opened
    return opened


def said(case: Case, sentence: CheckedSentence) -> str:
    assert case.draft is not None
    return case.draft.text[sentence.span.start_code_point : sentence.span.end_code_point]


async def test_an_answer_waits_with_all_that_a_reviewer_needs() -> None:
    desk = RecordingDesk()
    made = await over(desk, GOOD)
    outcome = await made.ask(None)
    assert outcome.result == IN_REVIEW
    assert (outcome.cause, outcome.action) == (Cause.REVIEW_REQUIRED, Action.REVIEW)
    assert outcome.next_step is NextStep.WAIT_FOR_REVIEW
    inquiry, case, reason = only(desk)
    assert reason == ReviewReason(Cause.REVIEW_REQUIRED, ReviewTrigger.ALWAYS)
    assert (case.tenant, case.subject, case.question) == ("acme", "alice", inquiry.question)
    assert [(each.text, each.allowed_principals) for each in case.evidence] == [(PASSAGE, frozenset({"*"}))]
    assert case.draft is not None
    assert (case.draft.text, case.complete) == (f"{FIRST} {SECOND}", True)
    assert {sentence.verdict for sentence in case.draft.sentences} == {Verdict.VERBATIM}
    assert case.draft.confidence is Confidence.HIGH
    assert (case.report.model, case.report.attempts[0].cause) == ("model-1", None)
    assert case.documents == {"lambdas"}


CONSISTENT: list[Move] = [*draft(("Lambda expressions yield functions.", ["p1"])), DONE]

RULES: dict[str, tuple[ReviewPolicy, list[Move], ReviewTrigger | None]] = {
    "nothing": (ReviewPolicy(), GOOD, None),
    "always": (ALWAYS, GOOD, ReviewTrigger.ALWAYS),
    "every share": (ReviewPolicy(share=1.0), GOOD, ReviewTrigger.SHARE),
    "no share": (ReviewPolicy(share=0.0, verified_only=True), GOOD, None),
    "verified": (ReviewPolicy(verified_only=True), CONSISTENT, ReviewTrigger.VERDICT),
    "unsure": (ReviewPolicy(min_confidence=Confidence.HIGH), UNSURE, ReviewTrigger.CONFIDENCE),
    "sure": (ReviewPolicy(min_confidence=Confidence.HIGH), GOOD, None),
    "sure enough": (ReviewPolicy(min_confidence=Confidence.MEDIUM), UNSURE, None),
    "what was found comes first": (ReviewPolicy(always=True, verified_only=True), CONSISTENT, ReviewTrigger.VERDICT),
    "no reviewers": (replace(ALWAYS, reviewers=False), GOOD, None),
}


@pytest.mark.parametrize("case", RULES)
async def test_which_answers_wait(case: str) -> None:
    policy, script, trigger = RULES[case]
    desk = RecordingDesk()
    outcome = await (await over(desk, script, review=policy)).ask(None)
    assert isinstance(outcome.result, InReview if trigger else Answered)
    assert [reason.trigger for _, _, reason in desk.opened] == ([trigger] if trigger else [])


async def test_a_share_is_drawn_by_the_request_and_a_key() -> None:
    chosen: dict[bytes, list[bool]] = {}
    for key in (b"one", b"two"):
        desk = RecordingDesk()
        made = await path(GOOD, desk=desk, share_key=key, fallbacks=ROWS, review=ReviewPolicy(share=0.5))
        for number in range(60):
            before = len(desk.opened)
            await made.ask(None, request_id=f"request-{number}")
            chosen.setdefault(key, []).append(len(desk.opened) > before)
    again = RecordingDesk()
    made = await path(GOOD, desk=again, share_key=b"one", fallbacks=ROWS, review=ReviewPolicy(share=0.5))
    await made.ask(None, request_id="request-7")
    assert bool(again.opened) is chosen[b"one"][7]
    assert 10 < sum(chosen[b"one"]) < 50
    assert chosen[b"one"] != chosen[b"two"]


async def test_nothing_of_an_answer_that_waits_is_streamed() -> None:
    sink = RecordingSink()
    outcome = await (await over(RecordingDesk(), GOOD)).ask(sink)
    assert outcome.result == IN_REVIEW
    assert not any(isinstance(event, TextDelta | Retraction) for event in sink.events)


async def test_a_provisional_stream_is_refused_where_answers_wait() -> None:
    made = await over(RecordingDesk(), GOOD, mode=StreamMode.PROVISIONAL)
    with pytest.raises(Rejection) as refused:
        await made.ask(RecordingSink())
    assert refused.value.violations[0].field == "mode"


async def test_what_a_provisional_stream_has_shown_is_taken_back_before_the_review_is_opened() -> None:
    sink = RecordingSink()

    class Watching(RecordingDesk):
        async def open(self, inquiry: Inquiry, case: Case, reason: ReviewReason) -> InReview:
            assert isinstance(sink.events[-1], Retraction)
            return await super().open(inquiry, case, reason)

    desk = Watching()
    rows = {Cause.CONTRADICTED: (Action.REVIEW,), Cause.UNSUPPORTED: (Action.REVIEW,)}
    made = await over(desk, BAD, mode=StreamMode.PROVISIONAL, review=ReviewPolicy(), fallbacks=rows)
    assert (await made.ask(sink)).result == IN_REVIEW
    assert len(desk.opened) == 1


async def test_a_draft_that_may_not_leave_goes_to_the_reviewer_whole_with_its_verdicts() -> None:
    desk = RecordingDesk()
    rows = {Cause.CONTRADICTED: (Action.REVIEW,), Cause.UNSUPPORTED: (Action.REVIEW,)}
    outcome = await (await over(desk, BAD, review=ReviewPolicy(), fallbacks=rows)).ask(None)
    _, case, reason = only(desk)
    assert (reason.cause, reason.trigger) == (outcome.cause, ReviewTrigger.FALLBACK)
    assert case.draft is not None
    assert case.draft.text == f"{FIRST} {WRONG} {THIRD}"
    verdicts = {said(case, sentence): sentence.verdict for sentence in case.draft.sentences}
    assert verdicts[FIRST] is verdicts[THIRD] is Verdict.VERBATIM
    assert verdicts[WRONG] in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED}
    assert case.complete
    assert {citation.passage.chunk_id for citation in case.draft.citations} == {"c1"}
    assert case.draft.model_confidence is Confidence.HIGH


async def test_a_draft_that_was_stopped_is_not_whole() -> None:
    desk = RecordingDesk()
    begun: list[Move] = [*draft((FIRST, ["p1"]))[:2], Failure(Cause.MODEL_INTERRUPTED)]
    made = await over(desk, begun, review=ReviewPolicy(), fallbacks={Cause.MODEL_INTERRUPTED: (Action.REVIEW,)})
    assert (await made.ask(None)).result == IN_REVIEW
    _, case, _ = only(desk)
    assert case.draft is not None
    assert (case.draft.text, case.complete) == (FIRST, False)


async def test_the_last_draft_that_says_anything_is_shown() -> None:
    desk = RecordingDesk()
    rows = {
        Cause.CONTRADICTED: (Action.NEXT_MODEL,),
        Cause.UNSUPPORTED: (Action.NEXT_MODEL,),
        Cause.MODEL_UNAVAILABLE: (Action.REVIEW,),
    }
    made = await over(desk, BAD, [Failure(Cause.MODEL_UNAVAILABLE)], review=ReviewPolicy(), fallbacks=rows)
    assert (await made.ask(None)).result == IN_REVIEW
    _, case, reason = only(desk)
    assert reason.cause is Cause.MODEL_UNAVAILABLE
    assert case.draft is not None
    assert WRONG in case.draft.text


async def test_a_review_needs_no_draft() -> None:
    desk = RecordingDesk()
    rows = {Cause.INSUFFICIENT_EVIDENCE: (Action.REVIEW,)}
    made = await over(desk, GOOD, review=ReviewPolicy(), fallbacks=rows, min_relevance=1.0)
    assert (await made.ask(None)).result == IN_REVIEW
    _, case, _ = only(desk)
    assert (case.draft, case.complete) == (None, False)
    # What came closest may be what a reviewer answers with.
    assert [each.text for each in case.evidence] == [PASSAGE]


async def test_a_draft_that_there_is_no_time_to_check_is_not_shown() -> None:
    desk = RecordingDesk()
    slow: list[Move] = [*draft((FIRST, ["p1"]))[:2], Wait(60.0)]
    rows = {Cause.MODEL_TIMEOUT: (Action.REVIEW,), Cause.TIME_EXHAUSTED: (Action.REVIEW,)}
    made = await over(desk, slow, review=ReviewPolicy(), fallbacks=rows)
    assert (await made.ask(None)).result == IN_REVIEW
    assert len(desk.opened) == 1


@pytest.mark.parametrize(
    ("row", "result"),
    [((Action.REVIEW, Action.ABSTAIN), Abstained), ((Action.REVIEW, Action.PASSAGES_ONLY), Degraded)],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_where_no_review_can_be_kept_the_row_goes_on_without_the_text(
    row: tuple[Action, ...], result: type, streamed: bool
) -> None:
    desk, sink = RecordingDesk(refuses=True), RecordingSink() if streamed else None
    outcome = await (await over(desk, GOOD, fallbacks={Cause.REVIEW_REQUIRED: row})).ask(sink)
    assert len(desk.opened) == 1
    assert isinstance(outcome.result, result)
    assert (outcome.cause, outcome.answer) == (Cause.REVIEW_REQUIRED, None)
    assert sink is None or not any(isinstance(event, TextDelta) for event in sink.events)


async def test_a_row_that_has_nothing_else_fails_safe_without_the_text() -> None:
    desk = RecordingDesk(refuses=True)
    outcome = await (await over(desk, GOOD, fallbacks={Cause.REVIEW_REQUIRED: (Action.REVIEW,)})).ask(None)
    assert isinstance(outcome.result, FailedSafe)


async def test_a_repair_after_a_review_that_cannot_be_kept_is_of_the_whole_answer() -> None:
    desk, repairs = RecordingDesk(refuses=True), (Action.REVIEW, Action.REPAIR)
    model = ScriptedGenerator(BAD, [*draft((FIRST, ["p1"]), (SECOND, ["p1"]), (THIRD, ["p1"])), DONE])
    rows = {Cause.CONTRADICTED: repairs, Cause.UNSUPPORTED: repairs}
    outcome = await (await path(model, desk=desk, review=ReviewPolicy(), fallbacks=rows)).ask(None)
    assert isinstance(outcome.result, Answered)
    assert outcome.result.answer.text == PASSAGE
    assert len(desk.opened) == 1
    # It is shown all that it wrote, for nothing of it stands any more.
    assert WRONG in model.requests[1].prompt.user
    assert THIRD in model.requests[1].prompt.user.split(WRONG)[1]


async def test_no_beginning_of_an_answer_leaves_where_answers_wait() -> None:
    begun: list[Move] = [*draft((FIRST, ["p1"]))[:2], Failure(Cause.MODEL_INTERRUPTED)]
    rows = {**ROWS, Cause.MODEL_INTERRUPTED: (Action.PASSAGES_ONLY,)}
    outcome = await (await over(RecordingDesk(), begun, fallbacks=rows)).ask(None)
    assert isinstance(outcome.result, Degraded)
    assert outcome.answer is None
    assert [each.text for each in outcome.result.passages] == [PASSAGE]


async def test_text_that_stands_is_not_reviewed_any_more() -> None:
    desk, sink = RecordingDesk(), RecordingSink()
    begun: list[Move] = [*draft((FIRST, ["p1"]))[:2], Failure(Cause.MODEL_INTERRUPTED)]
    rows = {Cause.MODEL_INTERRUPTED: (Action.REVIEW, Action.FAIL_SAFE)}
    outcome = await (await over(desk, begun, review=ReviewPolicy(), fallbacks=rows)).ask(sink)
    assert (outcome.action, desk.opened) == (Action.CUT_SHORT, [])
    assert outcome.answer is not None


async def test_another_model_may_be_asked_before_a_person() -> None:
    desk = RecordingDesk()
    rows = {Cause.REVIEW_REQUIRED: (Action.NEXT_MODEL, Action.REVIEW)}
    sure = ReviewPolicy(min_confidence=Confidence.HIGH)
    outcome = await (await over(desk, UNSURE, GOOD, review=sure, fallbacks=rows)).ask(None)
    assert isinstance(outcome.result, Degraded)
    assert (outcome.cause, desk.opened) == (Cause.REVIEW_REQUIRED, [])


async def test_what_leaves_is_offered_as_a_sample_once() -> None:
    desk = RecordingDesk()
    outcome = await (await over(desk, GOOD, review=ReviewPolicy(sample_share=0.1))).ask(None)
    ((_, case, sampled),) = desk.samples
    assert sampled is outcome
    assert case.draft is outcome.answer
    assert [each.text for each in case.evidence] == [PASSAGE]
    assert case.complete


async def test_an_answer_that_was_cut_short_is_a_sample_that_is_not_whole() -> None:
    desk = RecordingDesk()
    begun: list[Move] = [*draft((FIRST, ["p1"]))[:2], Failure(Cause.MODEL_INTERRUPTED)]
    outcome = await (await over(desk, begun, review=ReviewPolicy(), fallbacks={})).ask(None)
    assert outcome.action is Action.CUT_SHORT
    ((_, case, _),) = desk.samples
    assert (case.draft, case.complete) == (outcome.answer, False)


async def test_what_waits_for_a_person_or_fails_is_no_sample() -> None:
    desk = RecordingDesk()
    await (await over(desk, GOOD)).ask(None)
    unavailable = await over(desk, [Failure(Cause.MODEL_UNAVAILABLE)], fallbacks={})
    assert isinstance((await unavailable.ask(None)).result, FailedSafe)
    assert desk.samples == []


async def test_a_route_without_reviews_asks_no_desk() -> None:
    desk = RecordingDesk()
    outcome = await (await over(desk, GOOD, review=None)).ask(None)
    assert isinstance(outcome.result, Answered)
    assert (desk.opened, desk.samples) == ([], [])


async def test_a_drafts_release_policy_is_not_the_reviewers_matter_alone() -> None:
    desk = RecordingDesk()
    strict = ReleasePolicy(ReleaseMinimum.VERIFIED, BelowMinimum.FAIL)
    rows = {Cause.NOT_VERIFIED: (Action.REVIEW,)}
    made = await over(desk, CONSISTENT, review=ReviewPolicy(), release=strict, fallbacks=rows)
    assert (await made.ask(None)).result == IN_REVIEW
    _, case, _ = only(desk)
    assert case.draft is not None
    assert [sentence.verdict for sentence in case.draft.sentences] == [Verdict.CONSISTENT]
