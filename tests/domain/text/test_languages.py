"""Which language a text is in."""

import pytest

from groundwire_server.domain.text.languages import Language, stem_in, stop_words_of
from groundwire_server.domain.text.words import content_words, language_of, letters, occurring


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who signs for parcels?", Language.ENGLISH),
        ("What was the die made of, and was it in the hat?", Language.ENGLISH),
        ("Wie hoch ist die Gebühr für die Rückgabe?", Language.GERMAN),
        ("Quel est le prix de la société ?", Language.FRENCH),
        ("¿Cuál es el límite de una devolución?", Language.SPANISH),
        ("Qual è il prezzo della spedizione?", Language.ITALIAN),
        ("Hoeveel kost het en wanneer wordt het bezorgd?", Language.DUTCH),
        ("Где можно вернуть книгу и что для этого нужно?", Language.RUSSIAN),
        ("部品は第二倉庫にあります", Language.ENGLISH),
        ("parcel", Language.ENGLISH),
        ("", Language.ENGLISH),
    ],
)
def test_is_that_of_its_stop_words(text: str, language: Language) -> None:
    assert language_of(text) is language


@pytest.mark.parametrize("language", Language)
def test_every_language_has_stop_words_and_stems(language: Language) -> None:
    assert len(stop_words_of(language)) > 50
    assert stem_in(language, "parcel") == stem_in(language, "parcel").casefold() != ""


def test_a_question_and_a_text_are_compared_in_the_language_of_the_question() -> None:
    asked = content_words("Welche Gebühr gilt für ein Buch?", Language.GERMAN)
    assert occurring(asked, "Bücher: keine Gebühren", Language.GERMAN) >= {"gebuhr", "buch"}


def test_pairs_overlap_and_their_letters_count_once() -> None:
    assert letters(content_words("面团发酵 parcel")) == len("面团发酵") + len("parcel")
