"""Calls over scripted models that are recorded."""

import asyncio
from collections.abc import Sequence
from typing import Any

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.outcome import Outcome
from groundwire_server.domain.question import Question
from groundwire_server.ports.exchange import RecordedExchange
from groundwire_server.ports.recording import unrecorded
from tests.doubles.generator import DONE, Move, ScriptedGenerator, draft
from tests.doubles.inline import inline_threads
from tests.doubles.replaying import RecordsAll, recording_answerer
from tests.doubles.sink import RecordingSink
from tests.doubles.time import LoopTime
from tests.pipeline.running import FIRST, SECOND, path
from tests.pipeline.samples import ALICE, ask

GOOD: list[Move] = [*draft((FIRST, ["p1"]), (SECOND, ["p1"])), DONE]


async def recorded(
    *scripts: Sequence[Move] | ScriptedGenerator,
    stream: bool = False,
    seconds: float = 4.0,
    question: Question | None = None,
    **changes: Any,
) -> tuple[Outcome, RecordedExchange]:
    """The outcome of a call, and the call as it was recorded."""
    made, sink = await path(*scripts, **changes), RecordsAll()
    threads, lag = inline_threads(), changes.get("lag")
    answerer = recording_answerer(made.answerer, made.routes, sink, LoopTime(), unrecorded(), threads, lag)
    now = asyncio.get_running_loop().time()
    inquiry = made.routes.inquiry(question or ask(), ALICE, now, Deadline(now + seconds))
    outcome = await answerer.answer(inquiry, RecordingSink() if stream else None)
    (exchange,) = sink.kept
    return outcome, exchange
