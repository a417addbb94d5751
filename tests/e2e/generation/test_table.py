"""The route's table, cause by action, each driven by what a dependency does."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc

from groundwire.v1 import (
    answer_service_pb2,
    cause_pb2,
    operation_pb2,
    outcome_pb2,
)
from groundwire_server.app.configuration.fallbacks import FALLBACKS
from groundwire_server.domain.fallback import never_after
from groundwire_server.domain.vocabulary import Action, Cause
from tests.doubles.upstream import Beat, Reply, Reset, Stall, Upstream
from tests.e2e.calls import ACME, answer, question
from tests.e2e.generation.conftest import Serve, Served, provider, two, two_models
from tests.e2e.generation.drafts import SENTENCE, answers, chunk, segments, writes
from tests.e2e.generation.test_faults import OPEN, error, segment, whole


@dataclass(frozen=True)
class Drive:
    """What makes a cause happen.

    Attributes:
        reply: the first model's first; it answers whatever it is asked after that.
        model: settings of the first model.
        route: settings of the route.
        limits: rows of the table of limits.
        seconds: of the call.
        text: of the question.
        impossible: actions that there is no time for then, so that the row goes on to its end.
        again: actions that meet the same cause again.
    """

    reply: Reply = field(default_factory=answers)
    model: dict[str, Any] = field(default_factory=dict)
    route: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    seconds: float = 10.0
    text: str = "What do lambda expressions create?"
    impossible: frozenset[Action] = frozenset()
    again: frozenset[Action] = frozenset()


ATTEMPTS = (Action.NEXT_MODEL, Action.SHORTER_PROMPT, Action.REPAIR)
ACTIONS = (*ATTEMPTS, Action.PASSAGES_ONLY, Action.ABSTAIN, Action.FAIL_SAFE)


def wrote(*texts: str, **more: Any) -> Drive:
    """What it wrote cannot be used, and can be mended."""
    return Drive(Reply(writes(*segments(*texts, **more))))


DRIVES: dict[Cause, Drive] = {
    Cause.MODEL_UNAVAILABLE: Drive(error("500 Internal Server Error")),
    Cause.MODEL_NOT_READY: Drive(Reply([b'{"error":{"message":"Loading model"}}'], "503 Service Unavailable")),
    Cause.MODEL_TIMEOUT: Drive(
        Reply([Stall()]),
        {"bounds": {"first_token_seconds": None}},
        {"time": {"first_token_share": 1}},
        seconds=5.0,
        impossible=frozenset(ATTEMPTS),
    ),
    Cause.MODEL_SLOW_START: Drive(Reply([Stall()]), {"bounds": {"first_token_seconds": 0.05}}),
    Cause.MODEL_INTERRUPTED: Drive(Reply([chunk(OPEN), Beat(), Reset()])),
    # Until then the same model is not asked, with a shorter prompt either.
    Cause.MODEL_RATE_LIMITED: Drive(
        error("429 Too Many Requests", "rate_limit_exceeded", Retry_After="7"),
        again=frozenset({Action.SHORTER_PROMPT}),
    ),
    Cause.MODEL_QUOTA_EXHAUSTED: Drive(error("429 Too Many Requests", "insufficient_quota")),
    Cause.MODEL_MISCONFIGURED: Drive(error("401 Unauthorized")),
    Cause.MODEL_REFUSED: Drive(Reply([chunk(refusal="No."), chunk(reason="stop")])),
    Cause.MODEL_CONTENT_FILTERED: Drive(Reply([chunk(reason="content_filter")])),
    Cause.PROMPT_TOO_LONG: Drive(error("413 Content Too Large")),
    Cause.OUTPUT_CUT_OFF: Drive(Reply(writes(OPEN, reason="length"))),
    Cause.OUTPUT_MALFORMED: Drive(Reply(writes("Sure!"))),
    Cause.OUTPUT_EMPTY: Drive(Reply(writes())),
    Cause.OUTPUT_TOO_LONG: Drive(
        Reply(writes(*segments(" ".join([SENTENCE] * 9)))),
        route={"limits": {"answer_chars": 100}},
    ),
    Cause.CITATION_MISSING: wrote("Bananas ripen quickly.", cites=[]),
    Cause.CITATION_UNKNOWN: wrote(SENTENCE, cites=["p77"]),
    Cause.UNSUPPORTED: wrote("Lambda calculus was invented by Church."),
    Cause.CONTRADICTED: wrote("Lambda expressions create no anonymous functions."),
    Cause.NOT_VERIFIED: Drive(
        whole(confidence="high", segments=[segment("Lambda expressions create functions.")]),
        route={"release": {"minimum": "VERIFIED"}, "checker": "away"},
    ),
    Cause.PROMPT_LEAKED: wrote("Say only what the cited passages say, with their own names."),
    Cause.CONFIDENCE_NOT_ALLOWED: wrote(SENTENCE, confidence="low"),
    Cause.MODEL_ABSTAINED: wrote(confidence="low"),
    Cause.BUDGET_EXHAUSTED: Drive(
        model={"price": {"input": 3, "output": 15}},
        limits={"all": {"cost_per_day": 0.000001}},
        again=frozenset({Action.SHORTER_PROMPT}),
    ),
    Cause.CAPACITY_EXHAUSTED: Drive(
        Reply([Stall()]),
        {"concurrency": {"max_concurrent": 1, "queue_size": 0}},
        again=frozenset({Action.SHORTER_PROMPT}),
    ),
    Cause.NO_EVIDENCE: Drive(text=""),
    Cause.INSUFFICIENT_EVIDENCE: Drive(
        route={"thresholds": {"min_relevance": 0.9}},
        text="How do lambda plants grow in winter?",
    ),
}

ENDS: dict[Action, tuple[str, list[str]]] = {
    Action.NEXT_MODEL: ("degraded", ["LOSS_SIMPLER_MODEL"]),
    Action.SHORTER_PROMPT: ("degraded", ["LOSS_FEWER_PASSAGES"]),
    Action.REPAIR: ("answered", []),
    Action.PASSAGES_ONLY: ("degraded", ["LOSS_ANSWER"]),
    Action.ABSTAIN: ("abstained", []),
    Action.FAIL_SAFE: ("failed_safe", []),
}
PASSING = {
    Cause.MODEL_UNAVAILABLE,
    Cause.MODEL_NOT_READY,
    Cause.MODEL_TIMEOUT,
    Cause.MODEL_SLOW_START,
    Cause.MODEL_INTERRUPTED,
    Cause.MODEL_RATE_LIMITED,
    Cause.CAPACITY_EXHAUSTED,
}


SINGLE = [(cause, action) for cause in DRIVES for action in ACTIONS if never_after(action, cause) is None]
"""Rows of one action: every action after every cause that does not rule it out."""


@pytest.mark.parametrize(("cause", "action"), SINGLE)
async def test_a_cause_is_answered_by_the_action_of_its_row(configured: Serve, cause: Cause, action: Action) -> None:
    drive = DRIVES[cause]
    taken = Action.FAIL_SAFE if action in drive.impossible | drive.again else action
    async with (
        two([drive.reply, answers()], [answers()]) as (first, second),
        configured(sections(drive, first, second, fallbacks={cause.value: [action.value]})) as served,
        AsyncExitStack() as held,
    ):
        if cause is Cause.CAPACITY_EXHAUSTED:
            await occupied(served, first, held)
        outcome = await asked(served, drive)
    result, losses = ENDS[taken]
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
    assert outcome_pb2.Action.Name(outcome.action) == f"ACTION_{taken}"
    assert outcome.WhichOneof("result") == result
    match taken:
        case Action.REPAIR:
            assert outcome.answered.answer.text == SENTENCE
            assert b"<draft" in first.requests[-1].body
        case Action.NEXT_MODEL | Action.SHORTER_PROMPT:
            assert outcome.degraded.answer.text == SENTENCE
            assert outcome.report.model == ("small" if taken is Action.NEXT_MODEL else "large")
        case Action.PASSAGES_ONLY:
            assert outcome.degraded.passages[0].text == SENTENCE
        case Action.FAIL_SAFE:
            assert outcome.failed_safe.retryable == (cause in PASSING)
        case _:
            pass
    if result == "degraded":
        assert [outcome_pb2.Degraded.Loss.Name(loss) for loss in outcome.degraded.losses] == losses
    if cause is Cause.MODEL_RATE_LIMITED and taken is Action.FAIL_SAFE:
        assert 6 < outcome.failed_safe.retry_after.ToTimedelta().total_seconds() <= 7
    attempts = {Cause.NO_EVIDENCE: 0, Cause.INSUFFICIENT_EVIDENCE: 0}.get(cause, 1)
    assert outcome.report.attempts == attempts + (action in ATTEMPTS and action not in drive.impossible)


BUILT_IN = [
    (cause, action)
    for cause, drive in DRIVES.items()
    for action in FALLBACKS[cause]
    if action in (*ATTEMPTS, Action.PASSAGES_ONLY, Action.ABSTAIN, FALLBACKS[cause][-1])
    and action not in drive.impossible
    and never_after(action, cause) is None
    # Passages were found wherever a model was asked.
    and not (action is Action.FAIL_SAFE and Action.PASSAGES_ONLY in FALLBACKS[cause])
]
"""The cells of the table that need neither an earlier answer nor a queue."""


@pytest.mark.parametrize(("cause", "action"), BUILT_IN)
async def test_the_row_built_in_is_followed_to_each_of_its_actions(
    configured: Serve, cause: Cause, action: Action
) -> None:
    drive = DRIVES[cause]
    repaired = action in {Action.REPAIR, Action.SHORTER_PROMPT}
    async with (
        two([drive.reply, answers()] if repaired else [drive.reply], [answers()]) as (first, second),
        configured(sections(drive, first, second, alone=action not in ATTEMPTS)) as served,
        AsyncExitStack() as held,
    ):
        if cause is Cause.CAPACITY_EXHAUSTED:
            await occupied(served, first, held)
        outcome = await asked(served, drive)
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
    assert outcome_pb2.Action.Name(outcome.action) == f"ACTION_{action}"
    assert outcome.WhichOneof("result") == ENDS[action][0]


NOBODY = (("groundwire-tenant", "empty"), ("groundwire-subject", "alice"))
"""A caller without a document."""

FOR_ONE = {"all": {"cost_per_day": 0.016}}
"""Enough for one answer, and not for another until the day ends."""

STANDING_IN = [cause for cause in DRIVES if Action.CACHED_ANSWER in FALLBACKS[cause]]


@pytest.mark.parametrize("cause", STANDING_IN)
async def test_an_earlier_answer_stands_in_where_the_row_built_in_comes_to_it(configured: Serve, cause: Cause) -> None:
    drive = DRIVES[cause]
    if cause is Cause.BUDGET_EXHAUSTED:
        drive = replace(drive, reply=answers(), limits=FOR_ONE)
    async with (
        two([answers(), drive.reply], [answers()]) as (first, second),
        configured(sections(drive, first, second, alone=True)) as served,
        AsyncExitStack() as held,
    ):
        earlier = await asked(served, replace(drive, seconds=10.0))
        assert earlier.WhichOneof("result") == "answered"
        first.began.clear()
        if cause is Cause.CAPACITY_EXHAUSTED:
            await occupied(served, first, held)
        outcome = await asked(served, drive)
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
    assert outcome_pb2.Action.Name(outcome.action) == "ACTION_CACHED_ANSWER"
    assert outcome.cached.answer.text == earlier.answered.answer.text == SENTENCE
    assert outcome.next_step == outcome_pb2.NEXT_STEP_SHOW_WITH_CAUTION


WAITING = [cause for cause in DRIVES if Action.QUEUE in FALLBACKS[cause]]


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "not allowed"])
@pytest.mark.parametrize("cause", WAITING)
async def test_a_question_waits_where_the_row_built_in_comes_to_it_and_the_caller_allows_it(
    configured: Serve, cause: Cause, allowed: bool
) -> None:
    drive = DRIVES[cause]
    if cause is Cause.BUDGET_EXHAUSTED:
        drive = replace(drive, limits=FOR_ONE)
    async with (
        two([drive.reply], [answers()]) as (first, second),
        configured(sections(drive, first, second, alone=True), queue=True) as served,
        AsyncExitStack() as held,
    ):
        if cause is Cause.CAPACITY_EXHAUSTED:
            await occupied(served, first, held)
        if cause is Cause.BUDGET_EXHAUSTED:
            await answer(served, question("Do lambda expressions have names?"))
        outcome = await answer(served, question(drive.text, allow_queue=allowed), seconds=drive.seconds)
    assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
    if allowed:
        assert outcome_pb2.Action.Name(outcome.action) == "ACTION_QUEUE"
        assert outcome.queued.operation.startswith("operations/")
        assert outcome.next_step == outcome_pb2.NEXT_STEP_WAIT_FOR_OPERATION
    else:
        assert outcome.WhichOneof("result") == ("failed_safe" if cause is Cause.BUDGET_EXHAUSTED else "degraded")


REVIEWED = [cause for cause in DRIVES if never_after(Action.REVIEW, cause) is None]


@pytest.mark.parametrize("cause", REVIEWED)
async def test_a_person_is_asked_where_the_row_says_so(configured: Serve, cause: Cause) -> None:
    drive = DRIVES[cause]
    drive = replace(drive, route={**drive.route, "review": {"enabled": True, "expected_within_seconds": 60}})
    rows = {cause.value: ["REVIEW", "FAIL_SAFE"]}
    async with (
        two([drive.reply], [answers()]) as (first, second),
        configured(sections(drive, first, second, fallbacks=rows), reviews=True) as served,
        AsyncExitStack() as held,
    ):
        if cause is Cause.CAPACITY_EXHAUSTED:
            await occupied(served, first, held)
        outcome = await asked(served, drive)
        assert cause_pb2.Cause.Name(outcome.cause) == f"CAUSE_{cause}"
        assert outcome_pb2.Action.Name(outcome.action) == "ACTION_REVIEW"
        assert outcome.WhichOneof("result") == "in_review"
        assert outcome.next_step == outcome_pb2.NEXT_STEP_WAIT_FOR_REVIEW
        assert outcome.in_review.expected_within.seconds == 60
        operation = await waiting_for(served, outcome.in_review.operation, ACME if drive.text else NOBODY)
    assert operation.state == operation_pb2.AnswerOperationMetadata.STATE_IN_REVIEW
    assert operation.ticket == outcome.in_review.ticket
    assert operation.request_id == outcome.report.request_id


def test_every_cell_of_a_cause_that_a_model_is_behind_is_driven() -> None:
    driven = {*BUILT_IN, *((cause, Action.CACHED_ANSWER) for cause in STANDING_IN)}
    driven |= {(cause, Action.QUEUE) for cause in WAITING}
    driven |= {(cause, Action.REVIEW) for cause in REVIEWED}
    left = {(cause, action) for cause in DRIVES for action in FALLBACKS[cause]} - driven
    # What the cause itself leaves no time, or nothing, for; passages were found wherever a model was asked.
    assert {each for each in left if each[1] is not Action.FAIL_SAFE} == {
        (Cause.MODEL_TIMEOUT, Action.NEXT_MODEL),
        (Cause.OUTPUT_EMPTY, Action.REPAIR),
    }


def sections(
    drive: Drive,
    first: Upstream,
    second: Upstream,
    *,
    fallbacks: dict[str, list[str]] | None = None,
    alone: bool = False,
) -> dict[str, Any]:
    """The sections of a server whose first model is driven to fail.

    Args:
        drive: how.
        first: the provider of that model.
        second: that of the other.
        fallbacks: rows of the route.
        alone: whether the route asks no other.
    """
    route = {**drive.route, **({} if fallbacks is None else {"fallbacks": fallbacks})}
    made = two_models(first, second, route=route, **{"retry": {"max_attempts": 1}, **drive.model})
    if alone:
        made["routes"]["default"]["models"] = ["large"]
    made["limits"] = drive.limits
    # Nobody listens there: what the rules say stands.
    made["providers"]["nowhere"] = provider("http://127.0.0.1:9/v1")
    made["checkers"] = {"away": {"kind": "decisions", "provider": "nowhere", "model": "m"}}
    return made


async def asked(served: Served, drive: Drive) -> outcome_pb2.Outcome:
    if drive.text:
        return await answer(served, question(drive.text), seconds=drive.seconds)
    # A tenant without a document.
    request = answer_service_pb2.AnswerRequest(question=question())
    return (await served.answers.Answer(request, metadata=NOBODY, timeout=10)).outcome


async def waiting_for(
    served: Served, name: str, caller: tuple[tuple[str, str], ...]
) -> operation_pb2.AnswerOperationMetadata:
    """What is known of an operation that is not done."""
    operations = operations_pb2_grpc.OperationsStub(served.channel)
    request = operations_pb2.GetOperationRequest(name=name)
    operation = await operations.GetOperation(request, metadata=caller, timeout=10)
    assert not operation.done
    metadata = operation_pb2.AnswerOperationMetadata()
    assert operation.metadata.Unpack(metadata)
    return metadata


async def occupied(served: Served, first: Upstream, held: AsyncExitStack) -> None:
    """Have another call hold the only place."""
    request = answer_service_pb2.AnswerRequest(question=question())
    call = served.answers.Answer(request, metadata=ACME, timeout=10)
    waiting = asyncio.ensure_future(call)
    await first.began.wait()

    async def let_go() -> None:
        call.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    held.push_async_callback(let_go)


def test_every_cause_of_a_model_is_driven() -> None:
    of_models = {cause for cause in Cause if cause.startswith(("MODEL_", "OUTPUT_", "CITATION_"))}
    of_sentences = {Cause.UNSUPPORTED, Cause.CONTRADICTED, Cause.NOT_VERIFIED}
    assert of_models | of_sentences | {Cause.PROMPT_TOO_LONG, Cause.PROMPT_LEAKED} <= set(DRIVES)
