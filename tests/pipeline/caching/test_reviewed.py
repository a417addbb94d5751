"""Earlier answers where persons review: what nobody has approved is not kept, and what was approved may stand in."""

import asyncio
from typing import Any

import pytest

from groundwire_server.domain.cached_answer import CachedAnswer
from groundwire_server.domain.outcome import Answered, Cached
from groundwire_server.domain.review_policy import ReviewPolicy
from groundwire_server.domain.share import keyed_place
from groundwire_server.domain.vocabulary import Action, Cause, GuardAction, Screen
from groundwire_server.pipeline.routes import RouteReviews
from tests.doubles.generator import Wait
from tests.doubles.inline import inline_threads
from tests.doubles.review_desk import IN_REVIEW, RecordingDesk
from tests.pipeline.caching.serving import QUOTES, Serving, serving
from tests.pipeline.screening.guarding import LocalWords, guards

ROWS = {Cause.REVIEW_REQUIRED: (Action.REVIEW, Action.ABSTAIN)}
SEEDS = ReviewPolicy(always=True, seed_cache=True)


async def reviewed(desk: RecordingDesk, script: Any = QUOTES, **changes: Any) -> Serving:
    made = await serving(script, **{"fallbacks": ROWS, "review": SEEDS, **changes})
    made.settings["reviews"] = RouteReviews(desk, inline_threads(), keyed_place(b"key"))
    return made


async def approved(made: Serving, desk: RecordingDesk) -> None:
    """Keep what the first review was opened for, as an approval does."""
    _, case, _ = desk.opened[0]
    assert case.place is not None
    assert case.draft is not None
    validated = made.clock.today().timestamp()
    await made.cache.put(case.place.key, CachedAnswer(case.draft, case.place.stamp, validated, case.evidence))


async def test_an_answer_that_nobody_has_approved_stands_in_for_none() -> None:
    desk = RecordingDesk()
    made = await reviewed(desk)
    assert [(await made.ask()).result for _ in range(2)] == [IN_REVIEW, IN_REVIEW]
    assert (made.asked, len(desk.opened)) == (2, 2)


async def test_an_answer_that_was_approved_is_served_without_a_second_review() -> None:
    desk = RecordingDesk()
    made = await reviewed(desk)
    await made.ask()
    await approved(made, desk)
    outcome = await made.ask()
    assert isinstance(outcome.result, Cached)
    assert (made.asked, len(desk.opened)) == (1, 1)
    # It leaves again, with the passages that it cites.
    ((_, case, _),) = desk.samples
    assert (case.draft, [each.document_id for each in case.evidence]) == (outcome.answer, ["lambdas"])


async def test_an_approval_by_another_policy_is_none() -> None:
    desk = RecordingDesk()
    made = await reviewed(desk)
    await made.ask()
    await approved(made, desk)
    made.policy = (await reviewed(desk, review=ReviewPolicy(always=True, second_person=True))).policy
    assert (await made.ask()).result == IN_REVIEW


@pytest.mark.parametrize(
    "changes",
    [
        {"review": ReviewPolicy(always=True)},
        {"cache_policy": None},
        {"screens": guards(LocalWords(email="naïve"), GuardAction.MASK, Screen.ANSWER)},
        {"screens": guards(LocalWords(odd="naïve"), GuardAction.DISTRUST, Screen.EVIDENCE)},
    ],
    ids=["not wanted", "no cache", "masked", "distrusted"],
)
async def test_an_answer_that_no_other_call_may_have_has_no_place(changes: dict[str, Any]) -> None:
    desk = RecordingDesk()
    rows = dict.fromkeys(Cause, (Action.REVIEW,))
    await (await reviewed(desk, **{"fallbacks": rows, **changes})).ask()
    ((_, case, _),) = desk.opened
    assert case.place is None


async def test_calls_that_wait_for_an_answer_that_goes_to_review_answer_for_themselves() -> None:
    desk = RecordingDesk()
    made = await reviewed(desk, [Wait(2), *QUOTES])
    outcomes = await asyncio.gather(*(made.ask() for _ in range(3)))
    assert [each.result for each in outcomes] == [IN_REVIEW] * 3
    assert len(desk.opened) == 3


async def test_an_answer_that_need_not_wait_is_kept_as_ever() -> None:
    desk = RecordingDesk()
    made = await reviewed(desk, review=ReviewPolicy(verified_only=True))
    assert isinstance((await made.ask()).result, Answered)
    assert isinstance((await made.ask()).result, Cached)
    assert desk.opened == []
