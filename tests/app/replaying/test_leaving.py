"""Calls that nobody waits for to the end: a recording of one is whole, or it is not there."""

import asyncio

import pytest

from groundwire_server.app.replay import replay
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.recording import unrecorded
from tests.app.replaying.recorded import GOOD, recorded
from tests.doubles.generator import Move, ScriptedGenerator, Wait
from tests.doubles.inline import inline_threads
from tests.doubles.replaying import RecordsAll, recording_answerer
from tests.doubles.sink import RecordingSink
from tests.doubles.time import LoopTime
from tests.pipeline.running import path
from tests.pipeline.samples import ALICE, ask

SLOW: list[Move] = [*GOOD[:2], Wait(2.0), *GOOD[2:]]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("after", [0.0, 1.0, 1.999])
async def test_a_call_that_is_cancelled_is_not_recorded(after: float, *, stream: bool) -> None:
    made, sink = await path(ScriptedGenerator(SLOW)), RecordsAll()
    answerer = recording_answerer(made.answerer, made.routes, sink, LoopTime(), unrecorded(), inline_threads())
    now = asyncio.get_running_loop().time()
    inquiry = made.routes.inquiry(ask(), ALICE, now, Deadline(now + 4.0))
    call = asyncio.create_task(answerer.answer(inquiry, RecordingSink() if stream else None))
    await asyncio.sleep(after)
    call.cancel()
    await asyncio.wait([call])
    assert call.cancelled()
    assert sink.kept == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_whose_time_is_up_is_recorded_with_its_outcome(*, stream: bool) -> None:
    outcome, exchange = await recorded(SLOW, stream=stream, seconds=1.0)
    assert outcome.cause is Cause.MODEL_TIMEOUT
    replayed = await replay(exchange)
    assert replayed.exact, (replayed.unrecorded, replayed.differences)
    assert replayed.timed


async def test_a_stream_whose_reader_is_gone_is_whole_or_not_there() -> None:
    class Gone(RecordingSink):
        async def emit(self, *given: object) -> None:
            raise ConnectionResetError

    made, sink = await path(GOOD), RecordsAll()
    answerer = recording_answerer(made.answerer, made.routes, sink, LoopTime(), unrecorded(), inline_threads())
    now = asyncio.get_running_loop().time()
    with pytest.raises(ConnectionResetError):
        await answerer.answer(made.routes.inquiry(ask(), ALICE, now, Deadline(now + 4.0)), Gone())
    assert sink.kept == []
