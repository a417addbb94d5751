"""Guards and reviews: what a guard finds sends an answer for review, where it is shown as it would leave."""

from typing import Any

import pytest

from groundwire_server.domain.outcome import Answered, Blocked
from groundwire_server.domain.review import ReviewTrigger
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.vocabulary import Action, Cause, GuardAction, Screen
from tests.doubles.generator import DONE, Move, draft
from tests.doubles.review_desk import IN_REVIEW, RecordingDesk
from tests.pipeline.running import FIRST, SECOND, THIRD, Path, path
from tests.pipeline.screening.guarding import LocalWords, RemoteWords, guards

GOOD: list[Move] = [*draft((FIRST, ["p1"]), (SECOND, ["p1"])), DONE]
BAD: list[Move] = [*draft((FIRST, ["p1"]), ("Their bodies hold 77 expressions.", ["p1"]), (THIRD, ["p1"])), DONE]
NAIVE = "naïve"
ASKED = "yield?"
FORBIDDEN = [Cause.QUESTION_FORBIDDEN, Cause.EVIDENCE_FORBIDDEN, Cause.ANSWER_FORBIDDEN]
WORDS = {Screen.QUESTION: ASKED, Screen.EVIDENCE: NAIVE, Screen.ANSWER: NAIVE}


async def over(desk: RecordingDesk, script: list[Move], **changes: Any) -> Path:
    return await path(script, desk=desk, **{"review": ReviewPolicy(), **changes})


@pytest.mark.parametrize("screen", [Screen.QUESTION, Screen.EVIDENCE, Screen.ANSWER])
@pytest.mark.parametrize("named", ["words", "other"])
async def test_an_answer_waits_where_a_named_guard_has_found_something(screen: Screen, named: str) -> None:
    desk = RecordingDesk()
    screens = guards(LocalWords(odd=WORDS[screen]), GuardAction.FLAG, screen)
    held = ReviewPolicy(guards=frozenset({named}))
    outcome = await (await over(desk, GOOD, screens=screens, review=held)).ask(None)
    if named == "other":
        assert isinstance(outcome.result, Answered)
        return
    assert outcome.result == IN_REVIEW
    ((_, case, reason),) = desk.opened
    assert (reason.trigger, reason.guard, reason.category) == (ReviewTrigger.GUARD, "words", "odd")
    assert case.report.flags


@pytest.mark.parametrize(("screen", "cause"), list(zip(WORDS, FORBIDDEN, strict=True)))
async def test_what_a_guard_forbids_may_go_to_a_reviewer(screen: Screen, cause: Cause) -> None:
    desk = RecordingDesk()
    screens = guards(LocalWords(secret=WORDS[screen]), GuardAction.BLOCK, screen)
    outcome = await (await over(desk, GOOD, screens=screens, fallbacks={cause: (Action.REVIEW, Action.BLOCK)})).ask(
        None
    )
    assert (outcome.result, outcome.cause, outcome.answer) == (IN_REVIEW, cause, None)
    ((_, case, reason),) = desk.opened
    assert (reason.cause, reason.trigger) == (cause, ReviewTrigger.FALLBACK)
    assert (reason.guard, reason.category) == ("words", "secret")
    # Only of an answer that was forbidden there is a draft; the reviewer sees what was found in it.
    assert (case.draft is not None and NAIVE in case.draft.text) is (screen is Screen.ANSWER)
    # Nothing was searched for with a question that is forbidden.
    assert bool(case.evidence) is (screen is not Screen.QUESTION)


async def test_what_a_guard_forbids_is_blocked_where_no_review_can_be_kept() -> None:
    desk = RecordingDesk(refuses=True)
    screens = guards(LocalWords(secret=NAIVE), GuardAction.BLOCK, Screen.ANSWER)
    rows = {Cause.ANSWER_FORBIDDEN: (Action.REVIEW, Action.BLOCK)}
    outcome = await (await over(desk, GOOD, screens=screens, fallbacks=rows)).ask(None)
    assert isinstance(outcome.result, Blocked)
    assert len(desk.opened) == 1


@pytest.mark.parametrize("guard", [LocalWords(email=NAIVE), RemoteWords(email=NAIVE)], ids=["here", "elsewhere"])
async def test_a_draft_that_may_not_leave_is_masked_as_an_answer_is(guard: LocalWords | RemoteWords) -> None:
    desk = RecordingDesk()
    screens = guards(guard, GuardAction.MASK, Screen.ANSWER)
    rows = {Cause.CONTRADICTED: (Action.REVIEW,), Cause.UNSUPPORTED: (Action.REVIEW,)}
    outcome = await (await over(desk, BAD, screens=screens, fallbacks=rows)).ask(None)
    assert outcome.result == IN_REVIEW
    ((_, case, _),) = desk.opened
    assert case.draft is not None
    assert FIRST.replace(NAIVE, "[email]") in case.draft.text
    assert THIRD in case.draft.text
    assert all(NAIVE not in citation.quote for citation in case.draft.citations)
    assert [mask.category for mask in case.draft.masks] == ["email"]


async def test_an_answer_that_waits_is_masked_too() -> None:
    desk = RecordingDesk()
    screens = guards(LocalWords(email=NAIVE), GuardAction.MASK, Screen.ANSWER)
    rows = {Cause.REVIEW_REQUIRED: (Action.REVIEW,)}
    await (await over(desk, GOOD, screens=screens, review=ReviewPolicy(always=True), fallbacks=rows)).ask(None)
    ((_, case, _),) = desk.opened
    assert case.draft is not None
    assert case.draft.text.startswith(FIRST.replace(NAIVE, "[email]"))


async def test_a_draft_that_no_guard_can_look_at_is_not_shown() -> None:
    desk = RecordingDesk()
    screens = guards(RemoteWords(failure=Cause.MODEL_UNAVAILABLE), GuardAction.MASK, Screen.ANSWER)
    begun: list[Move] = ["Sure!", DONE]
    rows = dict.fromkeys((Cause.GUARD_UNAVAILABLE, Cause.OUTPUT_MALFORMED), (Action.REVIEW,))
    await (await over(desk, begun, screens=screens, fallbacks=rows)).ask(None)
    ((_, case, _),) = desk.opened
    assert case.draft is None


async def test_what_was_blocked_is_offered_as_a_sample_without_a_draft() -> None:
    desk = RecordingDesk()
    screens = guards(LocalWords(secret=NAIVE), GuardAction.BLOCK, Screen.ANSWER)
    review = ReviewPolicy(block_share=1.0)
    outcome = await (await over(desk, GOOD, screens=screens, review=review)).ask(None)
    assert isinstance(outcome.result, Blocked)
    ((_, case, sampled),) = desk.samples
    assert (sampled, case.draft) == (outcome, None)
