"""Calls that ask the same at the same time: one answers, and the others wait, whatever becomes of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from math import inf

import pytest

from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, OneRoute
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Answered, Cached, FailedSafe, Outcome
from groundwire_server.domain.vocabulary import CacheResult, Cause, Priority
from groundwire_server.telemetry import metrics
from tests.doubles.counts import Counts
from tests.doubles.generator import Move, ScriptedGenerator, Wait
from tests.doubles.sink import RecordingSink
from tests.pipeline.caching.serving import QUOTES, STANDS_IN, Serving, WallTime, serving, text_of
from tests.pipeline.samples import ALICE

SLOWLY: Sequence[Move] = [Wait(2), *QUOTES]
BOB = Caller("acme", "bob", frozenset({"staff"}))
NOBODY_WAITS = "SingleFlight(0 questions, 0 waiting)"


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def asks(made: Serving, **how: object) -> "asyncio.Task[Outcome]":
    return asyncio.create_task(made.ask(**how))  # type: ignore[arg-type]


async def test_one_model_call_answers_them_all_and_one_is_billed() -> None:
    made = await serving(SLOWLY)
    first = asks(made)
    await turns()
    others = [asks(made), asks(made, caller=BOB), asks(made)]
    outcomes = [await first, *[await each for each in others]]
    assert made.asked == 1
    assert [type(each.result) for each in outcomes] == [Answered, Cached, Cached, Cached]
    assert len({each.answer.text for each in outcomes if each.answer}) == 1
    assert [bool(each.report.usage) for each in outcomes] == [True, False, False, False]
    assert [each.report.cache for each in outcomes] == [CacheResult.MISS, *[CacheResult.JOINED] * 3]
    assert made.counts.of(metrics.CACHE_LOOKUPS, "default", "JOINED") == 3
    assert repr(made.flights) == NOBODY_WAITS


async def test_a_stream_that_waits_gets_the_text_as_a_whole() -> None:
    made = await serving(SLOWLY)
    first, sink = asks(made), RecordingSink()
    await turns()
    waiting = asks(made, sink=sink)
    assert text_of(sink) == ""
    outcome = await waiting
    answer = (await first).answer
    assert answer is not None
    assert text_of(sink) == answer.text
    assert isinstance(outcome.result, Cached)


@pytest.mark.parametrize(
    "how",
    [
        {"caller": replace(ALICE, tenant="other")},
        {"caller": replace(ALICE, principals=frozenset({"board", "staff"}))},
        {"text": "What does a lambda expression yield, please?"},
        {"priority": Priority.BACKGROUND},
    ],
    ids=["tenant", "principals", "question", "priority"],
)
async def test_nobody_waits_for_another_question_or_caller(how: dict[str, object]) -> None:
    made = await serving(SLOWLY)
    first = asks(made)
    await turns()
    other = asks(made, **how)
    results = [type((await each).result) for each in (first, other)]
    assert results[0] is Answered
    assert Cached not in results


async def test_a_route_that_serves_none_at_once_lets_each_call_answer_for_itself() -> None:
    made = await serving(SLOWLY, cache_policy=STANDS_IN)
    outcomes = await asyncio.gather(*[made.ask() for _ in range(3)])
    assert [type(each.result) for each in outcomes] == [Answered] * 3
    assert made.asked == 3


async def test_an_answer_that_no_other_call_may_have_lets_each_go_its_own_way_at_once() -> None:
    failing: Sequence[Move] = [Wait(2), Failure(Cause.MODEL_ABSTAINED)]
    made = await serving(failing)
    before = made.clock.now()
    outcomes = await asyncio.gather(*[made.ask() for _ in range(4)])
    assert made.asked == 4
    assert not any(isinstance(each.result, Cached) for each in outcomes)
    # One after the other, the last would have waited four times as long.
    assert made.clock.now() - before == pytest.approx(4.0, abs=0.2)
    assert repr(made.flights) == NOBODY_WAITS


async def test_a_call_that_has_waited_half_of_its_time_answers_for_itself() -> None:
    made = await serving(ScriptedGenerator([Wait(6), *QUOTES], QUOTES))
    first = asks(made, seconds=8.0)
    await turns()
    before = made.clock.now()
    impatient = await made.ask(seconds=4.0)
    assert isinstance(impatient.result, Answered)
    assert made.clock.now() - before == pytest.approx(1.95, abs=0.1)
    assert isinstance((await first).result, Answered)
    assert made.asked == 2


async def test_a_leader_whose_caller_leaves_hands_over_to_one_and_the_others_wait_for_it() -> None:
    made = await serving(SLOWLY)
    first = asks(made)
    await turns()
    second, third = asks(made), asks(made)
    await made.models[0].began.wait()
    first.cancel()
    outcomes = [await second, await third]
    assert made.models[0].cancelled == 1
    assert made.asked == 2
    assert [type(each.result) for each in outcomes] == [Answered, Cached]
    assert repr(made.flights) == NOBODY_WAITS


async def test_a_leader_whose_time_is_up_hands_over_too() -> None:
    made = await serving(SLOWLY)
    first = asks(made, seconds=1.0)
    await turns()
    second, third = asks(made, seconds=9.0), asks(made, seconds=9.0)
    outcomes = [await first, await second, await third]
    assert [type(each.result) for each in outcomes] == [FailedSafe, Answered, Cached]
    assert made.asked == 2


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0, 2.5, 4.0])
@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("turns_later", [0, 1, 2, 5, 20])
async def test_when_any_call_leaves_at_any_time_the_others_are_answered(
    seconds: float, place: int, turns_later: int
) -> None:
    made = await serving(SLOWLY)
    calls = [asks(made, seconds=30.0) for _ in range(3)]
    await asyncio.sleep(seconds)
    await turns(turns_later)
    calls[place].cancel()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for number, outcome in enumerate(outcomes):
        if number != place:
            assert isinstance(outcome, Outcome), outcome
            assert isinstance(outcome.result, Answered | Cached)
    assert made.asked <= 2
    assert repr(made.flights) == NOBODY_WAITS


async def test_all_who_wait_may_leave_and_the_first_is_answered() -> None:
    made = await serving(SLOWLY)
    first = asks(made)
    await turns()
    others = [asks(made) for _ in range(3)]
    await turns()
    for each in others:
        each.cancel()
    assert isinstance((await first).result, Answered)
    assert made.asked == 1
    assert repr(made.flights) == NOBODY_WAITS


async def test_what_was_waited_for_is_held_against_the_store_before_it_leaves() -> None:
    made = await serving(SLOWLY)
    first = asks(made)
    await turns()
    second = asks(made)
    await made.models[0].began.wait()
    await made.put(allowed=frozenset({"board"}))
    assert isinstance((await first).result, Answered)
    outcome = await second
    assert not isinstance(outcome.result, Cached)
    assert outcome.report.cache is CacheResult.STALE


class SlowReader(RecordingSink):
    """A reader that takes the outcome late, if ever."""

    async def emit(self, event: NumberedEvent) -> None:
        if isinstance(event.event, Outcome):
            await asyncio.sleep(50)
        await super().emit(event)


class SlowToKeep(MemoryAnswerCache):
    """Takes long to keep an answer."""

    async def put(self, key: AnswerKey, answer: CachedAnswer, began: float = inf) -> bool:
        await asyncio.sleep(0.4)
        return await super().put(key, answer, began)


async def test_an_answer_whose_reader_is_slow_or_leaves_before_its_end_is_kept_for_others() -> None:
    made = await serving()
    first = asks(made, sink=SlowReader(), seconds=100.0)
    await asyncio.sleep(1)
    assert isinstance((await made.ask()).result, Cached)
    first.cancel()
    assert isinstance((await made.ask()).result, Cached)
    assert made.asked == 1


async def test_a_leader_that_leaves_while_its_answer_is_being_kept_gives_it_to_all_who_wait() -> None:
    made = await serving(SLOWLY, cache=SlowToKeep(AnswerCacheOptions(), WallTime(), Counts()))
    first = asks(made, seconds=30.0)
    await turns()
    second = asks(made, seconds=30.0)
    await asyncio.sleep(2.1)
    first.cancel()
    assert isinstance((await second).result, Cached)
    assert made.asked == 1
    assert repr(made.flights) == NOBODY_WAITS


async def test_who_waits_for_a_call_that_began_before_answers_were_forgotten_answers_for_itself() -> None:
    made = await serving(ScriptedGenerator(SLOWLY, QUOTES))
    first = asks(made)
    await asyncio.sleep(1)
    await made.cache.forget("acme", OneRoute("default"))
    second = asks(made)
    assert [type((await each).result) for each in (first, second)] == [Answered, Answered]
    assert made.asked == 2
    assert (await made.ask()).answer == (await second).answer
    assert repr(made.flights) == NOBODY_WAITS
