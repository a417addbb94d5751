"""After a failure an earlier answer stands in, where the route's row says so and one holds."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.event import Retraction
from groundwire_server.domain.evidence import Evidence
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Answered, Cached, Degraded, FailedSafe, Outcome
from groundwire_server.domain.vocabulary import (
    Action,
    CacheKey,
    CacheResult,
    CacheStaleness,
    CacheValidity,
    Cause,
    Loss,
    NextStep,
    Stage,
    StreamMode,
)
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft
from tests.doubles.sink import RecordingSink
from tests.pipeline.caching.serving import DOWN, FRESH, QUOTES, STANDS_IN, HangingCache, Serving, serving, text_of
from tests.pipeline.running import FIRST, kept
from tests.pipeline.samples import ALICE


async def answered_once(then: Sequence[Move], **changes: Any) -> tuple[Serving, Outcome]:
    """A route whose model has answered, and from now on plays a script."""
    made = await serving(ScriptedGenerator(QUOTES, then), cache_policy=STANDS_IN, **changes)
    first = await made.ask()
    assert isinstance(first.result, Answered)
    return made, first


def cached(outcome: Outcome) -> Cached:
    assert isinstance(outcome.result, Cached), outcome
    return outcome.result


FAILING: dict[str, Sequence[Move]] = {
    "unavailable": DOWN,
    "too late": [Wait(100)],
    "interrupted": [*draft((FIRST, ["p1"]))[:1], Failure(Cause.MODEL_INTERRUPTED)],
    "malformed": ["this is no JSON", DONE],
    "unsupported": [*draft(("Zebras cost ninety dollars in Zürich.", ["p1"])), DONE],
}


@pytest.mark.parametrize("script", FAILING.values(), ids=FAILING)
async def test_it_stands_in_whatever_becomes_of_the_model(script: Sequence[Move]) -> None:
    made, first = await answered_once(script)
    made.clock.stepped += 60
    outcome = await made.ask()
    assert cached(outcome).answer == first.answer
    assert cached(outcome).age == pytest.approx(60, abs=9)
    assert outcome.action is Action.CACHED_ANSWER
    assert outcome.cause is not Cause.ANSWER_VALIDATED
    assert outcome.next_step is NextStep.SHOW_WITH_CAUTION
    assert outcome.report.cache is CacheResult.HIT
    assert outcome.report.attempts[-1].cause is outcome.cause


async def test_it_stands_in_for_a_store_that_is_down_without_asking_it_again() -> None:
    made, first = await answered_once(QUOTES)
    made.store.failures = [Failure(Cause.STORE_UNAVAILABLE)]
    calls = len(made.store.deadlines)
    outcome = await made.ask()
    assert cached(outcome).answer == first.answer
    assert CacheKey.CITED_PASSAGES not in cached(outcome).keyed_on
    assert len(made.store.deadlines) == calls + 1


async def test_it_does_not_stand_in_for_a_store_that_is_down_where_only_some_may_see_the_documents() -> None:
    made, _ = await answered_once(QUOTES, allowed=frozenset({"staff"}))
    made.store.failures = [Failure(Cause.STORE_UNAVAILABLE)]
    outcome = await made.ask()
    assert isinstance(outcome.result, FailedSafe)
    assert outcome.report.cache_staleness is CacheStaleness.STORE_UNAVAILABLE


async def withdrawn(made: Serving) -> None:
    await made.put(allowed=frozenset({"board"}))


async def deleted(made: Serving) -> None:
    await made.store.delete(ALICE, "lambdas", NEVER)


@pytest.mark.parametrize("valid_while", list(CacheValidity))
@pytest.mark.parametrize("change", [withdrawn, deleted])
async def test_what_the_store_has_said_to_be_over_does_not_stand_in_once_it_is_down(
    valid_while: CacheValidity, change: Callable[[Serving], Awaitable[None]]
) -> None:
    made = await serving(cache_policy=replace(FRESH, valid_while=valid_while))
    await made.ask()
    await change(made)
    assert (await made.ask()).report.cache is CacheResult.STALE
    made.store.failures = [Failure(Cause.STORE_UNAVAILABLE)] * 9
    outcome = await made.ask()
    assert isinstance(outcome.result, FailedSafe)
    assert outcome.report.cache is CacheResult.MISS


async def test_it_does_not_stand_in_where_a_document_has_changed_since() -> None:
    made, _ = await answered_once(DOWN)
    await made.put("Zebras have stripes.", name="zebras")
    outcome = await made.ask()
    assert isinstance(outcome.result, FailedSafe)
    assert outcome.report.cache_staleness is CacheStaleness.CORPUS_VERSION


async def test_without_an_earlier_answer_the_row_goes_on() -> None:
    made = await serving(DOWN, cache_policy=STANDS_IN)
    outcome = await made.ask()
    assert isinstance(outcome.result, FailedSafe)
    assert (outcome.cause, outcome.report.cache) == (Cause.MODEL_UNAVAILABLE, CacheResult.MISS)


async def test_it_is_looked_for_only_where_the_row_comes_to_it() -> None:
    made, _ = await answered_once(DOWN)
    made.models.append(ScriptedGenerator(QUOTES))
    made.policy = replace(made.policy, models=("model-1", "model-2"))
    outcome = await made.ask()
    assert isinstance(outcome.result, Degraded)
    assert outcome.result.losses == (Loss.SIMPLER_MODEL,)
    assert outcome.report.cache is None


async def test_a_stream_takes_back_what_it_has_shown_before_the_answer_that_stands_in() -> None:
    begun: Sequence[Move] = [*draft((FIRST, ["p1"]))[:2], '{"text": "Zebras", ', Failure(Cause.MODEL_INTERRUPTED)]
    made, first = await answered_once(begun)
    sink = RecordingSink()
    outcome = await made.ask(sink=sink, mode=StreamMode.PROVISIONAL)
    answer = cached(outcome).answer
    assert answer == first.answer
    assert any(isinstance(event, Retraction) for event in sink.events)
    assert kept(sink) == answer.text
    # Those of the search, and those that the earlier answer draws on.
    assert sum(isinstance(event, Evidence) for event in sink.events) == 2


async def test_text_that_has_left_stands_and_no_other_answer_comes_after_it() -> None:
    begun: Sequence[Move] = [*draft((FIRST, ["p1"]))[:2], Failure(Cause.MODEL_INTERRUPTED)]
    made, _ = await answered_once(begun)
    sink = RecordingSink()
    outcome = await made.ask(sink=sink)
    assert outcome.action is Action.CUT_SHORT
    assert text_of(sink) == FIRST


async def test_it_stands_in_at_the_very_end_of_the_time() -> None:
    made, first = await answered_once(QUOTES, retrieval_share=0.999, retrieval_max=100.0)
    # The search takes all there is and more.
    made.store.delay = 100
    outcome = await made.ask(seconds=2.0)
    assert cached(outcome).answer == first.answer
    assert made.spans.each("groundwire.cache")


async def test_a_cache_that_answers_nobody_does_not_keep_the_outcome() -> None:
    made = await serving(DOWN, cache_policy=STANDS_IN, cache=HangingCache())
    before = made.clock.now()
    outcome = await made.ask(seconds=8.0)
    assert isinstance(outcome.result, FailedSafe)
    assert made.clock.now() - before <= 8.0
    assert Stage.CACHE in {timing.stage for timing in outcome.report.stages}


async def test_an_answer_that_stood_in_is_not_kept_anew() -> None:
    made, _ = await answered_once(DOWN)
    made.clock.stepped += 60
    await made.ask()
    made.clock.stepped += 60
    assert cached(await made.ask()).age == pytest.approx(120, abs=1)
