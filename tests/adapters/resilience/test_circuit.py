"""A model that keeps failing is left alone, and found again when it is back."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest

from groundwire_server.adapters.resilience.circuit import Circuit, CircuitOptions, CircuitState
from groundwire_server.adapters.resilience.failure_classes import FailureClasses
from groundwire_server.domain.deadline import NEVER, Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from tests.adapters.generator.wire.models import ask
from tests.adapters.resilience.protected import circuit, protected
from tests.doubles.generator import DONE, Move, ScriptedGenerator, Wait, draft
from tests.doubles.time import LoopTime

ANSWER: list[Move] = [*draft(("Parcels wait.", ["p1"])), DONE]
DOWN: list[Move] = [Failure(Cause.MODEL_UNAVAILABLE)]
SLOW: list[Move] = [Wait(1.0), *ANSWER]


class Guarded:
    """Calls through one circuit."""

    def __init__(self, options: CircuitOptions | None = None) -> None:
        self.circuit = circuit(options)
        self.asked = 0

    def circuit_is(self, state: CircuitState) -> bool:
        return self.circuit.state is state

    async def call(self, script: Sequence[Move], tenant: str = "tenant") -> Failure | None:
        inner = ScriptedGenerator(script)
        asked = replace(ask(), requester=Requester(tenant))
        try:
            async for _ in protected(inner, guarded_by=self.circuit).generate(asked, NEVER):
                pass
        except Failure as failure:
            return failure
        finally:
            self.asked += len(inner.requests)
        return None

    async def open(self) -> None:
        for _ in range(5):
            await self.call(DOWN)
        assert self.circuit_is(CircuitState.OPEN)
        self.asked = 0


async def test_an_open_circuit_asks_nobody_and_says_when_it_may_be_tried() -> None:
    guarded = Guarded()
    await guarded.open()
    await asyncio.sleep(2.0)
    failure = await guarded.call(ANSWER)
    assert failure is not None
    assert failure.cause is Cause.MODEL_UNAVAILABLE
    assert failure.retry_after == pytest.approx(3.0)
    assert guarded.asked == 0


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause.startswith("MODEL_")])
async def test_only_a_models_own_failures_open_it(cause: Cause) -> None:
    guarded = Guarded()
    for _ in range(20):
        await guarded.call([Failure(cause)])
    counts = {Cause.MODEL_UNAVAILABLE, Cause.MODEL_SLOW_START, Cause.MODEL_INTERRUPTED}
    assert guarded.circuit.state is (CircuitState.OPEN if cause in counts else CircuitState.CLOSED)


async def test_a_few_failures_among_many_answers_do_not_open_it() -> None:
    guarded = Guarded()
    for number in range(40):
        await guarded.call(DOWN if number % 3 == 0 else ANSWER)
    assert guarded.circuit_is(CircuitState.CLOSED)


async def test_failures_of_long_ago_do_not_count() -> None:
    guarded = Guarded()
    for _ in range(20):
        await guarded.call(DOWN)
        await asyncio.sleep(8.0)
    assert guarded.circuit_is(CircuitState.CLOSED)


async def test_a_probe_that_succeeds_closes_it() -> None:
    guarded = Guarded()
    await guarded.open()
    await asyncio.sleep(5.0)
    assert guarded.circuit_is(CircuitState.HALF_OPEN)
    assert await guarded.call(ANSWER) is None
    assert guarded.circuit_is(CircuitState.CLOSED)


async def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_bound() -> None:
    guarded = Guarded()
    await guarded.open()
    await asyncio.sleep(5.0)
    for pause in (10.0, 20.0, 40.0, 60.0, 60.0):
        await guarded.call(DOWN)
        failure = await guarded.call(ANSWER)
        assert failure is not None
        assert failure.retry_after == pytest.approx(pause)
        await asyncio.sleep(pause)
    assert guarded.asked == 5


async def test_one_probe_at_a_time() -> None:
    guarded = Guarded()
    await guarded.open()
    await asyncio.sleep(5.0)
    ended = await asyncio.gather(*(guarded.call(SLOW) for _ in range(10)))
    assert sum(failure is None for failure in ended) == 1
    assert guarded.asked == 1


@pytest.mark.parametrize("leaves", ["cancelled", "closed"])
async def test_a_probe_whose_caller_leaves_makes_room_for_the_next(leaves: str) -> None:
    guarded = Guarded()
    await guarded.open()
    await asyncio.sleep(5.0)
    if leaves == "cancelled":
        probe = asyncio.create_task(guarded.call(SLOW))
        await asyncio.sleep(0.5)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
    else:
        writing = protected(ScriptedGenerator(ANSWER), guarded_by=guarded.circuit).generate(ask(), NEVER)
        await anext(writing)
        await writing.aclose()
    assert guarded.circuit_is(CircuitState.HALF_OPEN)
    assert await guarded.call(ANSWER) is None
    assert guarded.circuit_is(CircuitState.CLOSED)


async def test_callers_who_leave_or_have_no_time_neither_open_nor_close_it() -> None:
    guarded = Guarded()
    for _ in range(30):
        task = asyncio.create_task(guarded.call(SLOW))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await guarded.call([Failure(Cause.MODEL_TIMEOUT)])
    for _ in range(5):
        assert guarded.circuit_is(CircuitState.CLOSED)
        await guarded.call(DOWN)
    # Had they counted as answers, five failures would not have been half of all.
    assert guarded.circuit_is(CircuitState.OPEN)


async def test_what_began_before_it_opened_says_nothing_about_now() -> None:
    guarded = Guarded()
    before = [asyncio.create_task(guarded.call([Wait(7.0), *script])) for script in (ANSWER, DOWN)]
    await asyncio.sleep(0.1)
    await guarded.open()
    await asyncio.sleep(5.0)
    probe = asyncio.create_task(guarded.call([Wait(5.0), *ANSWER]))
    await asyncio.gather(*before)
    assert guarded.circuit_is(CircuitState.HALF_OPEN)
    await probe
    assert guarded.circuit_is(CircuitState.CLOSED)


async def test_failures_of_before_do_not_open_it_again() -> None:
    guarded = Guarded()
    before = [asyncio.create_task(guarded.call([Wait(7.0), *DOWN])) for _ in range(20)]
    await asyncio.sleep(0.1)
    await guarded.open()
    await asyncio.sleep(5.0)
    await guarded.call(ANSWER)
    await asyncio.gather(*before)
    assert guarded.circuit_is(CircuitState.CLOSED)


async def test_a_reader_that_stops_at_the_last_piece_has_had_an_answer() -> None:
    guarded = Guarded()
    await guarded.open()
    await asyncio.sleep(5.0)
    writing = protected(ScriptedGenerator(ANSWER), guarded_by=guarded.circuit).generate(ask(), NEVER)
    for _ in ANSWER:
        await anext(writing)
    await writing.aclose()
    assert guarded.circuit_is(CircuitState.CLOSED)


async def test_its_changes_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    guarded = Guarded()
    await guarded.open()
    await asyncio.sleep(5.0)
    await guarded.call(ANSWER)
    changes = [record for record in caplog.records if record.name == Circuit.__module__]
    assert [record.levelname for record in changes] == ["WARNING", "INFO"]
    assert all("test/model" in record.getMessage() for record in changes)


@pytest.mark.parametrize(("after", "state"), [(0.5, CircuitState.CLOSED), (2.0, CircuitState.OPEN)])
async def test_a_slow_start_counts_only_by_the_models_own_bound(after: float, state: CircuitState) -> None:
    guarded = Guarded(CircuitOptions(min_calls=1))
    inner = ScriptedGenerator([Wait(1.0), Failure(Cause.MODEL_SLOW_START)])
    start_by = Deadline(asyncio.get_running_loop().time() + after)
    with pytest.raises(Failure):
        await anext(protected(inner, guarded_by=guarded.circuit).generate(replace(ask(), start_by=start_by), NEVER))
    assert guarded.circuit_is(state)


STORE = FailureClasses(
    unavailable=Cause.STORE_UNAVAILABLE,
    counted=frozenset({Cause.STORE_UNAVAILABLE}),
    ignored=frozenset({Cause.STORE_TIMEOUT}),
    retryable=frozenset(),
)


@pytest.mark.parametrize(
    ("cause", "state"),
    [
        (Cause.STORE_UNAVAILABLE, CircuitState.OPEN),
        (Cause.STORE_TIMEOUT, CircuitState.CLOSED),
        (Cause.MODEL_UNAVAILABLE, CircuitState.CLOSED),
    ],
)
async def test_what_counts_against_a_dependency_is_given(cause: Cause, state: CircuitState) -> None:
    of_a_store = Circuit("store", CircuitOptions(min_calls=1), STORE, LoopTime())
    with pytest.raises(Failure), of_a_store.guard("acme"):
        raise Failure(cause)
    assert of_a_store.state is state
    if state is CircuitState.OPEN:
        with pytest.raises(Failure) as refused, of_a_store.guard("acme"):
            pass
        assert refused.value.cause is Cause.STORE_UNAVAILABLE


async def test_a_tenant_whose_calls_alone_fail_takes_the_model_from_nobody() -> None:
    guarded = Guarded()
    for _ in range(20):
        await guarded.call([Failure(Cause.MODEL_SLOW_START)], "acme")
        assert await guarded.call(ANSWER, "globex") is None
        for _ in range(5):
            await guarded.call([Failure(Cause.MODEL_SLOW_START)], "acme")
    assert guarded.circuit_is(CircuitState.CLOSED)


async def test_a_model_that_fails_for_all_opens_the_circuit_whoever_was_answered_before() -> None:
    guarded = Guarded()
    await guarded.call(ANSWER, "globex")
    for _ in range(9):
        await guarded.call(DOWN, "acme")
    assert guarded.circuit_is(CircuitState.CLOSED)
    await guarded.call(DOWN, "globex")
    assert guarded.circuit_is(CircuitState.OPEN)


async def test_a_tenant_that_was_answered_before_the_window_keeps_no_circuit_closed() -> None:
    guarded = Guarded()
    await guarded.call(ANSWER, "globex")
    await asyncio.sleep(30.1)
    for _ in range(5):
        await guarded.call(DOWN, "acme")
    assert guarded.circuit_is(CircuitState.OPEN)


async def test_its_state_shows_in_its_repr() -> None:
    guarded = Guarded()
    for _ in range(3):
        await guarded.call(ANSWER)
    await guarded.call(DOWN)
    assert repr(guarded.circuit) == "<Circuit test/model: closed, 1 of 4 calls failed, probed after 5 s>"
    await guarded.open()
    assert repr(guarded.circuit) == "<Circuit test/model: open, 0 of 0 calls failed, probed after 5 s>"
