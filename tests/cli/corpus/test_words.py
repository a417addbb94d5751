"""Which words of a source a text lacks."""

import pytest

from groundwire_server.cli.corpus.words import LostWords, lost_words


@pytest.mark.parametrize(
    ("source", "text", "lost", "examples"),
    [
        ("Parcels wait in the mail room.", "# Parcels\n\nwait in the **mail room**.", 0, ()),
        ("Parcels wait. Page 7", "Parcels wait.", 1, ("page",)),
        (
            "a page that was read\nand a page that was not",
            "a page that was read",
            5,
            ("and", "not", "page", "that", "was"),
        ),
        ("The implementation", "The implemen-\ntation", 0, ()),
        ("The implemen\ntation", "The implementation", 0, ()),
        ("of\ufb01ce", "office", 0, ()),
        ("caf\u00e9", "cafe\u0301", 0, ()),
        ("no no no", "no", 2, ("no",)),
        ("", "text", 0, ()),
    ],
)
def test_a_word_is_lost_as_often_as_it_is_missing(source: str, text: str, lost: int, examples: tuple[str, ...]) -> None:
    found = lost_words(source, text)

    assert (found.lost, found.examples) == (lost, examples)


def test_the_share_of_words() -> None:
    assert lost_words("one two three four", "one two three").share == 0.25
    assert LostWords(0, 0, ()).share == 0.0
    assert len(lost_words(" ".join(f"word{n}" for n in range(100)), "").examples) == 8
