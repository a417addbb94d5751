"""What recorded replies and live parts of a replay give back."""

import asyncio
from collections.abc import Callable
from math import inf

import pytest

from groundwire_server.adapters.replayed.tape import LiveCalls, LivePart, Played, Tape
from groundwire_server.adapters.replayed.timeline import Timeline
from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.exchange import Failed, PortCall, PortName, Reply, Returned
from groundwire_server.ports.guard import ScreenReply

CONSUMED = Usage(input_tokens=10, output_tokens=5)


def played(reply: Reply) -> Played:
    call = PortCall(PortName.GUARD, 1, 0.0, "guard", "digest", (reply,))
    found = Tape([call], Timeline((), in_order=True)).take(PortName.GUARD, "guard", "digest")
    assert found is not None
    return found


def left(allowance: Allowance, tokens: int) -> bool:
    """Whether so many tokens may still be consumed."""
    try:
        allowance.reserve(Usage(input_tokens=tokens))
    except Failure:
        return False
    return True


async def test_what_a_reply_had_consumed_counts_towards_the_call() -> None:
    allowance = Allowance(tokens=20)
    reply = ScreenReply((), CONSUMED)
    assert await played(Returned(2, 0.1, reply, at_once=True)).charged_value(allowance) is reply
    assert [left(allowance, 6), left(allowance, 5)] == [False, True]


async def test_so_does_what_a_failure_had_consumed() -> None:
    allowance = Allowance(tokens=20)
    with pytest.raises(ChargedFailure):
        await played(Failed(2, 0.1, Cause.MODEL_UNAVAILABLE, usage=CONSUMED, at_once=True)).charged_value(allowance)
    assert [left(allowance, 6), left(allowance, 5)] == [False, True]


async def test_a_failure_that_says_nothing_of_it_costs_nothing() -> None:
    allowance = Allowance(tokens=20)
    with pytest.raises(Failure):
        await played(Failed(2, 0.1, Cause.MODEL_UNAVAILABLE, at_once=True)).charged_value(allowance)
    assert left(allowance, 20)


async def test_a_live_part_has_as_much_time_left_by_its_own_clock() -> None:
    timeline, loop = Timeline((), in_order=False), asyncio.get_running_loop()
    timeline.now = 3.0

    async def asked(part: str, there: Callable[[Deadline], Deadline]) -> tuple[str, float, float]:
        return part, there(Deadline(5.0)).at, there(Deadline(inf)).at

    began = loop.time()
    part, until, never = await LivePart("model", LiveCalls(loop, timeline)).ask(asked)
    assert (part, never) == ("model", inf)
    assert began - 1e-6 <= until - 2.0 <= loop.time() + 1e-6
    assert timeline.live == 0
