import pytest

from groundwire_server.corpus.measure import CHUNK_CHARACTERS, WINDOW_CHARACTERS, TextMeasure, windows
from groundwire_server.corpus.split import Piece, split
from groundwire_server.domain.document import Document, Place, TextFormat

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


def pieces(text: str, text_format: TextFormat = TextFormat.PLAIN) -> list[Piece]:
    return [piece for some in split(Document("d", text, text_format=text_format), TextMeasure()) for piece in some]


@pytest.mark.parametrize("text", TEXTS, ids=range(7))
@pytest.mark.parametrize("text_format", TextFormat)
def test_chunks_are_verbatim_bounded_and_leave_nothing_out(text: str, text_format: TextFormat) -> None:
    found = [piece.text for piece in pieces(text, text_format)]
    assert max(map(len, found)) <= CHUNK_CHARACTERS
    assert "".join("".join(found).split()) == "".join(text.split())
    if text_format is TextFormat.PLAIN:
        assert all(chunk in text for chunk in found)


def test_a_chunk_ends_where_a_sentence_does() -> None:
    assert all(piece.text.endswith(".") for piece in pieces(PARAGRAPH * 10))


@pytest.mark.parametrize("text_format", TextFormat)
def test_white_space_alone_makes_no_chunk(text_format: TextFormat) -> None:
    assert pieces("", text_format) == pieces(" \n\n ", text_format) == []


def test_plain_text_has_no_sections_even_where_it_looks_like_markdown() -> None:
    (piece,) = pieces("# Not a heading\n\nText.")
    assert piece.place == Place()


@pytest.mark.parametrize("text_format", TextFormat)
def test_a_chunk_knows_its_page(text_format: TextFormat) -> None:
    text = "\f".join(f"Page {number}. {PARAGRAPH * 8}\n\n" for number in range(1, 31))
    found = pieces(text, text_format)
    assert len(found) > 60
    page = 0
    for piece in found:
        page += piece.text.startswith("Page ")
        assert piece.place.page == page
    assert page == 30


def test_what_an_embedder_would_not_read_is_cut_smaller() -> None:
    document = Document("d", "日本語テキスト。" * 400)
    dense = TextMeasure(lambda text: len(text) / 100)
    sizes = [len(piece.text) for some in split(document, dense) for piece in some]
    assert sum(sizes) == len(document.text)
    assert max(sizes) <= 100


def test_a_chunk_knows_where_the_text_under_the_heading_above_its_own_begins() -> None:
    long = PARAGRAPH * 2
    text = (
        f"{long}\n\n# Guide\n\n{long}\n\n{long * 2}\n\n## Install\n\n{long}\n\n### Linux\n\n{long}\n\n## Use\n\n{long}"
        f"\n\n# Notes\n\n## Alone\n\n{long}"
    )
    found = pieces(text, TextFormat.MARKDOWN)
    guide = next(number for number, piece in enumerate(found) if piece.place.section == ("Guide",))
    install = next(number for number, piece in enumerate(found) if piece.place.section == ("Guide", "Install"))
    assert {(piece.place.section, piece.place.parent) for piece in found} == {
        ((), None),
        (("Guide",), None),
        (("Guide", "Install"), guide),
        (("Guide", "Install", "Linux"), install),
        (("Guide", "Use"), guide),
        (("Notes", "Alone"), None),
    }


def test_sections_that_stand_together_know_their_parent() -> None:
    tiny = "\n\n".join(f"## Version {number}\n\n- {'fixed it ' * 12}" for number in range(12))
    first, *others = pieces(
        f"# Changes\n\n{PARAGRAPH * 2}\n\n{tiny}\n\n## Last\n\n{PARAGRAPH * 2}", TextFormat.MARKDOWN
    )
    assert first.place.parent is None
    assert len(others) > 2
    assert {piece.place.parent for piece in others} == {0}
