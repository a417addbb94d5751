import asyncio

import pytest

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.vocabulary import Cause, Stage
from groundwire_server.pipeline.report import ReportBuilder
from groundwire_server.pipeline.stage import StageRunner
from tests.doubles.policies import time_plan
from tests.doubles.spans import Spans
from tests.doubles.time import LoopTime


def _run(seconds: float = 4.0, lag: LoopLag | None = None) -> tuple[StageRunner, Spans]:
    now = asyncio.get_running_loop().time()
    spans = Spans()
    plan = time_plan(seconds, now)
    return StageRunner(plan, LoopTime(), spans.tracer, ReportBuilder("", "", "", now), lag), spans


async def test_a_stage_is_timed_and_traced_with_its_budget() -> None:
    run, spans = _run()
    async with run.stage(Stage.RETRIEVE) as stage:
        await asyncio.sleep(0.2)
        stage.note({"result.length": 4})
    (timing,) = run.report.stages
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
        (Stage.CHECK, Cause.TIME_EXHAUSTED, 3.8),
    ],
)
async def test_a_stage_that_takes_too_long_is_cancelled_at_its_budget(stage: Stage, cause: Cause, after: float) -> None:
    run, spans = _run()
    with pytest.raises(Failure) as caught:
        async with run.stage(stage):
            await asyncio.sleep(100)
    assert caught.value.cause is cause
    assert run.now() - run.plan.arrived == pytest.approx(after)
    assert run.report.stages[0].cause is cause
    assert spans.attributes(f"groundwire.{stage.lower()}")["groundwire.cause"] == cause.value


async def test_more_time_is_kept_for_the_outcome_while_the_loop_is_late() -> None:
    lag = LoopLag()
    run, _ = _run(1.0, lag)
    assert run.remaining() == pytest.approx(0.95)
    lag.add(0.1, run.now())
    assert run.remaining() == pytest.approx(0.825)
    with pytest.raises(Failure):
        async with run.stage(Stage.CHECK):
            await asyncio.sleep(100)
    assert run.now() - run.plan.arrived == pytest.approx(0.825)
    await asyncio.sleep(2.0)
    assert run.plan.answer_by.at - run.plan.arrived == pytest.approx(0.95), "what was late long ago counts no more"


async def test_the_work_says_what_is_to_blame_when_its_time_ends() -> None:
    run, _ = _run()

    async def work() -> None:
        async with run.stage(Stage.RETRIEVE) as stage:
            stage.timeout_cause = Cause.EMBEDDER_UNAVAILABLE
            await asyncio.sleep(100)

    with pytest.raises(Failure) as caught:
        await work()
    assert caught.value.cause is Cause.EMBEDDER_UNAVAILABLE


async def test_the_work_knows_its_deadline() -> None:
    run, _ = _run()
    async with run.stage(Stage.GENERATE) as generating:
        pass
    async with run.stage(Stage.RETRIEVE) as retrieving:
        pass
    seen = [stage.deadline.at - run.plan.arrived for stage in (generating, retrieving)]
    assert seen == pytest.approx([3.77, 0.95])


async def test_a_stage_that_no_time_is_left_for_is_not_begun() -> None:
    run, _ = _run(0.1)
    await asyncio.sleep(0.2)
    with pytest.raises(Failure) as computed, run.compute(Stage.SELECT):
        pytest.fail("was begun")
    with pytest.raises(Failure) as waited:
        async with run.stage(Stage.GENERATE):
            pytest.fail("was begun")
    assert computed.value.cause is waited.value.cause is Cause.TIME_EXHAUSTED
    assert [timing.cause for timing in run.report.stages] == [Cause.TIME_EXHAUSTED] * 2


async def test_an_outcome_is_decided_however_late_it_is() -> None:
    run, _ = _run(0.1)
    await asyncio.sleep(5)
    with run.compute(Stage.DECIDE):
        pass
    assert run.report.stages[0].cause is None


async def test_a_timeout_of_the_works_own_is_a_defect_and_not_the_stages() -> None:
    run, _ = _run()
    with pytest.raises(TimeoutError):
        async with run.stage(Stage.RETRIEVE), asyncio.timeout(0.01):
            await asyncio.sleep(1)


async def test_cancelling_the_call_cancels_the_work_and_is_traced() -> None:
    run, spans = _run()

    async def work() -> None:
        async with run.stage(Stage.GENERATE):
            await asyncio.sleep(3)

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert spans.attributes("groundwire.generate")["groundwire.cancelled"] is True
    assert run.report.stages[0].duration == pytest.approx(1.0)


async def test_a_wait_for_somebody_else_is_not_cut_off_and_not_the_stages_fault() -> None:
    run, _ = _run()

    async def work() -> None:
        async with run.stage(Stage.GENERATE) as stage:
            with stage.untimed():
                await asyncio.sleep(6)

    with pytest.raises(Failure) as caught:
        await work()
    assert run.now() - run.plan.arrived == pytest.approx(6)
    assert caught.value.cause is Cause.TIME_EXHAUSTED


async def test_the_stages_time_goes_on_after_a_wait_for_somebody_else() -> None:
    run, _ = _run()

    async def work() -> None:
        async with run.stage(Stage.GENERATE) as stage:
            with stage.untimed():
                await asyncio.sleep(2)
            await asyncio.sleep(100)

    with pytest.raises(Failure) as caught:
        await work()
    assert caught.value.cause is Cause.MODEL_TIMEOUT
    assert run.now() - run.plan.arrived == pytest.approx(3.77)


async def test_only_the_first_output_sets_the_time_to_first_token() -> None:
    run, _ = _run()
    for _attempt in range(2):
        await asyncio.sleep(0.5)
        run.report.first_output(run.now())
    report = run.report.build(run.now())
    assert report.time_to_first_token == pytest.approx(0.5)
    assert report.total == pytest.approx(1.0)
