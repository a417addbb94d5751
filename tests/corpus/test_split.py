import pytest

from groundwire_server.corpus.split import CHUNK_CHARACTERS, WINDOW_CHARACTERS, chunks, windows

PARAGRAPH = "Rollo swore fealty to the king. The Normans gave their name to Normandy, and stayed. " * 4
BOOK = "\n\n".join(f"{number}. {PARAGRAPH}" for number in range(200))

TEXTS = [
    BOOK,
    "word " * 9000,
    "x" * 40_000,
    "日本語テキスト。" * 5000,
    "e\u0301" * 20_000,
    "👩‍👩‍👧" * 5000,
    "a\n" * 20_000,
]


@pytest.mark.parametrize("text", ["short", *TEXTS], ids=range(8))
def test_windows_add_up_to_the_text(text: str) -> None:
    found = list(windows(text))
    assert "".join(found) == text
    assert max(map(len, found)) <= WINDOW_CHARACTERS


def test_windows_end_where_a_paragraph_does() -> None:
    assert all(window.endswith("\n\n") for window in list(windows(BOOK))[:-1])


@pytest.mark.parametrize("text", TEXTS, ids=range(7))
def test_chunks_are_verbatim_bounded_and_leave_nothing_out(text: str) -> None:
    for window in windows(text):
        found = chunks(window)
        assert all(chunk in window for chunk in found)
        assert max(map(len, found)) <= CHUNK_CHARACTERS
        assert "".join("".join(found).split()) == "".join(window.split())


def test_a_chunk_ends_where_a_sentence_does() -> None:
    assert all(chunk.endswith(".") for chunk in chunks(PARAGRAPH * 10))


def test_white_space_alone_makes_no_chunk() -> None:
    assert chunks("") == chunks(" \n\n ") == []
