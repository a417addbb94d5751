"""A model in the shadow: asked the same, checked the same, compared, and never in the way of an answer."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Answered, FailedSafe, Outcome
from groundwire_server.domain.policy import ShadowPolicy
from groundwire_server.domain.price import Price
from groundwire_server.domain.vocabulary import Cause, Priority, Purpose, Verdict
from groundwire_server.pipeline.routes import ShadowModel
from groundwire_server.telemetry import metrics, names
from groundwire_server.telemetry.trail import Trail, begin_trail
from tests.doubles.budget import SetBudget
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft
from tests.doubles.sink import RecordingSink
from tests.pipeline.running import FIRST, SECOND, Path, path
from tests.pipeline.samples import ALICE, ask

ANSWER: list[Move] = [*draft((FIRST, ["p1"])), DONE]
OTHER: list[Move] = [Wait(2.0), *draft((FIRST, ["p1"]), (SECOND, ["p1"])), DONE]
WRONG: list[Move] = [*draft(("Lambda expressions yield 77 functions.", ["p1"])), DONE]
PRICE = Price(1_000_000, 1_000_000, 1_000_000, "USD")
POLICY = ShadowPolicy("own", share=1.0, max_concurrent=1, max_seconds=30.0, checker=False)


@dataclass
class Slots:
    """Slots that are wanted as a test says."""

    free: bool = True
    wanted: bool = False

    def idle(self) -> bool:
        return self.free

    def contended(self) -> bool:
        return self.wanted


@dataclass
class Shadowed:
    """A path whose answers are compared, and what was recorded of the comparisons."""

    path: Path
    model: ScriptedGenerator
    slots: Slots
    trail: Trail
    compared: list[tuple[Outcome, Outcome]] = field(default_factory=list)

    @property
    def skipped(self) -> dict[tuple[str, ...], float]:
        return self.path.counts.series(metrics.SHADOW_SKIPPED)

    @property
    def answers(self) -> set[tuple[str, ...]]:
        return set(self.path.counts.series(metrics.SHADOW_ANSWERS))


async def shadowed(
    script: list[Move], answer: list[Move] = ANSWER, *, budget: SetBudget | None = None, **policy: object
) -> Shadowed:
    model, slots = ScriptedGenerator(script), Slots()
    shadow = ShadowModel(replace(POLICY, **policy), model, slots, budget)  # type: ignore[arg-type]
    made = Shadowed(await path(answer, price=PRICE, shadow=shadow), model, slots, begin_trail())
    made.trail.compared = lambda shadow, answered: made.compared.append((shadow, answered))
    return made


async def later() -> None:
    await asyncio.sleep(60.0)


async def test_the_model_is_asked_the_same_over_the_same_passages_and_compared() -> None:
    at = await shadowed(OTHER)
    outcome = await at.path.ask(None)
    await later()
    (real,), (asked,) = at.path.models[0].requests, at.model.requests
    assert asked.prompt == real.prompt
    assert (asked.model, asked.requester.priority) == ("own", Priority.EVALUATION)
    assert (outcome.report.model, real.requester.priority) == ("model-1", Priority.INTERACTIVE)
    assert at.answers == {
        ("default", "model-1", "answer", "Answered", "ANSWER_VALIDATED"),
        ("default", "own", "shadow", "Answered", "ANSWER_VALIDATED"),
    }
    sentences = at.path.counts.series(metrics.SHADOW_SENTENCES)
    assert sentences == {
        ("default", "model-1", "answer", Verdict.VERBATIM): 1,
        ("default", "own", "shadow", Verdict.VERBATIM): 2,
    }
    assert at.path.counts.values(metrics.SHADOW_DURATION, "default", "own", "shadow") == [pytest.approx(2.0)]
    ((shadow, answered),) = at.compared
    assert answered is outcome
    assert isinstance(shadow.result, Answered)
    assert (shadow.report.found, shadow.report.passages) == (outcome.report.found, outcome.report.passages)
    assert [(each.model, each.purpose) for each in shadow.report.usage] == [("own", Purpose.SHADOW)]
    assert at.path.counts.of(metrics.TOKENS, "acme", "own", Purpose.SHADOW) == 120


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (WRONG, None),
        ([Failure(Cause.MODEL_UNAVAILABLE)], Cause.MODEL_UNAVAILABLE),
        ([Wait(60.0), *ANSWER], Cause.MODEL_TIMEOUT),
    ],
)
async def test_an_answer_that_would_not_have_stood_is_compared_by_its_cause(
    script: list[Move], cause: Cause | None
) -> None:
    at = await shadowed(script)
    outcome = await at.path.ask(None)
    await later()
    ((shadow, _),) = at.compared
    assert isinstance(outcome.result, Answered)
    assert isinstance(shadow.result, FailedSafe)
    assert shadow.cause in ({cause} if cause else {Cause.CONTRADICTED, Cause.UNSUPPORTED})
    assert ("default", "own", "shadow", "FailedSafe", shadow.cause) in at.answers


async def test_nobody_waits_for_it_and_nobody_sees_it() -> None:
    at, sink = await shadowed([Wait(20.0), *ANSWER]), RecordingSink()
    now = asyncio.get_running_loop().time()
    await at.path.ask(sink)
    assert asyncio.get_running_loop().time() == now
    seen = len(sink.events)
    await later()
    assert len(sink.events) == seen
    assert len(at.compared) == 1


async def test_a_share_of_the_requests_is_compared_and_of_one_request_always_the_same() -> None:
    async def chosen() -> list[bool]:
        at, found = await shadowed(ANSWER, share=0.25), list[bool]()
        for number in range(200):
            before, now = len(at.model.requests), asyncio.get_running_loop().time()
            question = replace(ask(), request_id=f"request-{number}")
            await at.path.answerer.answer(at.path.routes.inquiry(question, ALICE, now, Deadline(now + 4.0)), None)
            await later()
            found.append(len(at.model.requests) > before)
        return found

    first = await chosen()
    assert 30 <= sum(first) <= 70
    assert await chosen() == first


async def test_it_takes_no_slot_that_could_be_wanted() -> None:
    at = await shadowed(ANSWER)
    at.slots.free = False
    await at.path.ask(None)
    await later()
    assert not at.model.requests
    assert at.skipped == {("default", "own", "CAPACITY_EXHAUSTED"): 1}


async def test_it_leaves_its_slot_as_soon_as_somebody_waits_for_one() -> None:
    at = await shadowed([Wait(20.0), *ANSWER])
    await at.path.ask(None)
    await asyncio.sleep(1.0)
    assert at.model.requests
    at.slots.wanted = True
    await asyncio.sleep(0.1)
    assert at.model.cancelled == 1
    await later()
    assert at.skipped == {("default", "own", "CAPACITY_EXHAUSTED"): 1}
    assert not at.compared


async def test_comparisons_at_once_are_bounded() -> None:
    at = await shadowed([Wait(20.0), *ANSWER], max_concurrent=2)
    for _ in range(5):
        await at.path.ask(None)
    await later()
    assert len(at.model.requests) == 2
    assert at.skipped == {("default", "own", "CAPACITY_EXHAUSTED"): 3}
    await at.path.ask(None)
    await later()
    assert len(at.model.requests) == 3


async def test_its_money_is_its_own_and_when_it_is_spent_nothing_is_asked() -> None:
    at = await shadowed(ANSWER, budget=SetBudget(2_000_000))
    await at.path.ask(None)
    await later()
    assert not at.model.requests
    assert at.skipped == {("default", "own", "BUDGET_EXHAUSTED"): 1}
    assert not at.path.counts.series(metrics.SHADOW_COST)

    budget = SetBudget(10_000_000_000)
    at = await shadowed(ANSWER, budget=budget)
    await at.path.ask(None)
    await later()
    assert budget.spent == 120_000_000
    assert at.path.counts.of(metrics.SHADOW_COST, "default", "own", "shadow", "USD") == 120.0
    assert at.path.counts.of(metrics.SHADOW_COST, "default", "model-1", "answer", "USD") == 120.0


@pytest.mark.parametrize("cause", [Cause.MODEL_NOT_READY, Cause.MODEL_RATE_LIMITED, Cause.CAPACITY_EXHAUSTED])
async def test_a_model_that_could_not_be_asked_is_not_compared(cause: Cause) -> None:
    at = await shadowed([Failure(cause)])
    await at.path.ask(None)
    await later()
    assert at.skipped == {("default", "own", cause): 1}
    assert not at.compared
    assert not at.answers


async def test_a_drain_ends_what_runs_and_begins_nothing() -> None:
    at = await shadowed([Wait(20.0), *ANSWER])
    await at.path.ask(None)
    await asyncio.sleep(1.0)
    at.path.shadows.end()
    await at.path.ask(None)
    await later()
    assert (len(at.model.requests), at.model.cancelled) == (1, 1)
    assert not at.compared


async def test_an_answer_without_a_model_is_compared_with_nothing() -> None:
    at = await shadowed(ANSWER)
    now = asyncio.get_running_loop().time()
    abroad = at.path.routes.inquiry(ask("Quartz vermilion zeppelin?"), ALICE, now, Deadline(now + 4.0))
    outcome = await at.path.answerer.answer(abroad, None)
    assert not outcome.report.attempts
    await later()
    assert not at.model.requests


async def test_a_model_that_has_answered_is_not_compared_with_itself() -> None:
    at = await shadowed(ANSWER, model="model-1")
    outcome = await at.path.ask(None)
    await later()
    assert outcome.report.model == "model-1"
    assert not at.model.requests
    assert not at.skipped


async def test_its_trace_is_its_own_linked_to_the_calls_and_without_a_text() -> None:
    at = await shadowed(ANSWER)
    with at.path.spans.tracer.start_as_current_span("call") as call:
        await at.path.ask(None)
    await later()
    (span,) = [each for each in at.path.spans.finished if each.name == "groundwire.shadow"]
    assert span.parent is None
    assert span.context is not None
    assert span.context.trace_id != call.get_span_context().trace_id
    assert [link.context.span_id for link in span.links] == [call.get_span_context().span_id]
    attributes = dict(span.attributes or {})
    assert (attributes[names.MODEL], attributes[names.CAUSE]) == ("own", "ANSWER_VALIDATED")
    stages = [each for each in at.path.spans.finished if each.parent and each.parent.span_id == span.context.span_id]
    assert {each.name for each in stages} >= {"groundwire.prompt", "groundwire.generate", "groundwire.validate"}
    assert "naïve" not in at.path.spans.everything()
