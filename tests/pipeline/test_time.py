"""Each stage that waits is told its deadline, is held to it, and ends when the caller leaves.

Deleting the line that passes a deadline or a cancellation on turns one of these red.
"""

import asyncio
from dataclasses import replace

import pytest

from groundwire_server.adapters.prompts.catalogue import built_in_prompts
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.document import Chunk, Document
from groundwire_server.domain.event import NumberedEvent, TextDelta
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Answered, Degraded, FailedSafe, Outcome
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Action, Cause, Loss, Stage
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.routes import Ports, Route, RouteTable
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.sink import Sink
from tests.doubles.counts import Counts
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.generator import DONE, ScriptedGenerator, Wait, draft
from tests.doubles.inline import inline_threads
from tests.doubles.policies import EXTRACTIVE
from tests.doubles.sink import RecordingSink
from tests.doubles.spans import Spans
from tests.doubles.store import MemoryStore
from tests.doubles.time import LoopTime
from tests.pipeline.samples import ALICE, RULES, ask, policy

TEXT = "Lambda expressions yield anonymous functions."
SECONDS = 4.0
SEARCH = 0.95
NEIGHBOURS = 0.38
GENERATION = 3.77


class Path:
    """The path over doubles, in virtual time."""

    def __init__(self, generator: ScriptedGenerator | None = None, route: Policy | None = None) -> None:
        self.store = MemoryStore()
        self.embedder = HashingEmbedder()
        self.generator = generator or ScriptedGenerator()
        self.other = ScriptedGenerator()
        self.spans = Spans()
        generators = {EXTRACTIVE: self.generator, "other": self.other}
        ports = Ports(self.store, self.embedder, built_in_prompts(), generators, AclRecheck(Counts()), RULES)
        routes = {"default": Route(replace(route or policy(), min_relevance=0.05), ports)}
        self.routes = RouteTable(routes)
        self.answerer = PipelineAnswerer(
            self.routes, LoopTime(), Recording(self.spans.tracer, Counts()), inline_threads()
        )

    async def filled(self) -> "Path":
        document = Document("lambdas", TEXT, allowed_principals=frozenset({"*"}))
        (vector,) = await self.embedder.embed([TEXT], Deadline(float("inf")))
        await self.store.put(ALICE, document, "hash", [Chunk("c1", 0, TEXT, vector)], Deadline(float("inf")))
        self.embedder.deadlines.clear()
        self.store.deadlines.clear()
        return self

    async def answer(self, seconds: float | None = SECONDS, sink: Sink | None = None) -> Outcome:
        now = asyncio.get_running_loop().time()
        deadline = None if seconds is None else Deadline(now + seconds)
        return await self.answerer.answer(self.routes.inquiry(ask(), ALICE, now, deadline), sink)

    async def search(self) -> None:
        now = asyncio.get_running_loop().time()
        await self.answerer.search(self.routes.inquiry(ask(), ALICE, now, Deadline(now + SECONDS)))


async def test_the_search_is_told_its_share_of_the_deadline() -> None:
    path = await Path().filled()
    began = asyncio.get_running_loop().time()
    await path.answer()
    assert path.store.deadlines[0].at - began == pytest.approx(SEARCH)


async def test_reading_neighbours_has_a_small_share_of_what_is_left() -> None:
    path = await Path().filled()
    began = asyncio.get_running_loop().time()
    await path.answer()
    _, around = path.store.deadlines
    assert around.at - began == pytest.approx(NEIGHBOURS)


@pytest.mark.parametrize(("share", "seconds", "bounded"), [(0.5, 0.18, False), (0.99, 5.0, False), (0.5, 1.0, True)])
async def test_a_model_must_have_begun_only_while_another_can_still_be_asked(
    share: float, seconds: float, bounded: bool
) -> None:
    path = await Path(route=replace(policy(), models=(EXTRACTIVE, "other"), first_token_share=share)).filled()
    await path.answer(seconds)
    (asked,) = path.generator.requests
    assert (asked.start_by != NEVER) is bounded


async def test_the_embedder_is_told_the_searchs_deadline() -> None:
    path = await Path().filled()
    began = asyncio.get_running_loop().time()
    await path.answer()
    assert [by.at - began for by in path.embedder.deadlines] == pytest.approx([SEARCH])


async def test_the_model_is_told_when_it_must_have_finished() -> None:
    path = await Path().filled()
    began = asyncio.get_running_loop().time()
    await path.answer()
    assert [by.at - began for by in path.generator.deadlines] == pytest.approx([GENERATION])


async def test_without_a_deadline_the_routes_default_applies() -> None:
    path = await Path(route=replace(policy(), default_deadline=2.0)).filled()
    began = asyncio.get_running_loop().time()
    await path.answer(None)
    assert [by.at - began for by in path.generator.deadlines] == pytest.approx([2.0 - 0.1 - 0.03])


async def test_a_deadline_over_the_routes_maximum_is_cut_to_it() -> None:
    path = await Path(route=replace(policy(), max_deadline=4.0)).filled()
    began = asyncio.get_running_loop().time()
    await path.answer(3600.0)
    assert [by.at - began for by in path.generator.deadlines] == pytest.approx([GENERATION])


async def test_a_slow_search_is_cancelled_at_its_share_and_fails_safe() -> None:
    path = await Path().filled()
    path.store.delay = 60.0
    began = asyncio.get_running_loop().time()
    outcome = await path.answer()
    assert asyncio.get_running_loop().time() - began == pytest.approx(SEARCH)
    assert path.store.cancelled == 1
    assert outcome.cause is Cause.STORE_TIMEOUT
    assert isinstance(outcome.result, FailedSafe)


async def test_a_slow_embedder_is_held_to_the_searchs_share() -> None:
    path = await Path().filled()
    path.embedder.delay = 60.0
    began = asyncio.get_running_loop().time()
    outcome = await path.answer()
    assert asyncio.get_running_loop().time() - began == pytest.approx(SEARCH)
    assert outcome.cause is Cause.EMBEDDER_UNAVAILABLE
    assert isinstance(outcome.result, FailedSafe)
    assert not path.generator.requests


async def test_a_search_alone_may_use_all_the_time_there_is() -> None:
    path = await Path().filled()
    began = asyncio.get_running_loop().time()
    await path.search()
    assert [by.at - began for by in path.store.deadlines] == pytest.approx([3.8])


async def test_a_search_alone_that_is_too_slow_is_cancelled_when_there_is_no_more() -> None:
    path = await Path().filled()
    path.store.delay = 60.0
    began = asyncio.get_running_loop().time()
    with pytest.raises(Failure) as caught:
        await path.search()
    assert caught.value.cause is Cause.STORE_TIMEOUT
    assert asyncio.get_running_loop().time() - began == pytest.approx(3.8)


class SlowSink(RecordingSink):
    """A reader that takes its time for every event."""

    async def emit(self, event: NumberedEvent) -> None:
        await asyncio.sleep(1.0)
        await super().emit(event)


async def test_a_slow_reader_is_not_taken_for_a_slow_model() -> None:
    # Started, evidence, each delta and each citation take a second.
    pieces = draft((TEXT, ["p1"]), (TEXT, ["p1"]), (TEXT, ["p1"]))
    path = await Path(ScriptedGenerator([*pieces, DONE])).filled()
    sink = SlowSink()
    outcome = await path.answer(seconds=5.0, sink=sink)
    assert outcome.cause is Cause.TIME_EXHAUSTED
    assert outcome.action is Action.CUT_SHORT
    # What was being written when the time ended has arrived whole.
    assert isinstance(outcome.result, Degraded)
    assert outcome.result.answer is not None
    assert "".join(e.text for e in sink.events if isinstance(e, TextDelta)) == outcome.result.answer.text


async def test_a_slow_model_is_stopped_so_that_passages_still_arrive_in_time() -> None:
    path = await Path(ScriptedGenerator([Wait(60.0), DONE])).filled()
    began = asyncio.get_running_loop().time()
    outcome = await path.answer()
    assert asyncio.get_running_loop().time() - began == pytest.approx(GENERATION)
    assert outcome.cause is Cause.MODEL_TIMEOUT
    assert isinstance(outcome.result, Degraded)


async def test_a_model_that_disregards_its_deadline_is_cancelled_at_it() -> None:
    path = await Path(Deaf()).filled()
    began = asyncio.get_running_loop().time()
    outcome = await path.answer()
    assert asyncio.get_running_loop().time() - began == pytest.approx(GENERATION)
    assert outcome.cause is Cause.MODEL_TIMEOUT
    assert path.generator.cancelled == 1


async def test_too_little_time_for_anything_still_ends_in_an_outcome() -> None:
    path = await Path().filled()
    outcome = await path.answer(0.01)
    assert (outcome.cause, outcome.action) == (Cause.TIME_EXHAUSTED, Action.FAIL_SAFE)
    assert not path.store.deadlines


@pytest.mark.parametrize("stage", [Stage.RETRIEVE, Stage.GENERATE])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_caller_that_leaves_cancels_what_runs(stage: Stage, streamed: bool) -> None:
    path = await Path(ScriptedGenerator([Wait(3.0), DONE])).filled()
    if stage is Stage.RETRIEVE:
        path.store.delay = 0.5
    task = asyncio.create_task(path.answer(sink=RecordingSink() if streamed else None))
    await asyncio.sleep(0.25)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (path.store.cancelled, path.generator.cancelled) == ((1, 0) if stage is Stage.RETRIEVE else (0, 1))
    assert path.spans.attributes(f"groundwire.{stage.lower()}")["groundwire.cancelled"] is True


async def test_a_caller_that_leaves_cancels_the_embedder() -> None:
    path = await Path().filled()
    path.embedder.delay = 0.5
    task = asyncio.create_task(path.answer())
    await asyncio.sleep(0.25)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert path.embedder.cancelled == 1


@pytest.mark.parametrize("turns", range(40))
async def test_a_caller_that_leaves_in_any_moment_of_a_refused_answer_is_not_answered(turns: int) -> None:
    path = await Path(ScriptedGenerator([*draft((TEXT, ["p9"])), Wait(3.0), DONE])).filled()
    task = asyncio.create_task(path.answer(sink=RecordingSink()))
    for _ in range(turns):
        await asyncio.sleep(0)
    left = task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() is left


async def test_a_violation_closes_the_model_at_once() -> None:
    route = replace(policy(), fallbacks={Cause.OUTPUT_MALFORMED: (Action.ABSTAIN,)})
    path = await Path(ScriptedGenerator(["Sure!", Wait(3.0), DONE]), route).filled()
    began = asyncio.get_running_loop().time()
    outcome = await path.answer()
    assert outcome.cause is Cause.OUTPUT_MALFORMED
    assert asyncio.get_running_loop().time() == began
    assert path.generator.closed == 1


async def test_the_next_model_answers_in_the_time_that_is_left() -> None:
    row = (Action.NEXT_MODEL, Action.PASSAGES_ONLY, Action.FAIL_SAFE)
    route = replace(policy(), models=(EXTRACTIVE, "other"), fallbacks={Cause.MODEL_UNAVAILABLE: row})
    path = await Path(ScriptedGenerator([Wait(1.0), Failure(Cause.MODEL_UNAVAILABLE)]), route).filled()
    outcome = await path.answer()
    assert isinstance(outcome.result, Degraded)
    assert outcome.result.losses == (Loss.SIMPLER_MODEL,)
    assert (len(outcome.report.attempts), outcome.report.model) == (2, "other")
    assert [timing.attempt for timing in outcome.report.stages] == [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]


async def test_the_report_says_when_the_first_token_came() -> None:
    path = await Path(ScriptedGenerator([Wait(0.5), *draft((TEXT, ["p1"])), Wait(0.25), DONE])).filled()
    outcome = await path.answer()
    assert isinstance(outcome.result, Answered)
    assert outcome.report.time_to_first_token == pytest.approx(0.5)
    assert outcome.report.total == pytest.approx(0.75)


class Deaf(ScriptedGenerator):
    """Waits longer than it was told it may."""

    def __init__(self) -> None:
        super().__init__([Wait(60.0), DONE])

    async def _wait(self, seconds: float, deadline: Deadline) -> None:
        await asyncio.sleep(seconds)
