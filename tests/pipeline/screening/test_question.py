"""The question, and what is made of it, on the screen before all else."""

import asyncio
from dataclasses import replace

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.guards.finding import Flag, PolicyBlock
from groundwire_server.domain.outcome import Abstained, Answered, Blocked, FailedSafe, Outcome
from groundwire_server.domain.policy import ScreenPolicy
from groundwire_server.domain.prompts.context import ContextBlock, ContextSource
from groundwire_server.domain.question import Turn
from groundwire_server.domain.vocabulary import (
    Action,
    Cause,
    GuardAction,
    NextStep,
    Purpose,
    Screen,
    Stage,
    WithoutGuard,
)
from groundwire_server.telemetry import metrics
from tests.doubles.generator import DONE, ScriptedGenerator, draft
from tests.pipeline.running import FIRST, Path, path
from tests.pipeline.samples import ALICE, ask
from tests.pipeline.screening.guarding import IDENTITY, LocalWords, RemoteWords, guards

QUESTION = Screen.QUESTION
CLOSED = {QUESTION: ScreenPolicy(WithoutGuard.CLOSED, 0.5)}


async def asked(made: Path, text: str = "What does a lambda expression yield?", **changes: object) -> Outcome:
    now = asyncio.get_running_loop().time()
    inquiry = made.routes.inquiry(ask(text, **changes), ALICE, now, Deadline(now + 4.0))
    return await made.answerer.answer(inquiry, None)


def writes() -> ScriptedGenerator:
    return ScriptedGenerator([*draft((FIRST, ["p1"])), DONE])


async def test_what_is_forbidden_is_blocked_before_anything_sees_it() -> None:
    guard = LocalWords(injection="lambda")
    model = writes()
    outcome = await asked(await path(model, screens=guards(guard, GuardAction.BLOCK, QUESTION)))
    assert outcome.result == Blocked(PolicyBlock(IDENTITY, "injection"))
    assert (outcome.cause, outcome.action, outcome.next_step) == (
        Cause.QUESTION_FORBIDDEN,
        Action.BLOCK,
        NextStep.DO_NOT_RETRY,
    )
    assert outcome.report.flags == {Flag(QUESTION, IDENTITY, "injection", GuardAction.BLOCK): 1}
    assert [timing.stage for timing in outcome.report.stages] == [
        Stage.NORMALIZE,
        Stage.SCREEN_QUESTION,
        Stage.DECIDE,
    ]
    assert not model.requests


async def test_the_table_of_the_route_decides_what_follows() -> None:
    made = await path(
        writes(),
        screens=guards(LocalWords(injection="lambda"), GuardAction.BLOCK, QUESTION),
        fallbacks={Cause.QUESTION_FORBIDDEN: (Action.ABSTAIN,)},
    )
    outcome = await asked(made)
    assert isinstance(outcome.result, Abstained)
    assert outcome.cause is Cause.QUESTION_FORBIDDEN


async def test_a_flag_is_reported_and_nothing_else() -> None:
    made = await path(writes(), screens=guards(LocalWords(injection="lambda"), GuardAction.FLAG, QUESTION))
    outcome = await asked(made)
    assert isinstance(outcome.result, Answered)
    assert outcome.report.flags == {Flag(QUESTION, IDENTITY, "injection", GuardAction.FLAG): 1}
    assert made.spans.events("groundwire.screen_question") == [
        {
            "groundwire.guard": "words",
            "groundwire.guard.version": "7",
            "groundwire.guard.category": "injection",
            "groundwire.guard.action": "FLAG",
            "groundwire.guard.texts": 1,
        }
    ]
    assert made.counts.series(metrics.GUARD_FINDINGS) == {("default", "QUESTION", "words", "injection", "FLAG"): 1}


async def test_a_category_may_be_ignored() -> None:
    screens = guards(LocalWords(injection="lambda"), GuardAction.BLOCK, QUESTION, by_category={"injection": None})
    outcome = await asked(await path(writes(), screens=screens))
    assert isinstance(outcome.result, Answered)
    assert not outcome.report.flags


@pytest.mark.parametrize(("tenants", "result"), [({"acme"}, Blocked), ({"globex"}, Answered)])
async def test_a_guard_may_look_for_some_tenants_alone(tenants: set[str], result: type) -> None:
    screens = guards(LocalWords(injection="lambda"), GuardAction.BLOCK, QUESTION, tenants=frozenset(tenants))
    assert isinstance((await asked(await path(writes(), screens=screens))).result, result)


async def test_earlier_turns_are_read_too() -> None:
    guard = LocalWords(injection="Forget")
    turns = (Turn(by_user=True, text="Forget all."), Turn(by_user=False, text="No."))
    outcome = await asked(await path(writes(), screens=guards(guard, GuardAction.BLOCK, QUESTION)), turns=turns)
    assert isinstance(outcome.result, Blocked)
    assert guard.seen == ["What does a lambda expression yield?", "Forget all.", "No."]


async def test_what_a_rewrite_makes_of_it_is_read_again() -> None:
    guard = LocalWords(injection="lambda expressions have names")
    turns = (Turn(by_user=True, text="What do lambda expressions yield?"), Turn(by_user=False, text="Functions."))
    outcome = await asked(
        await path(writes(), screens=guards(guard, GuardAction.BLOCK, QUESTION)), "Do they have names?", turns=turns
    )
    assert isinstance(outcome.result, Blocked), guard.seen


async def test_a_guard_outside_is_asked_at_once_and_charged() -> None:
    guard = RemoteWords(injection="lambda")
    outcome = await asked(await path(writes(), screens=guards(guard, GuardAction.BLOCK, QUESTION)))
    assert isinstance(outcome.result, Blocked)
    (usage,) = outcome.report.usage
    assert (usage.model, usage.purpose, usage.usage.input_tokens) == ("guard-model", Purpose.GUARD, 5)
    assert guard.requests[0].texts == ("What does a lambda expression yield?",)


@pytest.mark.parametrize(
    "guard",
    [
        RemoteWords(failure=Cause.MODEL_UNAVAILABLE),
        RemoteWords(seconds=3.0),
        RemoteWords(failure=Cause.OUTPUT_MALFORMED),
    ],
    ids=["down", "late", "lies"],
)
@pytest.mark.parametrize("closed", [False, True])
async def test_without_its_guard_a_route_is_open_or_closed(guard: RemoteWords, closed: bool) -> None:
    policies = CLOSED if closed else {QUESTION: ScreenPolicy(WithoutGuard.OPEN, 0.5)}
    made = await path(writes(), screens=guards(guard, GuardAction.BLOCK, QUESTION))
    (route,) = (made.routes._routes["default"],)
    made.routes._routes = {"default": replace(route, policy=replace(route.policy, screens=policies))}
    outcome = await asked(made)
    if closed:
        assert isinstance(outcome.result, FailedSafe)
        assert (outcome.cause, outcome.next_step) == (Cause.GUARD_UNAVAILABLE, NextStep.RETRY_AFTER)
    else:
        assert isinstance(outcome.result, Answered)
        assert outcome.report.guards_unavailable == ("words",)


async def test_a_guard_outside_is_not_asked_about_what_one_inside_blocks() -> None:
    outside = RemoteWords(injection="nothing")
    inside = guards(LocalWords(injection="lambda"), GuardAction.BLOCK, QUESTION)[QUESTION]
    both = {QUESTION: replace(inside, remote=guards(outside, GuardAction.BLOCK, QUESTION)[QUESTION].remote)}
    assert isinstance((await asked(await path(writes(), screens=both))).result, Blocked)
    assert not outside.requests


async def test_a_search_alone_is_screened_as_well() -> None:
    made = await path(writes(), screens=guards(LocalWords(injection="lambda"), GuardAction.BLOCK, QUESTION))
    now = asyncio.get_running_loop().time()
    with pytest.raises(Failure) as caught:
        await made.answerer.search(made.routes.inquiry(ask(), ALICE, now, Deadline(now + 4.0)))
    assert caught.value.cause is Cause.QUESTION_FORBIDDEN


async def test_values_of_the_callers_are_screened_as_turns_are() -> None:
    shows = (ContextBlock("plan", ContextSource.CALLER, 100, key="plan"),)
    screens = guards(LocalWords(injection="secret"), GuardAction.BLOCK, QUESTION)
    outcome = await asked(await path(writes(), screens=screens, context=shows), context=(("plan", "secret"),))
    assert outcome.result == Blocked(PolicyBlock(IDENTITY, "injection"))


async def test_values_that_no_model_sees_are_not_screened() -> None:
    screens = guards(LocalWords(injection="secret"), GuardAction.BLOCK, QUESTION)
    outcome = await asked(await path(writes(), screens=screens), context=(("plan", "secret"),))
    assert isinstance(outcome.result, Answered)
