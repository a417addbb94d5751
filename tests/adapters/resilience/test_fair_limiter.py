"""So many calls at once, the others in turn: of a provider's model, and of one on this machine."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from random import Random
from typing import TypeAlias

import pytest

from groundwire_server.adapters.generator.protected import ConcurrencyLimitedGenerator
from groundwire_server.adapters.resilience.fair_limiter import (
    AdaptiveConcurrencyOptions,
    ConcurrencyOptions,
    FairLimiter,
    Refusal,
)
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Piece, Prompt
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, Priority
from groundwire_server.ports.generator import Generator
from groundwire_server.telemetry import metrics
from tests.adapters.resilience.protected import limiter, protected
from tests.doubles.counts import Counts
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait

SECOND = 1.0

ACME = Requester("acme")

Limit: TypeAlias = Callable[[Generator, FairLimiter], Generator]


@pytest.fixture(params=["provider", "local"])
def limit(request: pytest.FixtureRequest) -> Limit:
    """Puts a generator behind a limiter."""
    if request.param == "provider":
        return lambda inner, slots: protected(inner, limiters=[slots])
    return lambda inner, slots: ConcurrencyLimitedGenerator(inner, [slots])


def _request(tenant: str) -> GenerationRequest:
    return GenerationRequest("alias", Requester(tenant), Prompt("answer", "1", "", "", "", {}), 500)


class Load:
    """Calls of tenants against one limited model that takes a second for each."""

    def __init__(self, limit: Limit, slots: int, waiting: int) -> None:
        self.model = ScriptedGenerator(["x", Wait(SECOND), DONE])
        self.slots = limiter(slots, waiting)
        self.ended: list[str] = []
        self.refused: list[tuple[str, Cause]] = []
        self.generator = limit(self.model, self.slots)

    def call(self, tenant: str, deadline: Deadline = NEVER) -> "asyncio.Task[None]":
        return asyncio.create_task(self._call(tenant, deadline))

    async def _call(self, tenant: str, deadline: Deadline) -> None:
        try:
            await self.written(tenant, deadline)
        except Failure as failure:
            self.refused.append((tenant, failure.cause))
        else:
            self.ended.append(tenant)

    async def written(self, tenant: str, deadline: Deadline = NEVER) -> list[Piece]:
        async with aclosing(self.generator.generate(_request(tenant), deadline)) as pieces:
            return [piece async for piece in pieces]


async def test_only_so_many_are_written_at_once(limit: Limit) -> None:
    load = Load(limit, slots=3, waiting=100)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(load.call("acme") for _ in range(7)))
    assert asyncio.get_running_loop().time() - began == pytest.approx(3 * SECOND)
    assert load.ended == ["acme"] * 7


async def test_tenants_take_turns_and_one_that_comes_anew_is_next(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=100)
    calls = [load.call("busy") for _ in range(5)]
    await asyncio.sleep(0.1 * SECOND)
    await asyncio.gather(*calls, load.call("quiet"), load.call("third"))
    assert load.ended == ["busy", "quiet", "third", "busy", "busy", "busy", "busy"]


async def test_a_full_line_refuses_whoever_comes_next_of_the_same_tenant(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=2)
    calls = []
    for _ in range(5):
        calls.append(load.call("acme"))
        await asyncio.sleep(0)
    await asyncio.gather(*calls)
    assert (len(load.ended), len(load.refused)) == (3, 2)


async def test_a_tenant_that_fills_the_line_makes_room_for_another(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=3)
    calls = [load.call("busy") for _ in range(4)]
    await asyncio.sleep(0.1 * SECOND)
    await asyncio.gather(*calls, load.call("quiet"))
    assert load.refused == [("busy", Cause.CAPACITY_EXHAUSTED)]
    assert load.ended.count("quiet") == 1


async def test_the_wait_counts_against_the_deadline_and_ends_while_its_cause_can_still_be_told(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=10)
    first = load.call("acme")
    await asyncio.sleep(0)
    began = asyncio.get_running_loop().time()
    await load.call("acme", Deadline(began + 0.25 * SECOND))
    assert asyncio.get_running_loop().time() - began == pytest.approx(0.15 * SECOND)
    assert load.refused == [("acme", Cause.CAPACITY_EXHAUSTED)]
    await first
    assert load.slots.waiting == 0
    await load.call("acme")
    assert load.ended == ["acme", "acme"]


async def test_one_who_leaves_the_line_takes_no_slot_along(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=10)
    first = load.call("acme")
    await asyncio.sleep(0)
    leaving, staying = load.call("acme"), load.call("acme")
    await asyncio.sleep(0.5 * SECOND)
    leaving.cancel()
    await asyncio.gather(first, staying)
    assert load.slots.waiting == 0
    assert await load.written("acme") == ["x", DONE]


async def test_one_who_leaves_as_a_slot_comes_hands_it_on() -> None:
    slots = limiter(1, 10)
    holding = slots.hold(ACME, NEVER)
    await holding.__aenter__()
    leaving, staying = (asyncio.create_task(slots.hold(ACME, NEVER).__aenter__()) for _ in range(2))
    await asyncio.sleep(0)
    await holding.__aexit__(None, None, None)
    leaving.cancel()
    await staying
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_one_who_has_just_left_a_full_line_does_not_fail_who_comes() -> None:
    slots = limiter(1, 2)
    holding = slots.hold(Requester("holder"), NEVER)
    await holding.__aenter__()
    leaving = [asyncio.create_task(_used(slots, Requester("busy"), 0.0)) for _ in range(2)]
    await asyncio.sleep(0)
    # Both in one turn of the loop: who comes runs before the one who leaves has left the line.
    coming = asyncio.create_task(_used(slots, Requester("quiet"), 0.0))
    leaving[1].cancel()
    await asyncio.sleep(0)
    await holding.__aexit__(None, None, None)
    await coming
    await asyncio.gather(*leaving, return_exceptions=True)
    assert [task.cancelled() for task in leaving] == [False, True]
    assert slots.waiting == 0


@pytest.mark.parametrize("ending", ["closed", "failed"])
async def test_a_slot_is_given_back_however_the_writing_ends(ending: str, limit: Limit) -> None:
    script: list[Move] = [Failure(Cause.MODEL_UNAVAILABLE)] if ending == "failed" else ["x", "y", DONE]
    slots = limiter(1, 0)
    limited = limit(ScriptedGenerator(script), slots)
    for _ in range(3):
        pieces = limited.generate(_request("acme"), NEVER)
        if ending == "failed":
            with pytest.raises(Failure) as caught:
                await anext(pieces)
            assert caught.value.cause is Cause.MODEL_UNAVAILABLE
        else:
            assert await anext(pieces) == "x"
            await pieces.aclose()
    async with slots.hold(ACME, NEVER):
        assert slots.used == 1


async def test_the_wait_ends_when_another_model_must_be_asked(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=100)
    holder = load.call("acme")
    await asyncio.sleep(0)
    began = asyncio.get_running_loop().time()
    hurried = replace(_request("acme"), start_by=Deadline(began + 0.25 * SECOND))
    with pytest.raises(Failure) as failure:
        await anext(load.generator.generate(hurried, NEVER))
    assert failure.value.cause is Cause.CAPACITY_EXHAUSTED
    assert asyncio.get_running_loop().time() - began == pytest.approx(0.15 * SECOND)
    await holder


async def test_a_model_is_not_asked_when_its_turn_comes_too_late_to_begin(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=100)
    holder = load.call("acme")
    await asyncio.sleep(0)
    began = asyncio.get_running_loop().time()
    hurried = replace(_request("acme"), start_by=Deadline(began + 1.05 * SECOND))
    with pytest.raises(Failure) as failure:
        await anext(load.generator.generate(hurried, NEVER))
    assert failure.value.cause is Cause.CAPACITY_EXHAUSTED
    await holder
    assert len(load.model.requests) == 1


async def test_who_waits_shows_in_its_repr() -> None:
    slots = limiter(2, 10)
    calls = [asyncio.create_task(_used(slots, Requester(tenant), 1.0)) for tenant in ("acme", "acme", "acme", "other")]
    await asyncio.sleep(0)
    assert repr(slots) == "<FairLimiter: 2 of 2 slots taken, 2 calls of 2 tenants wait>"
    await asyncio.gather(*calls)
    assert repr(slots) == "<FairLimiter: 0 of 2 slots taken, 0 calls of 0 tenants wait>"


async def test_what_cannot_begin_in_time_is_refused_at_once_by_what_was_seen() -> None:
    counts = Counts()
    slots = FairLimiter(ConcurrencyOptions(max_concurrent=1, queue_size=10), name="m", recorder=counts)
    for _ in range(4):
        await _used(slots, ACME, 2.0)
    holder = asyncio.create_task(_used(slots, ACME, 2.0))
    await asyncio.sleep(0.5)
    now = asyncio.get_running_loop().time()
    with pytest.raises(Failure) as refused:
        await slots.hold(ACME, Deadline(now + 1.4)).__aenter__()
    assert asyncio.get_running_loop().time() == now
    assert refused.value.cause is Cause.CAPACITY_EXHAUSTED
    assert refused.value.retry_after == pytest.approx(1.5)
    assert await _used(slots, ACME, 0.0, Deadline(now + 1.6)) == pytest.approx(1.5)
    await holder
    assert counts.of(metrics.SLOTS_REFUSED, "m", "INTERACTIVE", Refusal.HOPELESS) == 1


async def test_what_is_new_is_tried() -> None:
    slots = limiter(1, 10)
    holder = asyncio.create_task(_used(slots, ACME, 2.0))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(_used(slots, ACME, 0.0, Deadline(asyncio.get_running_loop().time() + 0.5)))
    await asyncio.sleep(0.4)
    assert not waiting.done()
    with pytest.raises(Failure):
        await waiting
    await holder


async def test_the_least_urgent_leaves_a_full_line_for_the_more_urgent() -> None:
    slots = limiter(1, 3)
    holder = asyncio.create_task(_used(slots, ACME, 1.0))
    await asyncio.sleep(0)
    ended: list[str] = []

    async def call(name: str, priority: Priority) -> None:
        try:
            await _used(slots, Requester("acme", priority=priority), 1.0)
        except Failure:
            name = f"{name} refused"
        ended.append(name)

    tasks = []
    for name, priority in (
        ("background", Priority.BACKGROUND),
        ("evaluation", Priority.EVALUATION),
        ("answer", Priority.INTERACTIVE),
        ("second answer", Priority.INTERACTIVE),
        ("second background", Priority.BACKGROUND),
        ("third answer", Priority.INTERACTIVE),
    ):
        tasks.append(asyncio.create_task(call(name, priority)))
        await asyncio.sleep(0)
    await asyncio.gather(holder, *tasks)
    assert sorted(ended[:3]) == ["background refused", "evaluation refused", "second background refused"]
    assert ended[3:] == ["answer", "second answer", "third answer"]


async def test_a_limit_shrinks_by_signs_and_grows_again_where_it_is_in_demand() -> None:
    slots = FairLimiter(AdaptiveConcurrencyOptions(max_concurrent=10, min_concurrent=2, queue_size=100))
    holders = [asyncio.create_task(_used(slots, ACME, 10.0)) for _ in range(10)]
    await asyncio.sleep(0)
    limits = []
    for _ in range(6):
        slots.suffers()
        slots.suffers()
        limits.append(slots.limit)
        await asyncio.sleep(1.0)
    assert limits == [7, 4, 3, 2, 2, 2]
    await asyncio.gather(*holders)
    slots.bears()
    assert slots.limit == 2, "what is not in demand says nothing about more"
    for _ in range(20):
        more = [asyncio.create_task(_used(slots, ACME, 1.0)) for _ in range(10)]
        await asyncio.sleep(0)
        slots.bears()
        await asyncio.gather(*more)
    assert slots.limit > 4


@pytest.mark.parametrize("weights", [{}, {"busy": 3.0}], ids=["alike", "with three times the weight"])
async def test_a_flood_of_a_hundred_times_its_share_leaves_others_their_slots(weights: dict[str, float]) -> None:
    """By turns: what others need of the slots is little, as their share is."""
    options = ConcurrencyOptions(max_concurrent=8, queue_size=2000)
    slots = FairLimiter(options, lambda tenant: weights.get(tenant, 1.0))
    random = Random(3)

    async def calls(tenant: str, subject: str, pause: float) -> list[tuple[float, float]]:
        taken = []
        for _ in range(50):
            seconds = random.uniform(0.5, 1.5)
            began = asyncio.get_running_loop().time()
            await _used(slots, Requester(tenant, subject), seconds)
            taken.append((asyncio.get_running_loop().time() - began, seconds))
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause)
        return taken

    flood = [asyncio.create_task(calls("busy", f"s{number}", 0.0)) for number in range(100)]
    quiet = await asyncio.gather(*(calls(f"quiet-{number}", "s", 10.0) for number in range(3)))
    assert not all(each.done() for each in flood), "the flood lasts as long as what it is to disturb"
    for each in flood:
        each.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    under_flood, idle = (sorted(each) for each in zip(*(call for one in quiet for call in one), strict=True))
    assert under_flood[len(idle) // 2] <= 1.5 * idle[len(idle) // 2]
    assert under_flood[int(len(idle) * 0.99)] <= 2.0 * idle[int(len(idle) * 0.99)]


async def _used(slots: FairLimiter, requester: Requester, seconds: float, until: Deadline = NEVER) -> float:
    """Hold a slot for so long; return how long it was waited for."""
    began = asyncio.get_running_loop().time()
    async with slots.hold(requester, until):
        waited = asyncio.get_running_loop().time() - began
        await asyncio.sleep(seconds)
    return waited
