import asyncio

import pytest

from groundwire_server.domain.answer import CheckedSegment, Citation, Segment
from groundwire_server.domain.event import Event, NumberedEvent, Retraction, TextDelta
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Assurance, Cause, Confidence, StreamMode
from groundwire_server.pipeline.events import EventStream
from groundwire_server.pipeline.release import CheckedGate, ProvisionalGate, UnaryGate, release_gate
from groundwire_server.pipeline.support import Source
from tests.doubles.sink import RecordingSink
from tests.pipeline.samples import check_segment, passage, policy

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
    gate = CheckedGate(EventStream(sink))
    await gate.show("Lambda expr")
    assert sink.events == []
    await gate.release([FIRST], Confidence.HIGH)
    await gate.release([SECOND], Confidence.HIGH)
    assert gate.committed
    assert [event.assurance for event in sink.events if isinstance(event, TextDelta)] == [Assurance.VERIFIED] * 2
    assert _kept(sink.events) == gate.text == FIRST.delta + SECOND.delta
    assert sum(isinstance(event, Citation) for event in sink.events) == 2


@pytest.mark.parametrize("mode", StreamMode)
async def test_segments_that_came_as_one_leave_as_one_with_all_their_citations(mode: StreamMode) -> None:
    sink = RecordingSink()
    gate = release_gate(sink, mode, EventStream(sink))
    await gate.release([FIRST, SECOND], Confidence.HIGH)
    text, *citations = sink.events
    assert isinstance(text, TextDelta)
    assert text.text == FIRST.delta + SECOND.delta
    assert citations == [*FIRST.citations, *SECOND.citations]


async def test_what_stands_is_not_retracted() -> None:
    sink = RecordingSink()
    gate = CheckedGate(EventStream(sink))
    await gate.release([FIRST], Confidence.HIGH)
    await gate.retract(Cause.MODEL_INTERRUPTED)
    assert not any(isinstance(event, Retraction) for event in sink.events)
    assert gate.released == (FIRST,)


async def test_provisional_text_leaves_as_it_comes_and_adds_up() -> None:
    sink = RecordingSink()
    gate = ProvisionalGate(EventStream(sink))
    for unfinished in ("L", "Lambda", "Lambda expressions create an", "Lambda expressions create anonymous functions."):
        await gate.show(unfinished)
    await gate.release([FIRST], Confidence.HIGH)
    await gate.show("Gene")
    await gate.release([SECOND], Confidence.HIGH)
    assert not gate.committed
    assert _kept(sink.events) == FIRST.delta + SECOND.delta
    assert len([event for event in sink.events if isinstance(event, TextDelta)]) > 2


async def test_provisional_text_is_taken_back_and_written_anew() -> None:
    sink = RecordingSink()
    gate = ProvisionalGate(EventStream(sink))
    await gate.show("Bananas ripen")
    await gate.retract(Cause.UNSUPPORTED)
    assert sink.events[-1] == Retraction(Cause.UNSUPPORTED)
    await gate.release([FIRST], Confidence.HIGH)
    assert _kept(sink.events) == FIRST.delta


async def test_what_is_shown_beyond_what_stands_is_taken_back_alone() -> None:
    sink = RecordingSink()
    gate = ProvisionalGate(EventStream(sink))
    await gate.show("Lambda expr")
    await gate.release([FIRST], Confidence.HIGH)
    await gate.withdraw(Cause.UNSUPPORTED)
    assert not any(isinstance(event, Retraction) for event in sink.events)
    await gate.show("Bananas ripen")
    await gate.withdraw(Cause.UNSUPPORTED)
    retraction = sink.numbered[-1]
    assert isinstance(retraction.event, Retraction)
    stands = [each.event for each in sink.numbered if each.sequence < retraction.first_retracted]
    assert "".join(event.text for event in stands if isinstance(event, TextDelta)) == FIRST.delta
    await gate.release([SECOND], Confidence.HIGH)
    assert gate.text == FIRST.delta + SECOND.delta
    await gate.retract(Cause.MODEL_TIMEOUT)
    assert sink.numbered[-1].first_retracted == stands_from(sink)


def stands_from(sink: RecordingSink) -> int:
    """The number of the first event that can be taken back."""
    return next(each.sequence for each in sink.numbered if isinstance(each.event, TextDelta | Citation))


async def test_held_segments_leave_together_at_the_end_or_not_at_all() -> None:
    sink = RecordingSink()
    gate = release_gate(sink, StreamMode.CHECKED, EventStream(sink), held=True)
    await gate.release([FIRST], Confidence.HIGH)
    assert (sink.events, gate.committed, gate.retractable) == ([], False, True)
    await gate.retract(Cause.NOT_VERIFIED)
    await gate.conclude()
    assert sink.events == []
    await gate.release([FIRST], Confidence.HIGH)
    await gate.release([SECOND], Confidence.HIGH)
    await gate.conclude()
    text, *citations = sink.events
    assert isinstance(text, TextDelta)
    assert text.text == FIRST.delta + SECOND.delta
    assert citations == [*FIRST.citations, *SECOND.citations]


async def test_a_character_leaves_only_once_nothing_can_compose_with_it() -> None:
    sink = RecordingSink()
    gate = ProvisionalGate(EventStream(sink))
    await gate.show("cafe")
    assert _kept(sink.events) == "caf"
    # A mark that does not compose with the letter may still be reordered behind one that does.
    await gate.show("cafa\u0313")
    assert _kept(sink.events) == "caf"


async def test_without_a_sink_nothing_leaves_and_everything_can_be_taken_back() -> None:
    gate = UnaryGate()
    await gate.release([FIRST], Confidence.HIGH)
    assert (gate.retractable, gate.committed) == (True, False)
    await gate.retract(Cause.UNSUPPORTED)
    assert gate.text == ""


async def test_nothing_is_retracted_where_nothing_was_shown() -> None:
    sink = RecordingSink()
    gate = ProvisionalGate(EventStream(sink))
    await gate.retract(Cause.OUTPUT_EMPTY)
    assert sink.events == []


async def test_text_that_is_not_what_was_shown_before_is_malformed() -> None:
    gate = ProvisionalGate(EventStream(RecordingSink()))
    await gate.show("Bananas ripen slowly")
    with pytest.raises(Failure) as caught:
        await gate.show("Lambda expressions")
    assert caught.value.cause is Cause.OUTPUT_MALFORMED


async def test_a_delta_whose_writing_was_cut_off_is_taken_back() -> None:
    class CutOff(RecordingSink):
        async def emit(self, event: NumberedEvent) -> None:
            await super().emit(event)
            if isinstance(event.event, TextDelta):
                raise asyncio.CancelledError

    sink = CutOff()
    gate = ProvisionalGate(EventStream(sink))
    with pytest.raises(asyncio.CancelledError):
        await gate.show("Bananas ripen")
    await gate.retract(Cause.MODEL_TIMEOUT)
    assert sink.events[-1] == Retraction(Cause.MODEL_TIMEOUT)
