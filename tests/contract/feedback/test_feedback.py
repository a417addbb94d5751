"""Every adapter of FeedbackRecords keeps what callers say, gives it out by tenant, and joins it with kept answers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from groundwire_server.domain.feedback import AnswerFault, AnswerFeedback, Rating
from groundwire_server.ports.feedback import FeedbackRecords, LabelSource
from tests.contract.operations.queued import SteppingClock
from tests.doubles.cases import ASKED, TRACE, answered_case, grounded, unanswered_case

DAY = 86_400.0


def said(request_id: str = "request-1", **changes: object) -> AnswerFeedback:
    made = AnswerFeedback("acme", "ann", request_id, TRACE, "default", ASKED, rating=Rating.UP)
    return replace(made, **changes)  # type: ignore[arg-type]


async def test_feedback_is_given_out_as_it_was_said(records: FeedbackRecords) -> None:
    feedback = said(
        rating=Rating.DOWN,
        faults=(AnswerFault.INCORRECT, AnswerFault.OUTDATED),
        correction="It opens at seven — since “May”.\x00",
        comment="ask Bob",
    )
    kept = await records.put(feedback, DAY)
    assert (kept.case, kept.replaced) == (None, False)
    ((_, found),) = await records.page("acme", "", None, None, 10)
    assert found == feedback


async def test_the_last_word_of_a_caller_on_a_request_holds(records: FeedbackRecords) -> None:
    await records.put(said(comment="first"), DAY)
    second = said(rating=Rating.DOWN, comment="second", said=ASKED + timedelta(seconds=1))
    assert (await records.put(second, DAY)).replaced is True
    assert [found for _, found in await records.page("acme", "", None, None, 10)] == [second]
    # Somebody else's word on it is another.
    assert (await records.put(said(subject="bob"), DAY)).replaced is False
    assert len(await records.page("acme", "", None, None, 10)) == 2


async def test_no_tenant_meets_what_another_says(records: FeedbackRecords) -> None:
    await records.keep_case(answered_case(), DAY)
    await records.put(said(), DAY)
    assert await records.page("other", "", None, None, 10) == []
    assert await records.case_of("other", "ann", "request-1", TRACE) is None
    assert (await records.put(said(tenant="other"), DAY)).case is None
    assert [label async for label in records.labelled("other", None, None, "")] == []


async def test_a_kept_answer_is_found_by_all_that_names_it(records: FeedbackRecords) -> None:
    case = answered_case(end_user_id="user-7")
    await records.keep_case(case, DAY)
    assert await records.case_of("acme", "ann", "request-1", TRACE) == case
    assert await records.case_of("acme", "bob", "request-1", TRACE) is None
    assert await records.case_of("acme", "ann", "request-2", TRACE) is None
    assert await records.case_of("acme", "ann", "request-1", "0" * 32) is None
    assert (await records.put(said(), DAY)).case == case
    ((_, found),) = await records.page("acme", "", None, None, 10)
    assert found.case_id


async def test_lists_are_newest_first_in_pages(records: FeedbackRecords) -> None:
    for number in range(7):
        await records.put(said(f"request-{number}", said=ASKED + timedelta(seconds=number // 2)), DAY)
    read, after = [], None
    while page := await records.page("acme", "", None, after, 3):
        read += [found.request_id for _, found in page]
        after = page[-1][0]
    assert len(read) == len(set(read)) == 7
    assert [int(name[-1]) // 2 for name in read] == [3, 2, 2, 1, 1, 0, 0]


async def test_lists_are_narrowed_by_route_and_rating(records: FeedbackRecords) -> None:
    await records.put(said("request-1"), DAY)
    await records.put(said("request-2", rating=Rating.DOWN), DAY)
    await records.put(said("request-3", rating=None, comment="hm", route="other"), DAY)

    async def found(route: str = "", rating: Rating | None = None) -> set[str]:
        return {each.request_id for _, each in await records.page("acme", route, rating, None, 10)}

    assert await found("default") == {"request-1", "request-2"}
    assert await found(rating=Rating.DOWN) == {"request-2"}
    assert await found("other", Rating.UP) == set()


async def test_labels_are_kept_answers_that_were_judged(records: FeedbackRecords, clock: SteppingClock) -> None:
    clock.step(100)
    for number in range(1, 5):
        await records.keep_case(answered_case(f"request-{number}"), DAY)
    await records.keep_case(unanswered_case("request-5"), DAY)
    at = [ASKED + timedelta(seconds=second) for second in range(7)]
    await records.put(said("request-2", said=at[2], rating=Rating.DOWN, faults=(AnswerFault.INCOMPLETE,)), DAY)
    await records.put(said("request-1", said=at[1]), DAY)
    await records.put(said("request-3", said=at[3], correction="At seven."), DAY)
    await records.put(said("request-4", said=at[4], rating=None, comment="thanks"), DAY)
    await records.put(said("request-5", said=at[5], rating=Rating.DOWN, faults=(AnswerFault.NO_ANSWER,)), DAY)
    await records.put(said("request-6", said=at[6]), DAY)
    labels = [label async for label in records.labelled("acme", None, None, "")]
    assert [(label.case.question.request_id, label.right) for label in labels] == [
        ("request-1", True),
        ("request-2", False),
        ("request-3", False),
        ("request-5", False),
    ]
    assert labels[0].case == answered_case("request-1")
    assert labels[1].faults == (AnswerFault.INCOMPLETE,)
    assert labels[2].correction == "At seven."
    assert {label.source for label in labels} == {LabelSource.FEEDBACK}
    assert labels[3].case.draft is None


async def test_labels_are_narrowed_by_time_and_route(records: FeedbackRecords, clock: SteppingClock) -> None:
    clock.step(100)
    for number in range(4):
        await records.keep_case(answered_case(f"request-{number}"), DAY)
        await records.put(said(f"request-{number}", said=ASKED + timedelta(seconds=number)), DAY)

    async def found(since: int | None, until: int | None, route: str = "") -> list[str]:
        begin, end = (None if each is None else ASKED + timedelta(seconds=each) for each in (since, until))
        return [each.case.question.request_id async for each in records.labelled("acme", begin, end, route)]

    assert await found(1, 3) == ["request-1", "request-2"]
    assert await found(2, None, "default") == ["request-2", "request-3"]
    assert await found(None, None, "other") == []


async def test_an_answer_of_many_sentences_comes_back_whole(records: FeedbackRecords) -> None:
    case = answered_case(draft=grounded(*(f"Sentence {number} is “so” — naïve." for number in range(200))))
    await records.keep_case(case, DAY)
    await records.keep_case(case, DAY)
    assert await records.case_of("acme", "ann", "request-1", TRACE) == case


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({}, True),
        ({"rating": Rating.DOWN}, False),
        ({"rating": None}, None),
        ({"rating": None, "comment": "thanks"}, None),
        ({"rating": None, "correction": "At seven."}, False),
        ({"faults": (AnswerFault.UNCLEAR,)}, False),
    ],
)
def test_a_fault_weighs_more_than_a_thumb(change: dict[str, object], right: bool | None) -> None:
    assert replace(said(), **change).right is right  # type: ignore[arg-type]
