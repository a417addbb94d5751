"""Writing a stream, in virtual time."""

import asyncio
from typing import Any, cast

import pytest

from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire_server.domain.event import NumberedEvent, TextDelta
from groundwire_server.domain.outcome import Abstained, Outcome, Report
from groundwire_server.domain.vocabulary import Action, Assurance, Cause, NextStep
from groundwire_server.edge.sink import HEARTBEAT_SECONDS, SlowConsumerError, StreamSink
from tests.doubles.counts import Counts

WRITE_SECONDS = 4.0
OUTCOME = Outcome(Abstained(0, ()), Cause.NO_EVIDENCE, Action.ABSTAIN, NextStep.REPHRASE, Report())
DELTA = TextDelta("It yields a function.", Assurance.VERIFIED)


class Reader:
    """A stream's other end, which takes `seconds` for every message."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.read: list[tuple[float, int, str]] = []
        self.began: list[int] = []
        self._busy = False

    async def write(self, message: StreamAnswerResponse) -> None:
        assert not self._busy, "one write at a time"
        self._busy = True
        self.began.append(message.sequence)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self._busy = False
        now = asyncio.get_running_loop().time()
        self.read.append((now, message.sequence, message.WhichOneof("event") or ""))

    @property
    def kinds(self) -> list[tuple[int, str]]:
        return [(sequence, kind) for _, sequence, kind in self.read]


def _sink(reader: Reader, after: int = 0) -> StreamSink:
    return StreamSink(cast("Any", reader), WRITE_SECONDS, after, Counts())


async def test_a_silent_stream_says_that_it_is_alive() -> None:
    reader = Reader()
    began = asyncio.get_running_loop().time()
    async with _sink(reader) as sink:
        await sink.emit(NumberedEvent(1, 1, DELTA))
        await asyncio.sleep(2.5 * HEARTBEAT_SECONDS)
        await sink.emit(NumberedEvent(2, 1, DELTA))
    assert reader.kinds == [(1, "text_delta"), (1, "heartbeat"), (1, "heartbeat"), (2, "text_delta")]
    assert [at - began for at, _, _ in reader.read] == pytest.approx([0.0, 10.0, 20.0, 25.0])


async def test_a_stream_that_says_something_has_no_heartbeat() -> None:
    reader = Reader()
    async with _sink(reader) as sink:
        for sequence in range(1, 10):
            await asyncio.sleep(0.9 * HEARTBEAT_SECONDS)
            await sink.emit(NumberedEvent(sequence, 1, DELTA))
    assert [kind for _, kind in reader.kinds] == ["text_delta"] * 9


async def test_a_resumed_stream_repeats_the_number_that_its_reader_has() -> None:
    reader = Reader()
    async with _sink(reader, after=7):
        await asyncio.sleep(1.5 * HEARTBEAT_SECONDS)
    assert reader.kinds == [(7, "heartbeat")]


async def test_an_event_waits_for_a_heartbeat_that_is_being_written() -> None:
    reader = Reader(seconds=2.0)
    async with _sink(reader) as sink:
        await asyncio.sleep(HEARTBEAT_SECONDS + 1.0)
        await sink.emit(NumberedEvent(1, 1, DELTA))
    assert reader.kinds == [(0, "heartbeat"), (1, "text_delta")]


async def test_an_event_after_a_heartbeat_that_has_ended_is_written_at_once() -> None:
    reader = Reader()
    async with _sink(reader) as sink:
        await asyncio.sleep(1.5 * HEARTBEAT_SECONDS)
        emitting = asyncio.create_task(sink.emit(NumberedEvent(1, 1, DELTA)))
        await asyncio.sleep(0)
        assert reader.began == [0, 1]
        await emitting


async def test_a_reader_that_takes_nothing_ends_the_stream_at_its_next_event() -> None:
    reader = Reader(seconds=1000.0)
    async with _sink(reader) as sink:
        await asyncio.sleep(HEARTBEAT_SECONDS + 1.0)
        with pytest.raises(SlowConsumerError):
            await sink.emit(NumberedEvent(1, 1, DELTA))
    assert reader.read == []


async def test_the_end_of_a_stream_ends_its_heartbeats() -> None:
    reader = Reader(seconds=3.0)
    async with _sink(reader):
        await asyncio.sleep(HEARTBEAT_SECONDS + 1.0)
    await asyncio.sleep(5 * HEARTBEAT_SECONDS)
    assert reader.read == []


async def test_an_outcome_counts_from_when_grpc_has_it_although_the_call_is_cancelled_then() -> None:
    reader = Reader(seconds=1.0)
    async with _sink(reader) as sink:
        writing = asyncio.ensure_future(sink.emit(NumberedEvent(1, 0, OUTCOME)))
        await asyncio.sleep(0.5)
        writing.cancel()
        await asyncio.wait([writing])
        assert sink.outcome is OUTCOME


async def test_an_outcome_that_cannot_be_written_is_none() -> None:
    async with _sink(Reader(seconds=2 * WRITE_SECONDS)) as sink:
        with pytest.raises(SlowConsumerError):
            await sink.emit(NumberedEvent(1, 0, OUTCOME))
        assert sink.outcome is None
