import asyncio

import pytest

from groundwire_server.domain.deadline import Deadline, TimePlan
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.outcome import Report
from groundwire_server.domain.vocabulary import Cause, Stage
from groundwire_server.pipeline.stage import Run
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime


def _run(seconds: float = 4.0) -> tuple[Run, Spans]:
    now = asyncio.get_running_loop().time()
    spans = Spans()
    return Run(TimePlan(now, Deadline(now + seconds)), LoopTime(), spans.tracer, Report()), spans


async def _sleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


async def test_a_stage_is_timed_and_traced_with_its_budget() -> None:
    run, spans = _run()
    assert (
        await run.stage(Stage.RETRIEVE, lambda by: _sleep(0.2), lambda result: {"result.length": len(result)}) == "done"
    )
    (timing,) = run.final_report().stages
    assert (timing.stage, timing.cause, timing.attempt) == (Stage.RETRIEVE, None, 0)
    assert (timing.start, timing.duration, timing.budget) == pytest.approx((0.0, 0.2, 0.95))
    attributes = spans.attributes("groundwire.retrieve")
    assert attributes["groundwire.stage.budget_seconds"] == pytest.approx(0.95)
    assert attributes["result.length"] == 4


@pytest.mark.parametrize(
    ("stage", "cause", "after"),
    [
        (Stage.RETRIEVE, Cause.STORE_TIMEOUT, 0.95),
        (Stage.GENERATE, Cause.MODEL_TIMEOUT, 3.77),
        (Stage.VALIDATE, Cause.TIME_EXHAUSTED, 3.8),
    ],
)
async def test_a_stage_that_takes_too_long_is_cancelled_at_its_budget(stage: Stage, cause: Cause, after: float) -> None:
    run, spans = _run()
    cancelled: list[float] = []

    async def hang(by: Deadline) -> None:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            cancelled.append(asyncio.get_running_loop().time())
            raise

    with pytest.raises(Failure) as caught:
        await run.stage(stage, hang)
    assert caught.value.cause is cause
    assert [when - run.plan.arrived for when in cancelled] == pytest.approx([after])
    assert run.final_report().stages[0].cause is cause
    assert spans.attributes(f"groundwire.{stage.lower()}")["groundwire.cause"] == cause.value


async def test_the_work_is_told_its_deadline() -> None:
    run, _ = _run()
    seen: list[float] = []

    async def work(by: Deadline) -> None:
        seen.append(by.at - run.plan.arrived)

    await run.stage(Stage.GENERATE, work)
    await run.stage(Stage.RETRIEVE, work)
    assert seen == pytest.approx([3.77, 0.95])


async def test_a_stage_that_no_time_is_left_for_is_not_begun() -> None:
    run, _ = _run(0.1)
    await asyncio.sleep(0.2)

    def never() -> None:
        pytest.fail("was begun")

    with pytest.raises(Failure) as caught:
        run.compute(Stage.SELECT, never)
    assert caught.value.cause is Cause.TIME_EXHAUSTED


async def test_an_outcome_is_decided_however_late_it_is() -> None:
    run, _ = _run(0.1)
    await asyncio.sleep(5)
    assert run.compute(Stage.DECIDE, lambda: "decided") == "decided"


async def test_a_timeout_of_the_works_own_is_a_defect_and_not_the_stages() -> None:
    run, _ = _run()

    async def own(by: Deadline) -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(1)

    with pytest.raises(TimeoutError):
        await run.stage(Stage.RETRIEVE, own)


async def test_cancelling_the_call_cancels_the_work_and_is_traced() -> None:
    run, spans = _run()
    task = asyncio.create_task(run.stage(Stage.GENERATE, lambda by: _sleep(3)))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert spans.attributes("groundwire.generate")["groundwire.cancelled"] is True
    assert run.final_report().stages[0].duration == pytest.approx(1.0)


async def test_only_the_first_output_sets_the_time_to_first_token() -> None:
    run, _ = _run()
    await asyncio.sleep(0.5)
    run.first_output()
    await asyncio.sleep(0.5)
    run.first_output()
    assert run.final_report().time_to_first_token == pytest.approx(0.5)
    assert run.final_report().total == pytest.approx(1.0)
