import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import DraftReader

WHOLE = (
    '{"confidence": "high", "segments": [{"text": "One.", "cites": ["p1"]}, {"text": "Two.", "cites": ["p2", "p1"]}]}'
)


def _read(*pieces: str) -> tuple[DraftReader, list[Segment]]:
    reader = DraftReader(100_000)
    segments = [segment for piece in pieces for segment in reader.feed(piece)]
    return reader, segments


def test_reads_a_draft_that_comes_at_once() -> None:
    reader, segments = _read(WHOLE)
    reader.finish()
    assert reader.confidence is Confidence.HIGH
    assert segments == [Segment("One.", ("p1",)), Segment("Two.", ("p2", "p1"))]


@given(st.data())
def test_reads_the_same_however_the_draft_is_cut(data: st.DataObject) -> None:
    text = data.draw(st.text(min_size=1).filter(lambda value: value.strip().isprintable() and value.strip() != ""))
    draft = json.dumps(
        {"confidence": "low", "segments": [{"text": f"x {text}", "cites": ["p1"]}, {"cites": [], "text": 'b} "{'}]},
        ensure_ascii=data.draw(st.booleans()),
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(draft)), max_size=6)))
    pieces = [draft[a:b] for a, b in zip([0, *cuts], [*cuts, len(draft)], strict=True)]
    _, at_once = _read(draft)
    reader, in_pieces = _read(*pieces)
    reader.finish()
    assert in_pieces == at_once
    assert len(at_once) == 2


def test_a_segment_is_complete_as_soon_as_its_object_closes() -> None:
    reader = DraftReader(100_000)
    assert reader.feed('{"confidence": "high", "segments": [{"text": "One') == []
    assert reader.unfinished == "One"
    assert reader.feed('.", "cites": ["p1"') == []
    assert reader.feed("]}") == [Segment("One.", ("p1",))]
    assert reader.unfinished == ""


def test_the_confidence_counts_once_it_cannot_grow() -> None:
    reader = DraftReader(100_000)
    reader.feed('{"confidence": "high')
    assert reader.confidence is None
    reader.feed('", "segments": [')
    assert reader.confidence is Confidence.HIGH


def test_a_confidence_that_comes_last_is_known_at_the_end() -> None:
    reader, segments = _read('{"segments": [{"text": "One.", "cites": ["p1"]}], "confidence": "medium"}')
    assert len(segments) == 1
    assert reader.confidence is None
    reader.finish()
    assert reader.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    "draft",
    [
        "Sure! Here is the answer.",
        '```json\n{"confidence": "high"}\n```',
        '["a"]',
        "null",
        '{"confidence": "certain", "segments": []}',
        '{"confidence": "high", "segments": {"text": "x"}}',
        '{"confidence": "high", "segments": [{"text": 3, "cites": []}]}',
        '{"confidence": "high", "segments": [{"text": "x"}]}',
        '{"confidence": "high", "segments": [{"text": "  ", "cites": ["p1"]}]}',
        '{"confidence": "high", "segments": [{"text": "x", "cites": "p1"}]}',
        '{"confidence": "high", "segments": [{"text": "x", "cites": ["p1"], "extra": 1}]}',
        '{"confidence": "high", "segments": [], "more": true}',
        '{"confidence": "high", "plan": [{"a": 1}], "segments": [',
        '{"confidence": "high"}',
        '{"segments": []}',
        WHOLE + " and so on",
        WHOLE[:-1],
        WHOLE[:60],
    ],
)
def test_refuses_what_does_not_have_the_shape(draft: str) -> None:
    def read() -> None:
        reader, _ = _read(draft)
        reader.finish()

    with pytest.raises(Failure) as caught:
        read()
    assert caught.value.cause is Cause.OUTPUT_MALFORMED


@pytest.mark.parametrize("draft", ["", "  \n"])
def test_nothing_at_all_is_empty(draft: str) -> None:
    reader, _ = _read(draft)
    with pytest.raises(Failure) as caught:
        reader.finish()
    assert caught.value.cause is Cause.OUTPUT_EMPTY


def test_without_partial_text_the_same_segments_are_read() -> None:
    reader = DraftReader(1000, partial=False)
    assert [segment.text for piece in WHOLE for segment in reader.feed(piece)] == ["One.", "Two."]
    reader.finish()


def test_a_draft_over_its_limit_is_refused_before_it_is_read() -> None:
    reader = DraftReader(100)
    reader.feed('{"confidence": "high", "segments": [{"text": "')
    with pytest.raises(Failure) as caught:
        reader.feed("x" * 100)
    assert caught.value.cause is Cause.OUTPUT_TOO_LONG


def test_prose_is_refused_at_its_first_words() -> None:
    reader = DraftReader(100_000)
    with pytest.raises(Failure):
        reader.feed("The answer")


def test_text_is_normalized_before_anybody_sees_it() -> None:
    _, segments = _read(
        json.dumps({"confidence": "high", "segments": [{"text": " cafe\u0301\n\n bar\u0000 ", "cites": []}]})
    )
    assert segments[0].text == "caf\u00e9 bar"
