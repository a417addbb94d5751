"""The terms of the keyword indexes."""

import pytest

from groundwire_server.adapters.store.terms import (
    MOST_QUERY_TERMS,
    index_terms,
    passage_terms,
    query_phrases,
    query_terms,
)
from groundwire_server.domain.document import Chunk, Place


def indexed(text: str) -> list[str]:
    (terms,) = index_terms(text, [text])
    return terms.split()


def test_a_question_has_each_of_its_words_once_and_not_too_many() -> None:
    assert query_terms("What are the parcels, parcels and PARCEL doing?") == ["parcel"]
    assert len(query_terms(" ".join(f"word{number}" for number in range(500)))) == MOST_QUERY_TERMS


def test_an_index_has_each_word_as_often_as_it_occurs() -> None:
    assert indexed("The box and boxes, 日本語 box") == ["box", "box", "日本", "本語", "box"]


def test_a_term_is_bounded() -> None:
    assert indexed("x" * 100) == query_terms("x" * 100) == ["x" * 64]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Die Rückgabe der Bücher ist bis zum Ende des Monats möglich, und die Gebühren werden nicht berechnet.",
         "Wie lange ist die Rückgabe des Buches möglich?"),
        ("Les sociétés qui sont établies en France doivent payer les cotisations de leurs employés.",
         "Quelle est la cotisation que la société doit payer ?"),
        ("Los límites de las devoluciones están en la página de ayuda y no se pueden cambiar.",
         "¿Cuál es el límite de una devolución?"),
        ("Книги можно вернуть в течение месяца, если они не были повреждены.", "Где вернуть повреждённую книгу?"),
    ],
)  # fmt: skip
def test_forms_of_a_word_meet_in_their_language(text: str, question: str) -> None:
    shared = set(indexed(text)) & set(query_terms(question))
    assert len(shared) >= 2


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Die Gebühren der Firma Müller werden am Ende des Monats berechnet, und zwar ohne Abzug.", "müller gebühren"),
        ("Die Gebühren der Firma Müller werden am Ende des Monats berechnet, und zwar ohne Abzug.", "Who is Muller?"),
        ("型番AB123の部品は第二倉庫にあります。", "Where is AB123?"),
        ("The part AB123 is in the second store.", "ＡＢ１２３はどこですか"),
        ("ﾌﾟﾘﾝﾀｰの紙", "プリンター"),
        ("รหัสผ่านWiFiของสำนักงาน", "WiFi"),
    ],
)  # fmt: skip
def test_a_word_is_found_whatever_the_language_around_it(text: str, question: str) -> None:
    assert set(indexed(text)) & set(query_terms(question))


@pytest.mark.parametrize(
    "question",
    ["什么是什么？", "それは何ですか？", "どこにありますか？", "อะไร", "🙂🙂🙂", "Was ist das und warum?", "¿Qué es?"],
)
def test_function_words_alone_search_nothing(question: str) -> None:
    assert query_terms(question) == []


def test_operators_of_query_languages_are_words_like_others() -> None:
    assert query_terms('par* AND "mail room" NOT box^2') == ["par", "mail", "room", "box", "2"]


def test_a_chunk_is_found_by_the_headings_above_it_each_once() -> None:
    place = Place(("Changes", "Version 8.4"))
    chunks = [
        Chunk("a", 0, "# Changes\n\n## Version 8.4\n\nFaster.", place=place),
        Chunk("b", 1, "Smaller.", place=place),
    ]
    assert passage_terms("", chunks) == ["chang version 8 4 faster", "chang version 8 4 smaller"]


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("Which parcels?", ["parcel"]),
        ("What is tmp_path?", ["tmp", "path", "tmp path"]),
        ("What changed in 8.4.1?", ["chang", *["8 4 1"] * 3, *["v8 4 1"] * 2]),
        ("What changed in v8.4?", ["chang", "v8", "v8 4", "8 4"]),
        ("This and/or that?", []),
    ],
)
def test_compounds_are_searched_as_they_are_written(question: str, searched: list[str]) -> None:
    assert query_phrases(question) == searched
