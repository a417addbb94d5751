"""So many calls at once, the others in turn: of a provider's model, and of one on this machine."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TypeAlias

import pytest

from groundwire_server.adapters.generator.protected import ConcurrencyLimitedGenerator
from groundwire_server.adapters.resilience.fair_limiter import FairLimiter
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Piece, Prompt
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.generator import Generator
from tests.adapters.resilience.protected import limiter, protected
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait

SECOND = 1.0

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


async def test_tenants_take_turns(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=100)
    calls = [load.call("busy") for _ in range(5)]
    await asyncio.sleep(0.1 * SECOND)
    await asyncio.gather(*calls, load.call("quiet"), load.call("third"))
    assert load.ended == ["busy", "busy", "quiet", "third", "busy", "busy", "busy"]


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


async def test_one_who_leaves_as_a_slot_comes_hands_it_on(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=10)
    slots = load.slots
    await slots.acquire("acme", NEVER)
    leaving = asyncio.create_task(slots.acquire("acme", NEVER))
    staying = asyncio.create_task(slots.acquire("acme", NEVER))
    await asyncio.sleep(0)
    slots.release()
    leaving.cancel()
    await staying
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_one_who_has_just_left_a_full_line_does_not_fail_who_comes(limit: Limit) -> None:
    load = Load(limit, slots=1, waiting=2)
    await load.slots.acquire("holder", NEVER)
    leaving = [asyncio.create_task(load.slots.acquire("busy", NEVER)) for _ in range(2)]
    await asyncio.sleep(0)
    # Both in one turn of the loop: who comes runs before the one who leaves has left the line.
    coming = asyncio.create_task(load.slots.acquire("quiet", NEVER))
    leaving[1].cancel()
    await asyncio.sleep(0)
    load.slots.release()
    load.slots.release()
    await coming
    await asyncio.gather(*leaving, return_exceptions=True)
    assert [task.cancelled() for task in leaving] == [False, True]
    assert load.slots.waiting == 0


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
    await slots.acquire("acme", NEVER)


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
    calls = [asyncio.create_task(slots.acquire(tenant, NEVER)) for tenant in ("acme", "acme", "acme", "other")]
    await asyncio.sleep(0)
    assert repr(slots) == "<FairLimiter: 2 of 2 slots taken, 2 calls of 2 tenants wait>"
    for _ in calls:
        slots.release()
    await asyncio.gather(*calls)
    assert repr(slots) == "<FairLimiter: 0 of 2 slots taken, 0 calls of 0 tenants wait>"
