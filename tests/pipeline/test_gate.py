import asyncio

import pytest

from groundwire_server.domain.answer import CheckedSegment, Citation, Segment
from groundwire_server.domain.event import Event, Retraction, TextDelta
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Assurance, Cause, StreamMode
from groundwire_server.pipeline.gate import Gate
from groundwire_server.pipeline.support import Source
from groundwire_server.pipeline.validate import check_segment
from tests.doubles.sink import RecordingSink
from tests.pipeline.samples import passage, policy

SOURCES = {
    "p1": Source(passage("c1", "Lambda expressions create anonymous functions. Generators yield values lazily."))
}


def _checked(text: str, before: str = "") -> CheckedSegment:
    return check_segment(Segment(text, ("p1",)), before, SOURCES, policy())


FIRST = _checked("Lambda expressions create anonymous functions.")
SECOND = _checked("Generators yield values lazily.", FIRST.delta)


def _kept(events: list[Event]) -> str:
    """What a reader has after applying every retraction."""
    text = ""
    for event in events:
        if isinstance(event, TextDelta):
            text += event.text
        if isinstance(event, Retraction):
            text = ""
    return text


async def test_checked_segments_leave_whole_and_stand() -> None:
    sink = RecordingSink()
    gate = Gate(sink, StreamMode.CHECKED)
    await gate.provisional("Lambda expr")
    assert sink.events == []
    await gate.verified([FIRST])
    await gate.verified([SECOND])
    assert gate.stands
    assert [event.assurance for event in sink.events if isinstance(event, TextDelta)] == [Assurance.VERIFIED] * 2
    assert _kept(sink.events) == gate.text == FIRST.delta + SECOND.delta
    assert sum(isinstance(event, Citation) for event in sink.events) == 2


@pytest.mark.parametrize("mode", StreamMode)
async def test_segments_that_came_as_one_leave_as_one_with_all_their_citations(mode: StreamMode) -> None:
    sink = RecordingSink()
    gate = Gate(sink, mode)
    await gate.verified([FIRST, SECOND])
    text, *citations = sink.events
    assert isinstance(text, TextDelta)
    assert text.text == FIRST.delta + SECOND.delta
    assert citations == [*FIRST.citations, *SECOND.citations]


async def test_what_stands_is_not_retracted() -> None:
    sink = RecordingSink()
    gate = Gate(sink, StreamMode.CHECKED)
    await gate.verified([FIRST])
    await gate.retract(Cause.MODEL_INTERRUPTED)
    assert not any(isinstance(event, Retraction) for event in sink.events)
    assert gate.passed == (FIRST,)


async def test_provisional_text_leaves_as_it_comes_and_adds_up() -> None:
    sink = RecordingSink()
    gate = Gate(sink, StreamMode.PROVISIONAL)
    for unfinished in ("L", "Lambda", "Lambda expressions create an", "Lambda expressions create anonymous functions."):
        await gate.provisional(unfinished)
    await gate.verified([FIRST])
    await gate.provisional("Gene")
    await gate.verified([SECOND])
    assert not gate.stands
    assert _kept(sink.events) == FIRST.delta + SECOND.delta
    assert len([event for event in sink.events if isinstance(event, TextDelta)]) > 2


async def test_provisional_text_is_taken_back_and_written_anew() -> None:
    sink = RecordingSink()
    gate = Gate(sink, StreamMode.PROVISIONAL)
    await gate.provisional("Bananas ripen")
    await gate.retract(Cause.UNSUPPORTED)
    assert sink.events[-1] == Retraction(Cause.UNSUPPORTED)
    await gate.verified([FIRST])
    assert _kept(sink.events) == FIRST.delta


async def test_a_character_leaves_only_once_nothing_can_compose_with_it() -> None:
    sink = RecordingSink()
    gate = Gate(sink, StreamMode.PROVISIONAL)
    await gate.provisional("cafe")
    assert _kept(sink.events) == "caf"
    # A mark that does not compose with the letter may still be reordered behind one that does.
    await gate.provisional("cafa\u0313")
    assert _kept(sink.events) == "caf"


async def test_without_a_sink_nothing_leaves_and_everything_can_be_taken_back() -> None:
    gate = Gate(None, StreamMode.CHECKED)
    await gate.verified([FIRST])
    assert gate.retractable
    assert not gate.stands
    await gate.retract(Cause.UNSUPPORTED)
    assert gate.text == ""


async def test_nothing_is_retracted_where_nothing_was_shown() -> None:
    sink = RecordingSink()
    gate = Gate(sink, StreamMode.PROVISIONAL)
    await gate.retract(Cause.OUTPUT_EMPTY)
    assert sink.events == []


async def test_text_that_is_not_what_was_shown_before_is_malformed() -> None:
    gate = Gate(RecordingSink(), StreamMode.PROVISIONAL)
    await gate.provisional("Bananas ripen slowly")
    with pytest.raises(Failure) as caught:
        await gate.provisional("Lambda expressions")
    assert caught.value.cause is Cause.OUTPUT_MALFORMED


async def test_a_delta_whose_writing_was_cut_off_is_taken_back() -> None:
    class CutOff(RecordingSink):
        async def emit(self, event: Event) -> None:
            await super().emit(event)
            if isinstance(event, TextDelta):
                raise asyncio.CancelledError

    sink = CutOff()
    gate = Gate(sink, StreamMode.PROVISIONAL)
    with pytest.raises(asyncio.CancelledError):
        await gate.provisional("Bananas ripen")
    await gate.retract(Cause.MODEL_TIMEOUT)
    assert sink.events[-1] == Retraction(Cause.MODEL_TIMEOUT)
