"""What the process does at once: it follows the event loop's lag, sheds in order, and refuses what would be late."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest

from groundwire_server.admission.capacity import Capacity, CapacityOptions
from groundwire_server.domain.admission import Applicant, Work
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Priority, Reason
from groundwire_server.telemetry import metrics
from tests.admission.load import capacity
from tests.doubles.counts import Counts


def _applicant(
    tenant: str = "acme", seconds: float = 30.0, priority: Priority = Priority.INTERACTIVE, work: Work = Work.ANSWER
) -> Applicant:
    now = asyncio.get_running_loop().time()
    return Applicant(work, Requester(tenant, priority=priority), now, Deadline(now + seconds))


async def _work(held: AbstractAsyncContextManager[None], seconds: float) -> float:
    """Work for so many seconds; return how many the wait before it took."""
    came = asyncio.get_running_loop().time()
    async with held:
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(seconds)
    return began - came


async def _seen(limits: Capacity, seconds: float, times: int = 4) -> None:
    """Let calls show how long they take."""
    for _ in range(times):
        await _work(limits.hold(_applicant()), seconds)


async def test_so_many_calls_are_worked_on_at_once_and_the_others_wait() -> None:
    limits = capacity(CapacityOptions(max_concurrent=2))
    waits = await asyncio.gather(*(_work(limits.hold(_applicant()), 1.0) for _ in range(5)))
    assert waits == [0.0, 0.0, 1.0, 1.0, 2.0]


async def test_what_cannot_be_done_in_time_is_refused_at_once_and_says_when_it_may_be() -> None:
    limits = capacity(CapacityOptions(max_concurrent=1))
    await _seen(limits, 4.0)
    working = asyncio.create_task(_work(limits.hold(_applicant()), 4.0))
    await asyncio.sleep(1.0)
    now = asyncio.get_running_loop().time()
    with pytest.raises(Rejection) as refused:
        # 3 s until the slot is free, and 4 s of work.
        await limits.hold(_applicant(seconds=7.0)).__aenter__()
    assert asyncio.get_running_loop().time() == now
    assert refused.value.reason is Reason.OVERLOADED
    assert refused.value.retry_after == pytest.approx(3.0)
    assert await _work(limits.hold(_applicant(seconds=7.5)), 4.0) == pytest.approx(3.0)
    await working


async def test_a_call_that_waits_leaves_when_its_time_has_become_too_short_and_not_at_its_deadline() -> None:
    limits = capacity(CapacityOptions(max_concurrent=1))
    await _seen(limits, 1.0)
    working = asyncio.create_task(_work(limits.hold(_applicant()), 60.0))
    await asyncio.sleep(0)
    came = asyncio.get_running_loop().time()
    with pytest.raises(Rejection):
        await limits.hold(_applicant(seconds=10.0)).__aenter__()
    # Of the ten seconds one is for the work, and a quarter for the outcome to arrive.
    assert asyncio.get_running_loop().time() - came == pytest.approx(8.75)
    working.cancel()


async def test_calls_are_tried_for_as_long_as_one_of_ten_is_quick_enough() -> None:
    limits = capacity(CapacityOptions(max_concurrent=1))
    await _seen(limits, 0.1, times=1)
    await _seen(limits, 5.0, times=9)
    assert await _work(limits.hold(_applicant(seconds=1.0)), 0.1) == 0.0
    working = asyncio.create_task(_work(limits.hold(_applicant()), 0.1))
    await asyncio.sleep(0)
    assert await _work(limits.hold(_applicant(seconds=1.0)), 0.1) == pytest.approx(0.1)
    await working


async def test_a_call_in_the_background_gives_way_to_answers_and_never_takes_their_slots_from_them() -> None:
    limits = capacity(CapacityOptions(max_concurrent=4, max_background=2))
    store = [
        asyncio.create_task(_work(limits.hold(_applicant(priority=Priority.BACKGROUND, work=Work.INGEST)), 5.0))
        for _ in range(6)
    ]
    await asyncio.sleep(0)
    assert await asyncio.gather(*(_work(limits.hold(_applicant()), 1.0) for _ in range(2))) == [0.0, 0.0]
    assert await asyncio.gather(*store) == [0.0, 0.0, 5.0, 5.0, 10.0, 10.0]


async def test_a_full_queue_sheds_evaluation_before_background_before_interactive_calls() -> None:
    counts = Counts()
    limits = capacity(CapacityOptions(max_concurrent=1, max_background=64, queue_size=3), recorder=counts)
    working = asyncio.create_task(_work(limits.hold(_applicant()), 1.0))
    await asyncio.sleep(0)
    order: list[str] = []

    async def call(priority: Priority) -> None:
        try:
            await _work(limits.hold(_applicant(priority=priority)), 1.0)
            order.append(f"{priority} worked")
        except Rejection:
            order.append(f"{priority} shed")

    calls = []
    for priority in (
        Priority.BACKGROUND,
        Priority.EVALUATION,
        Priority.INTERACTIVE,
        Priority.INTERACTIVE,
        Priority.INTERACTIVE,
    ):
        calls.append(asyncio.create_task(call(priority)))
        await asyncio.sleep(0)
    await asyncio.gather(working, *calls)
    assert order == ["EVALUATION shed", "BACKGROUND shed", *["INTERACTIVE worked"] * 3]
    refused = {labels[1:] for labels in counts.series(metrics.SLOTS_REFUSED)}
    assert refused == {("EVALUATION", "displaced"), ("BACKGROUND", "displaced")}


class Beating:
    """A capacity under demand, whose event loop is as late as the test says.

    Args:
        least: calls at once however late it is.
        most: calls at once.
    """

    def __init__(self, least: int, most: int) -> None:
        self.counts = Counts()
        self.limits = capacity(
            CapacityOptions(min_concurrent=least, max_concurrent=most, max_lag_seconds=0.02), recorder=self.counts
        )
        self._calls = [asyncio.create_task(_work(self.limits.hold(_applicant(seconds=1e6)), 1e5)) for _ in range(most)]

    async def after(self, *lags: float) -> list[int]:
        """The limit after each of so many beats."""
        limits = []
        for lag in lags:
            await asyncio.sleep(0.5)
            self.limits.beat(lag)
            limits.append(int(self.counts.reading(metrics.SLOTS_LIMIT)["calls",]))
        return limits

    async def end(self) -> None:
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)


async def test_the_limit_shrinks_while_the_loop_is_late_and_grows_when_it_is_not() -> None:
    beating = Beating(8, 64)
    assert await beating.after(0.0, 0.0) == [64, 64]
    shrinking = await beating.after(*[0.5] * 8)
    assert shrinking == sorted(shrinking, reverse=True)
    assert shrinking[0] == 64, "one late beat may be the garbage collector's"
    assert shrinking[-1] == 8, "no less than is set, however late it is"
    growing = await beating.after(*[0.001] * 70)
    assert growing == sorted(growing)
    assert growing[-1] == 64
    await beating.end()


async def test_a_limit_that_is_not_in_demand_does_not_grow() -> None:
    beating = Beating(1, 32)
    await beating.after(*[0.5] * 12)
    await beating.end()
    before = await beating.after(0.001)
    assert await beating.after(*[0.001] * 20) == before * 20


async def test_calls_themselves_measure_the_loop() -> None:
    lag = LoopLag()
    limits = capacity(CapacityOptions(), lag=lag)
    async with limits.hold(_applicant()):
        # What runs before the call's turn comes again makes the loop late.
        asyncio.get_running_loop().advance(0.3)  # type: ignore[attr-defined]  # the loop of these tests
    await asyncio.sleep(0)
    assert lag.worst(asyncio.get_running_loop().time()) == pytest.approx(0.3)
    assert repr(limits).startswith("<Capacity: <FairLimiter: 0 of 512 slots taken")
