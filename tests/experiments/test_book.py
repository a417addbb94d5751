"""The results of a process: what it sums, when it writes, and what happens while the database is away."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.experiments.experiment import Assignment, ExperimentUnit, Metric
from groundwire_server.domain.experiments.observation import UnitKey
from groundwire_server.domain.generation import ModelUsage, Usage
from groundwire_server.domain.outcome import (
    Abstained,
    Answered,
    Cached,
    Degraded,
    FailedSafe,
    InReview,
    ModelAttempt,
    Outcome,
    Queued,
    Report,
    Result,
)
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Action, Cause, NextStep, Purpose
from groundwire_server.experiments.book import CLOSE_SECONDS, HEARTBEAT_SECONDS, SWEEP_SECONDS, ExperimentBook
from groundwire_server.telemetry import metrics
from tests.doubles.counts import Counts
from tests.doubles.experiment_results import MemoryExperimentResults

ANN, BOB = Requester("acme", "app", "ann"), Requester("acme", "app", "bob")
CONTROL = (Assignment("shorter", "control"),)
BOTH = (*CONTROL, Assignment("by-tenant", "candidate", ExperimentUnit.TENANT))
TEXT = GroundedText.of((), None)


class WallClock:
    """The loop's time, and the time of day that goes with it."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def today(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=self.now() - 1000.0)


def outcome(result: Result | None = None, report: Report | None = None) -> Outcome:
    """Return an outcome that took 200 ms."""
    report = report or Report(total=0.2)
    return Outcome(result or Answered(TEXT), Cause.ANSWER_VALIDATED, Action.ANSWER, NextStep.SHOW, report)


def name(unit: ExperimentUnit, requester: Requester) -> str:
    """Name a unit in plain words."""
    return {ExperimentUnit.END_USER: requester.end_user, ExperimentUnit.TENANT: requester.tenant}.get(unit, "")


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def results() -> MemoryExperimentResults:
    return MemoryExperimentResults(WallClock(), {"shorter": None, "by-tenant": None})


@pytest.fixture
async def book(results: MemoryExperimentResults, counts: Counts) -> ExperimentBook:
    return ExperimentBook(results, name, WallClock(), counts, most=3)


def _values(results: MemoryExperimentResults, unit: str = "ann") -> dict[Metric, float]:
    return dict(results.units[UnitKey("shorter", "control", unit)].sums)


async def test_a_call_counts_to_the_unit_of_each_of_its_arms(
    book: ExperimentBook, results: MemoryExperimentResults
) -> None:
    book.outcome(BOTH, ANN, outcome())
    book.outcome(BOTH, BOB, outcome())
    assert await book.write()
    assert {key: sums.calls for key, sums in results.units.items()} == {
        UnitKey("shorter", "control", "ann"): 1,
        UnitKey("shorter", "control", "bob"): 1,
        UnitKey("by-tenant", "candidate", "acme"): 2,
    }


@pytest.mark.parametrize(
    ("result", "metric"),
    [
        (Answered(TEXT), Metric.ANSWERED),
        (Cached(TEXT, 1.0, ()), Metric.ANSWERED),
        (Abstained(0, ()), Metric.ABSTAINED),
        (Degraded(()), Metric.DEGRADED),
        (Queued("operations/1", 0, 1.0), Metric.QUEUED),
        (InReview("t", "operations/1"), Metric.IN_REVIEW),
        (FailedSafe(retryable=True), Metric.FAILED_SAFE),
    ],
)
async def test_each_result_is_a_metric(
    book: ExperimentBook, results: MemoryExperimentResults, result: Result, metric: Metric
) -> None:
    book.outcome(CONTROL, ANN, outcome(result))
    await book.write()
    assert _values(results) == {metric: 1.0, Metric.LATENCY_MS: 200.0}


async def test_what_models_did_and_consumed_is_counted(book: ExperimentBook, results: MemoryExperimentResults) -> None:
    report = Report(
        total=0.5,
        attempts=(
            ModelAttempt("big", None, Action.ANSWER, Cause.OUTPUT_MALFORMED),
            ModelAttempt("big", None, Action.REPAIR),
        ),
        usage=(
            ModelUsage("big", Purpose.ANSWER, Usage(100, 20, cached_input_tokens=40, cost_micros=1500)),
            ModelUsage("big", Purpose.REPAIR, Usage(10, 5, cost_micros=100)),
            ModelUsage("other", Purpose.SHADOW, Usage(999, 999, cost_micros=999)),
        ),
    )
    book.outcome(CONTROL, ANN, outcome(report=report))
    await book.write()
    assert _values(results) == {
        Metric.ANSWERED: 1.0,
        Metric.MALFORMED: 1.0,
        Metric.REPAIRED: 1.0,
        Metric.LATENCY_MS: 500.0,
        Metric.COST_MICROS: 1600.0,
        Metric.INPUT_TOKENS: 110.0,
        Metric.CACHED_INPUT_TOKENS: 40.0,
        Metric.OUTPUT_TOKENS: 25.0,
    }


async def test_a_queued_call_counts_once_and_its_answer_when_a_worker_has_it(
    book: ExperimentBook, results: MemoryExperimentResults
) -> None:
    book.outcome(CONTROL, ANN, outcome(Queued("operations/1", 0, 1.0)))
    await book.write()
    book.answered_later(CONTROL, ANN, outcome(Abstained(0, ()), Report(total=90.0)))
    await book.write()
    assert results.units[UnitKey("shorter", "control", "ann")].calls == 1
    assert _values(results) == {Metric.QUEUED: 1.0, Metric.LATENCY_MS: 200.0, Metric.ABSTAINED: 1.0}


async def test_feedback_counts_to_a_unit_with_calls(book: ExperimentBook, results: MemoryExperimentResults) -> None:
    book.outcome(CONTROL, ANN, outcome())
    for requester in (ANN, BOB):
        book.later(CONTROL, requester, {Metric.FEEDBACK: 1.0, Metric.NEGATIVE: 1.0})
    await book.write()
    assert _values(results)[Metric.NEGATIVE] == 1.0
    assert list(results.units) == [UnitKey("shorter", "control", "ann")]


async def test_a_call_without_the_unit_counts_nowhere(book: ExperimentBook, results: MemoryExperimentResults) -> None:
    book.outcome(CONTROL, Requester("acme", "app"), outcome())
    book.outcome((), ANN, outcome())
    await book.write()
    assert not results.units


async def test_nothing_is_lost_or_counted_twice_while_the_database_is_away(
    book: ExperimentBook, results: MemoryExperimentResults, counts: Counts
) -> None:
    book.outcome(CONTROL, ANN, outcome())
    results.broken = 1
    assert not await book.write()
    results.failing = 2
    book.outcome(CONTROL, ANN, outcome())
    await asyncio.sleep(7)
    assert not await book.write()
    assert counts.reading(metrics.EXPERIMENT_UNWRITTEN_AGE) == {(): pytest.approx(7.0)}
    assert not await book.write()
    assert await book.write()
    assert results.units[UnitKey("shorter", "control", "ann")].calls == 2
    assert counts.reading(metrics.EXPERIMENT_UNWRITTEN_AGE) == {(): 0.0}


async def test_units_beyond_the_bound_are_left_out_and_counted_as_such(
    book: ExperimentBook, results: MemoryExperimentResults, counts: Counts
) -> None:
    results.failing = -1
    for number in range(5):
        book.outcome(CONTROL, Requester("acme", "app", f"user{number}"), outcome())
    # Those that wait already are counted on.
    book.outcome(CONTROL, Requester("acme", "app", "user0"), outcome())
    assert not await book.write()
    results.failing = 0
    assert await book.write()
    assert {key.unit: sums.calls for key, sums in results.units.items()} == {"user0": 2, "user1": 1, "user2": 1}
    assert counts.of(metrics.EXPERIMENT_RESULTS_DROPPED) == 2


async def test_it_writes_each_second_and_says_that_it_lives(
    book: ExperimentBook, results: MemoryExperimentResults
) -> None:
    keeping = asyncio.create_task(book.keep())
    await asyncio.sleep(0.5)
    assert results.writers[book.process][0] == 1
    book.outcome(CONTROL, ANN, outcome())
    await asyncio.sleep(1.0)
    assert results.writers[book.process][0] == 2
    await asyncio.sleep(HEARTBEAT_SECONDS + 1)
    assert results.writers[book.process][0] == 3
    keeping.cancel()


async def test_it_sweeps_each_hour(counts: Counts) -> None:
    results = MemoryExperimentResults(WallClock(), {"shorter": WallClock().today()}, keep=timedelta(minutes=30))
    book = ExperimentBook(results, name, WallClock(), counts)
    book.outcome(CONTROL, ANN, outcome())
    keeping = asyncio.create_task(book.keep())
    await asyncio.sleep(SWEEP_SECONDS - 5)
    assert results.units
    await asyncio.sleep(15)
    assert not results.units
    keeping.cancel()


async def test_it_ends_with_its_last_batch(book: ExperimentBook, results: MemoryExperimentResults) -> None:
    book.outcome(CONTROL, ANN, outcome())
    results.failing = 2
    await book.close()
    assert results.units[UnitKey("shorter", "control", "ann")].calls == 1
    assert not results.writers


async def test_an_end_waits_no_longer_than_it_may(
    book: ExperimentBook, results: MemoryExperimentResults, caplog: pytest.LogCaptureFixture
) -> None:
    book.outcome(CONTROL, ANN, outcome())
    results.failing = -1
    began = asyncio.get_running_loop().time()
    await book.close()
    assert asyncio.get_running_loop().time() - began == pytest.approx(CLOSE_SECONDS, abs=0.1)
    assert "results of experiments were not written before the end" in caplog.messages
