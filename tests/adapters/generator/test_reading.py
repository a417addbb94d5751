"""However a stream is cut into reads, it says the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwire_server.adapters.generator.fence import Unfenced
from groundwire_server.adapters.http.sse import DocumentReader, EventReader, TooLongEventError
from tests.adapters.generator.wire.models import dialect
from tests.adapters.generator.wire.test_transcripts import spoken
from tests.adapters.generator.wire.transcripts import DRAFT, FOLDER, parts

STREAMS = sorted(
    path.stem for path in FOLDER.glob("*.http") if b"text/event-stream" in path.read_bytes().partition(b"\n\n")[0]
)
ENDINGS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}

Said = tuple[str, object, object, object, object]


def said(name: str, reads: list[bytes]) -> Said:
    """What comes of a stream that arrives in these reads: the text, why it ended, its counts, its failure."""
    events = EventReader(1_000_000)
    reading = dialect(spoken(name)).reading()
    text = ""
    for data in [*reads, b""]:
        text += reading.take(events.feed(data) if data else events.end())
        if reading.failure is not None:
            break
    failure = None if reading.failure is None else reading.failure.cause
    return text, reading.reason, reading.input_tokens, reading.output_tokens, failure


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_in_two_anywhere_says_the_same(name: str, ending: str) -> None:
    body = parts(name)[2].replace(b"\n", ENDINGS[ending])
    whole = said(name, [parts(name)[2]])
    # Every place within the first events and around the last; in between they repeat themselves.
    places = {*range(min(len(body), 300)), *range(max(0, len(body) - 300), len(body)), *range(0, len(body), 127)}
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


@pytest.mark.parametrize("name", ["openai-answer", "anthropic-answer"])
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


FENCED = {
    f"```json\n{DRAFT}\n```": DRAFT,
    f"\n```\n{DRAFT}\n```\n\n": DRAFT,
    f"```JSON\r\n{DRAFT}```": DRAFT,
    DRAFT: DRAFT,
    "Prose with ``` in it.": "Prose with ``` in it.",
    '{"text": "```\\nx\\n```"}': '{"text": "```\\nx\\n```"}',
    '```json\n{"text": "``` in ```"}\n```': '{"text": "``` in ```"}',
}


@pytest.mark.parametrize("text", FENCED)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_a_fence_around_the_whole_is_taken_off(text: str, size: int) -> None:
    unfenced = Unfenced()
    assert "".join(unfenced.feed(text[at : at + size]) for at in range(0, len(text), size)) == FENCED[text]
