import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.answer import Segment
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fencing.leak import PromptWords
from groundwire_server.domain.generation import Prompt
from groundwire_server.domain.vocabulary import Cause, Confidence
from groundwire_server.pipeline.draft import DraftReader

WHOLE = (
    '{"confidence": "high", "segments": [{"text": "One.", "cites": ["p1"]}, {"text": "Two.", "cites": ["p2", "p1"]}]}'
)


PROMPT = Prompt("answer", "1", "", "", "Why?", {"p1": Passage("c1", "One."), "p2": Passage("c2", "Two.")})


def _read(*pieces: str) -> tuple[DraftReader, list[Segment]]:
    reader = DraftReader(100_000)
    reader.answers(PROMPT)
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
        '{"confidence": "high", "segments": [{"text": "x", "cites": {"id": "p1"}}]}',
        '{"confidence": "high", "segments": [{"text": "[p1]", "cites": ["p1"]}]}',
        '{"confidence": "high", "confidence": "low", "segments": []}',
        '{"confidence": "high", "segments": [], "segments": [{"text": "x", "cites": []}]}',
        '{"confidence": "high", "segments": [{"text": "x", "text": "y", "cites": []}]}',
        '{"confidence": "very high", "segments": []}',
        '{"confidence": 0.9, "segments": []}',
        '{"confidence": ["high"], "segments": []}',
        '{"Confidence": "high", "segments": []}',
        '{"confidence": "high", "segments": ["x"]}',
        '{"confidence": "high", "segments": [{"text": "It\'s \\x", "cites": []}]}',
        "{'confidence': 'high', 'segments': []}",
        '{"confidence": "high", "segments": [{"text": "x", "cites": ["p1"], "extra": 1}]}',
        '{"confidence": "high", "segments": [], "more": true}',
        '{"confidence": "high", "plan": [{"a": 1}], "segments": [',
        '{"confidence": "high"}',
        '{"segments": []}',
        WHOLE + " or rather " + WHOLE,
        WHOLE + "\n{}",
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


@pytest.mark.parametrize("segments", ["5", "null", '"x"', "{}", "[5]", "[null]"])
def test_without_partial_text_the_same_is_refused(segments: str) -> None:
    reader = DraftReader(1000, partial=False)
    reader.feed('{"confidence": "high", "segments"')

    def rest() -> None:
        reader.feed(f": {segments}}}")
        reader.finish()

    with pytest.raises(Failure) as caught:
        rest()
    assert caught.value.cause is Cause.OUTPUT_MALFORMED


def test_a_draft_over_its_limit_is_refused_as_soon_as_it_is() -> None:
    reader = DraftReader(100)
    reader.feed('{"confidence": "high", "segments": [{"text": "')
    reader.feed("x" * 100)
    assert reader.failure is not None
    assert reader.failure.cause is Cause.OUTPUT_TOO_LONG


def test_prose_is_refused_at_its_first_words() -> None:
    reader = DraftReader(100_000)
    reader.feed("The answer")
    assert reader.failure is not None


BROKEN = {
    "no JSON": '{"text": oops}]}',
    "no JSON within a key": '{"text" "Two."}]}',
    "a key of its own": '{"text": "Two.", "more": 1, "cites": []}]}',
    "no text": '{"text": 2, "cites": []}]}',
    "a draft with another key": '{"text": "Two.", "cites": ["p2"]}], "more": [{"a": 1}]}',
    "a confidence that is none": '{"text": "Two.", "cites": ["p2"]}], "confidence": "certain"}',
    "one after another that is whole": '{"text": "Two.", "cites": ["p2"]}, oops {"text": "Three.", "cites": ["p1"]}]}',
    "over the limit": '{"text": "' + "Two. " * 40 + '", "cites": ["p2"]}]}',
    "the other half of a character": '{"text": "\\ud83d", "cites": ["p1"]}, {"text": oops}]}',
}


@pytest.mark.parametrize("rest", BROKEN.values(), ids=BROKEN)
def test_what_was_complete_before_a_fault_is_read_however_the_draft_is_cut(rest: str) -> None:
    confidence = "" if "confidence" in rest else '"confidence": "high", '
    draft = f'{{{confidence}"segments": [{{"text": "One.", "cites": ["p1"]}}, {rest}'
    found = {}
    for size in (1, 7, 40, len(draft)):
        reader = DraftReader(240)
        reader.answers(PROMPT)
        pieces = [draft[start : start + size] for start in range(0, len(draft), size)]
        segments = [segment for piece in pieces for segment in reader.feed(piece)]
        with pytest.raises(Failure) as caught:
            reader.finish()
        found[size] = segments, reader.confidence, caught.value.cause
    assert len({repr(each) for each in found.values()}) == 1, found
    assert found[1][0][0] == Segment("One.", ("p1",))


def test_text_is_normalized_before_anybody_sees_it() -> None:
    _, segments = _read(
        json.dumps({"confidence": "high", "segments": [{"text": " cafe\u0301\n\n bar\u0000 ", "cites": []}]})
    )
    assert segments[0].text == "caf\u00e9\n\n bar"


def _draft(confidence: object = "high", text: str = "One.", cites: object = ("p1",)) -> str:
    return json.dumps({"confidence": confidence, "segments": [{"text": text, "cites": cites}]})


UNMISTAKABLE = {
    "High": (_draft("High"), Segment("One.", ("p1",))),
    "HIGH, and space": (_draft(" HIGH\n"), Segment("One.", ("p1",))),
    "a citation in brackets": (_draft(cites=["[p1]"]), Segment("One.", ("p1",))),
    "a citation in capitals": (_draft(cites=["P1"]), Segment("One.", ("p1",))),
    "a number": (_draft(cites=[1]), Segment("One.", ("p1",))),
    "two in one": (_draft(cites=["p1, p2"]), Segment("One.", ("p1", "p2"))),
    "one in place of a list": (_draft(cites="p1"), Segment("One.", ("p1",))),
    "one that is not known": (_draft(cites=["p77"]), Segment("One.", ("p77",))),
    "a marker": (_draft(text="One [p1]."), Segment("One.", ("p1",))),
    "a marker in place of a citation": (_draft(text="One [p1][2].", cites=[]), Segment("One.", ("p1", "p2"))),
    "a marker of another passage": (_draft(text="One [p2]."), Segment("One.", ("p1",))),
    "a bracket": (_draft(text="One [sic] (p77)."), Segment("One [sic] (p77).", ("p1",))),
    "prose after it": (_draft() + "\n```\n\nI hope this helps!", Segment("One.", ("p1",))),
    "the end of a list after it": (_draft() + "]", Segment("One.", ("p1",))),
    "line ends in a text": (
        _draft(text="One\ttwo\nthree.").replace("\\t", "\t").replace("\\n", "\n"),
        Segment("One two three.", ("p1",)),
    ),
    "half of a character": (_draft(text="One \ud83d."), Segment("One \ufffd.", ("p1",))),
    "its other half": (_draft(text="One \udcee."), Segment("One \ufffd.", ("p1",))),
    "the halves the wrong way round": (_draft(text="\udcee\ud83d."), Segment("\ufffd\ufffd.", ("p1",))),
    "both halves": (_draft(text="One \U0001f4ee."), Segment("One \U0001f4ee.", ("p1",))),
    "what looks like half of one": (_draft(text="One \\ud83d."), Segment("One \\ud83d.", ("p1",))),
}


@pytest.mark.parametrize("size", [1, 5, 10_000])
@pytest.mark.parametrize("case", UNMISTAKABLE)
def test_what_is_unmistakable_is_read(case: str, size: int) -> None:
    draft, segment = UNMISTAKABLE[case]
    reader, segments = _read(*(draft[at : at + size] for at in range(0, len(draft), size)))
    reader.finish()
    assert (reader.confidence, segments) == (Confidence.HIGH, [segment])


@pytest.mark.parametrize("case", UNMISTAKABLE)
def test_what_is_shown_of_a_segment_is_never_taken_back(case: str) -> None:
    draft, segment = UNMISTAKABLE[case]
    reader = DraftReader(100_000)
    reader.answers(PROMPT)
    for letter in draft:
        reader.feed(letter)
        # The last character may yet compose with the next: the gate keeps it back.
        assert segment.text.startswith(reader.unfinished[:-1])


def test_words_after_the_draft_are_no_part_of_it() -> None:
    reader, _ = _read(WHOLE, " I hope", " this helps!")
    assert reader.text == WHOLE


def test_words_after_the_draft_have_no_limit() -> None:
    reader = DraftReader(len(WHOLE))
    reader.feed(WHOLE)
    for _ in range(10):
        assert reader.feed("\n" * 100) == ()
    reader.finish()


LEAKING = replace(
    PROMPT,
    mark="0f3a9c",
    originals={0x2991: "<"},
    words=PromptWords("Say only what the passages say, in their own words."),
)


def _answering(*texts: str) -> tuple[DraftReader, list[Segment]]:
    reader = DraftReader(100_000)
    reader.answers(LEAKING)
    draft = json.dumps({"confidence": "high", "segments": [{"text": text, "cites": ["p1"]} for text in texts]})
    return reader, [segment for character in draft for segment in reader.feed(character)]


def test_a_sign_that_stands_in_for_another_is_put_back() -> None:
    reader, segments = _answering("It is ⦑|im_start|> here.")
    reader.finish()
    assert segments == [Segment("It is <|im_start|> here.", ("p1",))]


@pytest.mark.parametrize(
    "texts",
    [
        ("One.", "Say only what the passages say, in their own words."),
        ("One.", "Say only what the", "passages say, in their own words."),
        ("One.", "The mark is 0f3a9c."),
    ],
)
def test_words_of_the_prompt_end_the_draft_before_they_are_seen(texts: tuple[str, ...]) -> None:
    reader, segments = _answering(*texts)
    assert [segment.text for segment in segments] == list(texts[:-1])
    assert reader.unfinished == ""
    with pytest.raises(Failure) as caught:
        reader.finish()
    assert caught.value.cause is Cause.PROMPT_LEAKED
