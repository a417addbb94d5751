"""More calls than a model can answer: each has an outcome or a refusal in time, and those that can be are answered."""

import asyncio

from groundwire_server.domain.vocabulary import Reason
from tests.admission.load import Ended, Load, taking

SLOTS, SECONDS = 4, 2.0
A_SECOND = SLOTS / SECONDS
"""What the model can answer."""


def _in_time(calls: list[Ended]) -> bool:
    """Whether each call has an outcome, or a refusal that says when to come again, before its deadline."""
    assert all(call.left > 0 for call in calls)
    return all(
        call.outcome is not None
        or (call.refused is not None and call.refused.reason is Reason.OVERLOADED and call.refused.retry_after)
        for call in calls
    )


async def test_every_one_of_two_hundred_callers_has_an_outcome_or_knows_when_to_come_again() -> None:
    load = await Load.on(taking(SECONDS), slots=SLOTS)
    calls = await asyncio.gather(*(load.call(subject=f"s{number}") for number in range(200)))
    assert _in_time(calls)
    assert sum(call.answered for call in calls) == SLOTS


async def test_goodput_stays_near_its_peak_however_many_calls_there_are() -> None:
    goodput = {}
    for times in (1, 2, 5, 10):
        load = await Load.on(taking(SECONDS), slots=SLOTS)
        calls = await load.arriving(times * A_SECOND, 120.0, seed=times)
        assert _in_time(calls)
        goodput[times] = sum(call.answered for call in calls) / 120.0
    peak = max(*goodput.values(), A_SECOND)
    assert all(goodput[times] >= 0.9 * peak for times in (2, 5, 10)), goodput
