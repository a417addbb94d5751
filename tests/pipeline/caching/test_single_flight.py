"""Who asks what is being answered waits for it: leaders that leave, followers that leave, and every moment to do so."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.cached_answer import AnswerKey, AnswerStamp, CachedAnswer
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Priority
from groundwire_server.pipeline.caching.single_flight import FlightKey, Landing, Lead, SingleFlight

KEY = FlightKey(AnswerKey("acme", "default", b"question"), b"stamp", Priority.INTERACTIVE)
ANSWER = CachedAnswer(GroundedText("text", None, (), (), 1.0), AnswerStamp(b"stamp", "v1"), 0.0)


def in_seconds(seconds: float) -> Deadline:
    return Deadline(asyncio.get_running_loop().time() + seconds)


async def turns(count: int = 10) -> None:
    """Let every task do what it can."""
    for _ in range(count):
        await asyncio.sleep(0)


def joins(flights: SingleFlight, key: FlightKey = KEY, seconds: float = 100.0) -> "asyncio.Task[Landing]":
    return asyncio.create_task(flights.join(key, in_seconds(seconds)))


async def leads(flights: SingleFlight, key: FlightKey = KEY) -> Lead:
    lead = await flights.join(key, in_seconds(100))
    assert isinstance(lead, Lead)
    return lead


async def test_followers_are_given_the_answer_of_the_one_that_leads() -> None:
    flights = SingleFlight()
    with await leads(flights) as lead:
        followers = [joins(flights) for _ in range(3)]
        await turns()
        lead.land(ANSWER)
    assert await asyncio.gather(*followers) == [ANSWER] * 3
    assert repr(flights) == "SingleFlight(0 questions, 0 waiting)"


async def test_an_answer_that_no_other_call_may_have_lets_all_go_on_at_once() -> None:
    flights = SingleFlight()
    with await leads(flights) as lead:
        followers = [joins(flights) for _ in range(3)]
        await turns()
        lead.land(None)
    assert await asyncio.gather(*followers) == [None] * 3


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(key=AnswerKey("other", "default", b"question")),
        KEY._replace(key=AnswerKey("acme", "faq", b"question")),
        KEY._replace(key=AnswerKey("acme", "default", b"another")),
        KEY._replace(stamp=b"another"),
        KEY._replace(priority=Priority.BACKGROUND),
    ],
    ids=["tenant", "route", "question", "stamp", "priority"],
)
async def test_nobody_waits_for_another_question(other: FlightKey) -> None:
    flights = SingleFlight()
    with await leads(flights), await leads(flights, other):
        pass


async def test_a_leader_that_leaves_hands_over_to_the_longest_waiting_and_the_others_wait_on() -> None:
    flights = SingleFlight()
    with await leads(flights):
        first, second, third = joins(flights), joins(flights), joins(flights)
        await turns()
    await turns()
    lead = await first
    assert isinstance(lead, Lead)
    assert not second.done()
    assert not third.done()
    newcomer = joins(flights)
    await turns()
    with lead:
        lead.land(ANSWER)
    assert [await each for each in (second, third, newcomer)] == [ANSWER] * 3


async def test_a_leader_that_leaves_alone_leaves_nothing_behind() -> None:
    flights = SingleFlight()
    with await leads(flights):
        pass
    assert repr(flights) == "SingleFlight(0 questions, 0 waiting)"
    await leads(flights)


async def test_a_follower_waits_no_longer_than_its_time() -> None:
    flights = SingleFlight()
    with await leads(flights) as lead:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await flights.join(KEY, in_seconds(3.0)) is None
        assert loop.time() - began == pytest.approx(3.0)
        # It is no longer in the line: the lead goes to one that waits.
        late = joins(flights)
        await turns()
        lead.leave()
    assert isinstance(await late, Lead)


async def land(lead: Lead) -> None:
    lead.land(ANSWER)


async def leave(lead: Lead) -> None:
    lead.leave()


@pytest.mark.parametrize("end", [land, leave])
@pytest.mark.parametrize("turns_before", range(6))
@pytest.mark.parametrize("cancelled_first", [True, False])
async def test_a_follower_may_be_cancelled_at_any_moment(
    end: Callable[[Lead], Awaitable[None]], turns_before: int, cancelled_first: bool
) -> None:
    """Whatever the order and however many turns of the loop lie between, the one behind it is served."""
    flights = SingleFlight()
    lead = await leads(flights)
    leaving, staying = joins(flights), joins(flights)
    await turns()
    if cancelled_first:
        leaving.cancel()
        await turns(turns_before)
        await end(lead)
    else:
        await end(lead)
        await turns(turns_before)
        leaving.cancel()
    (left,) = await asyncio.gather(leaving, return_exceptions=True)
    if isinstance(left, Lead):
        # It had the lead before it was cancelled, and ends as any leader does.
        with left:
            pass
    served = await staying
    if end is land:
        assert served is ANSWER
    else:
        assert isinstance(served, Lead)
        served.leave()
    assert repr(flights) == "SingleFlight(0 questions, 0 waiting)"


@pytest.mark.parametrize("end", [land, leave])
async def test_time_that_is_up_in_the_moment_of_the_end_loses_nothing(end: Callable[[Lead], Awaitable[None]]) -> None:
    flights = SingleFlight()
    lead = await leads(flights)
    loop = asyncio.get_running_loop()
    at = loop.time() + 3.0
    late, staying = joins(flights, seconds=3.0), joins(flights, seconds=50.0)
    await turns()
    # Both are due in the same turn of the loop, whichever is first.
    loop.call_at(at, lambda: asyncio.ensure_future(end(lead)))
    found = await late
    if isinstance(found, Lead):
        found.leave()
    else:
        assert found in (None, ANSWER)
    served = await staying
    assert served is ANSWER if end is land else isinstance(served, Lead)
    if isinstance(served, Lead):
        served.leave()
    assert repr(flights) == "SingleFlight(0 questions, 0 waiting)"


async def test_a_chain_of_leaders_that_are_all_cancelled_ends() -> None:
    flights = SingleFlight()

    async def call() -> None:
        landing = await flights.join(KEY, in_seconds(100))
        assert isinstance(landing, Lead)
        with landing:
            await asyncio.sleep(1000)

    calls = [asyncio.create_task(call()) for _ in range(5)]
    for each in calls:
        await turns()
        each.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert repr(flights) == "SingleFlight(0 questions, 0 waiting)"


async def test_an_end_counts_once() -> None:
    flights = SingleFlight()
    with await leads(flights) as first:
        first.land(ANSWER)
        with await leads(flights) as second:
            first.leave()
            first.land(None)
            waiting = joins(flights)
            await turns()
            assert not waiting.done()
            second.land(ANSWER)
    assert await waiting is ANSWER
