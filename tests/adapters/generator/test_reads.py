"""However a stream is cut into reads, it says the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwire_server.adapters.generator.http.preamble import PreambleStripper
from groundwire_server.adapters.http.sse import BodyReader, DocumentReader, EventReader, TooLongEventError
from tests.adapters.generator.wire.models import dialect
from tests.adapters.generator.wire.test_transcripts import spoken
from tests.adapters.generator.wire.transcripts import DRAFT, FOLDER, parts

STREAMS = sorted(path.stem for path in FOLDER.glob("*.http") if path.read_bytes().startswith(b"HTTP/1.1 200"))
ENDINGS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}

WHOLE_FORMS = ["openai-answer", "anthropic-answer", "vllm-think"]

Said = tuple[str, object, object, object, object]


def said(name: str, reads: list[bytes]) -> Said:
    """What comes of a stream that arrives in these reads: the text, why it ended, its counts, its failure."""
    body = BodyReader(1_000_000)
    parser = dialect(spoken(name)).parser()
    text = ""
    for data in [*reads, b""]:
        text += parser.take(body.feed(data) if data else body.end())
        if parser.failure is not None:
            break
    failure = None if parser.failure is None else parser.failure.cause
    return text + parser.end(), parser.reason, parser.input_tokens, parser.output_tokens, failure


@pytest.mark.parametrize(
    ("name", "ending"),
    [*((name, "LF") for name in STREAMS), *((name, end) for name in WHOLE_FORMS for end in ("CRLF", "CR"))],
)
def test_a_stream_cut_in_two_anywhere_says_the_same(name: str, ending: str) -> None:
    body = parts(name)[2].replace(b"\n", ENDINGS[ending])
    whole = said(name, [parts(name)[2]])
    # Every place within the first events and around the last; in between they repeat themselves.
    places = {*range(min(len(body), 150)), *range(max(0, len(body) - 150), len(body)), *range(0, len(body), 211)}
    assert {said(name, [body[:cut], body[cut:]]) for cut in places if cut} == {whole}


@settings(deadline=None)
@given(st.data())
def test_a_stream_cut_into_any_reads_says_the_same(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(STREAMS))
    ending = data.draw(st.sampled_from(sorted(ENDINGS.values())))
    body = parts(name)[2].replace(b"\n", ending)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(body) - 1), max_size=40)))
    reads = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert said(name, reads) == said(name, [parts(name)[2]])


@pytest.mark.parametrize("name", [*WHOLE_FORMS, "openai-halves"])
def test_one_byte_at_a_time_says_the_same(name: str) -> None:
    body = parts(name)[2]
    assert said(name, [body[place : place + 1] for place in range(len(body))]) == said(name, [body])


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data:a\n\n", [b"a"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b": keep-alive\n\ndata: a\n\n", [b"a"]),
        (b"event: x\nid: 7\nretry: 5\ndata: a\n\n", [b"a"]),
        (b"event: ping\n\n", []),
        (b"data\n\n", []),
        (b"data: a", [b"a"]),
        (b"\n\n\n\ndata: a\n\n", [b"a"]),
        (b'error: {"code":400}\n\n', [b'{"error":{"code":400}}']),
        (b'event: error\ndata: {"code":400}\n\n', [b'{"error":{"code":400}}']),
        (b'data: say "no"\nevent: error\n\n', [b'{"error":"say \\"no\\""}']),
        (b"event: error\n\n", []),
        (b"data: \xff\xfe\n\n", [b"\xff\xfe"]),
    ],
)
def test_events_are_what_the_format_says(stream: bytes, events: list[bytes]) -> None:
    reader = EventReader(100)
    assert [*reader.feed(stream), *reader.end()] == events


def test_a_line_end_that_is_cut_in_two_is_one() -> None:
    stream = b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n"
    for cut in range(len(stream)):
        reader = EventReader(100)
        assert [*reader.feed(stream[:cut]), *reader.feed(stream[cut:]), *reader.end()] == [b"a\nb", b"c"]


def test_an_event_without_end_is_not_kept() -> None:
    reader = EventReader(100)
    reader.feed(b"data: more " * 9)
    with pytest.raises(TooLongEventError):
        reader.feed(b"data: more ")


def test_a_document_without_end_is_not_kept() -> None:
    reader = DocumentReader(100)
    reader.feed(b'{"more": 1' * 10)
    with pytest.raises(TooLongEventError):
        reader.feed(b"x")


SEVERAL = b"data: a\n\n: b\n\ndata: c"
BODIES = {
    b'{"a": 1}': [b'{"a": 1}'],
    b'\r\n\r\n {"a": 1}\n': [b'{"a": 1}\n'],
    b"\xef\xbb\xbf[1]": [b"[1]"],
    b"\xef\xbb\xbf" + SEVERAL: [b"a", b"c"],
    b"\n\n" + SEVERAL: [b"a", b"c"],
    b": hello\n\n" + SEVERAL: [b"a", b"c"],
    b"event: x\n" + SEVERAL: [b"a", b"c"],
    b"": [],
    b"\xef\xbb\xbf": [],
    b" \n": [],
}


@pytest.mark.parametrize("stream", BODIES)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_body_is_what_its_beginning_says(stream: bytes, size: int) -> None:
    reader = BodyReader(100)
    events = [event for at in range(0, len(stream), size) for event in reader.feed(stream[at : at + size])]
    assert [*events, *reader.end()] == BODIES[stream]
    assert reader.is_document is (stream.lstrip(b"\xef\xbb\xbf\r\n ")[:1] in (b"{", b"["))


def stripped(text: str, size: int) -> tuple[str, str]:
    """What a stripper passes on of a text in pieces, and what it leaves out."""
    stripper = PreambleStripper()
    for at in range(0, len(text), size):
        if found := stripper.feed(text[at : at + size]):
            return found + text[at + size :], "".join(stripper.dropped)
    return stripper.rest(), "".join(stripper.dropped)


THOUGHT = 'It is in p1, {"so"}: </b> <b>'
PREAMBLES = [
    "",
    " \n",
    "```json\n",
    "\n```\n",
    "```JSON\r\n",
    "Sure! Here is the JSON, of the form {confidence, segments}:\n\n",
    "[",
    f"<think>{THOUGHT}</think>",
    f"\n<think>\n{THOUGHT}\n</think>\n\n```json\n",
    f"<THINKING>{THOUGHT}</THINKING>",
    f"<reasoning>{THOUGHT}</reasoning>Here it is: ",
    f"[THINK]{THOUGHT}[/THINK]",
    f"◁think▷{THOUGHT}◁/think▷",
    f"<think>{THOUGHT * 500}</think>\n",
    f"<think>{THOUGHT}</think><think>More.</think>",
    "The template opened the thoughts. </think>\n",
    "Well. <think>Not so fast.</think> Here: ",
]
"""What stands before an object that is found."""

OBJECTS = [
    DRAFT,
    "{}",
    '{\n  "confidence": "high"',
    '{"text": "<think>not a thought</think> ``` {"}\n```\nI hope this helps!',
]


@pytest.mark.parametrize("size", [1, 3, 7, 100_000])
@pytest.mark.parametrize("written", OBJECTS, ids=["draft", "empty", "spaced", "tags within"])
@pytest.mark.parametrize("preamble", PREAMBLES, ids=lambda text: text[:30])
def test_what_stands_before_the_object_is_left_out(preamble: str, written: str, size: int) -> None:
    assert stripped(preamble + written, size) == (written, preamble)


@pytest.mark.parametrize("size", [1, 100_000])
def test_thoughts_that_never_end_are_no_reply(size: int) -> None:
    text = f"<think>{THOUGHT} {DRAFT}"
    assert stripped(text, size) == ("", text)


@pytest.mark.parametrize("size", [1, 100_000])
def test_prose_alone_is_the_reply(size: int) -> None:
    assert stripped("Parcels {wait} in the mail room.", size) == ("Parcels {wait} in the mail room.", "")


def test_prose_that_goes_on_is_passed_on_before_its_end() -> None:
    stripper = PreambleStripper()
    pieces = [stripper.feed("word " * 20) for _ in range(50)]
    assert [bool(piece) for piece in pieces].index(True) == 40
