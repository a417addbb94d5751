"""Calls that are recorded, written down, read again and replayed."""

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

from groundwire_server.app import compose
from groundwire_server.app.recorded_calls import CallRecording, RecordingAnswerer
from groundwire_server.app.replay import Replayed, replay, replay_now
from groundwire_server.domain.fairness.loop_lag import LoopLag
from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.outcome import Outcome
from groundwire_server.evaluation.exchange import exchange_from_json, exchange_to_json
from groundwire_server.pipeline.answerer import PipelineAnswerer
from groundwire_server.pipeline.routes import Ports, RouteTable
from groundwire_server.pipeline.shadow import Shadows
from groundwire_server.ports.answerer import Answerer
from groundwire_server.ports.call_recordings import RecordedCall
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.exchange import RecordedExchange
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.sink import Sink
from groundwire_server.ports.threads import Threads


@dataclass
class RecordsAll:
    """A RecordingSink that takes every call, through the form in which it would be kept."""

    kept: list[RecordedExchange] = field(default_factory=list)

    def wants(self, inquiry: Inquiry) -> bool:
        del inquiry
        return True

    def keep(self, inquiry: Inquiry, outcome: Outcome, call: RecordedCall) -> None:
        del inquiry, outcome
        assert isinstance(call, CallRecording)
        self.kept.append(through_json(call.exchange()))


class RecordingRoutes(RouteTable):
    """Routes all of whose calls are recorded."""

    def __init__(self, inner: RouteTable, sink: RecordsAll) -> None:
        super().__init__({})
        self._inner = inner
        self._sink = sink

    def ports(self, inquiry: Inquiry) -> Ports:
        return replace(self._inner.ports(inquiry), recordings=self._sink)


def recording_answerer(
    inner: Answerer,
    routes: RouteTable,
    sink: RecordsAll,
    clock: Clock,
    recording: Recording,
    threads: Threads,
    lag: LoopLag | None = None,
    shadows: Shadows | None = None,
) -> RecordingAnswerer:
    """An answerer all of whose calls are recorded."""
    taking = RecordingRoutes(routes, sink)
    return RecordingAnswerer(inner, taking, clock, recording, threads, lag or LoopLag(), shadows or Shadows())


def through_json(exchange: RecordedExchange) -> RecordedExchange:
    """An exchange as it is read again after it was written."""
    return exchange_from_json(json.loads(json.dumps(exchange_to_json(exchange))))


async def assert_replayed(kept: Collection[RecordedExchange]) -> list[Replayed]:
    """Make sure that each call comes to the same outcome again."""
    found = []
    for each in kept:
        replayed = await replay(each)
        assert replayed.outcome is not None, f"not recorded: {replayed.unrecorded}"
        assert replayed.differences == ()
        found.append(replayed)
    return found


@contextmanager
def every_call_replayed() -> Iterator[RecordsAll]:
    """Record every call of servers that are composed meanwhile, and replay them all at the end."""
    sink = RecordsAll()

    class RecordedPipeline(PipelineAnswerer):
        def __init__(
            self,
            routes: RouteTable,
            clock: Clock,
            recording: Recording,
            threads: Threads,
            lag: LoopLag | None = None,
            shadows: Shadows | None = None,
        ) -> None:
            super().__init__(routes, clock, recording, threads, lag, shadows)
            self._recorded = recording_answerer(self, routes, sink, clock, recording, threads, lag, shadows)

        async def answer(self, inquiry: Inquiry, sink: Sink | None) -> Outcome:
            return await self._recorded.answer(inquiry, sink)

    with patch.object(compose, "PipelineAnswerer", RecordedPipeline):
        yield sink
    for each in sink.kept:
        replayed = replay_now(each)
        ended = f"{type(each.outcome.result).__name__} {each.outcome.cause} {each.outcome.action}"
        assert replayed.outcome is not None, f"{ended}: not recorded: {replayed.unrecorded}"
        assert replayed.differences == (), f"{ended}: {replayed.differences}"
        if ends := os.environ.get("GROUNDWIRE_REPLAYED_ENDS"):
            with Path(ends).open("a", encoding="utf-8") as file:
                file.write(f"{ended} timed={replayed.timed}\n")
