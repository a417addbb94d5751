"""What a question is about."""

import pytest

from groundwire_server.domain.subject import carrying, subjects


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("How do I run the tests on a GPU?", {"test", "gpu"}),
        ("How do I react to mouse clicks?", {"mous", "click"}),
        ("How many people use the program?", {"peopl", "program"}),
        ("What does a licence cost per year?", {"licenc", "cost"}),
        ("How do I define an async command?", {"async", "command"}),
        ("Is there a way to import spreadsheets?", set()),
        ("Which company sponsors it?", set()),
        ("What is the maximum of seven members?", {"maximum", "member"}),
        ("Wie lange ist die Rückgabe des Buches möglich?", set()),
        ("門は何時に閉まりますか", set()),
        ("", set()),
    ],
)
def test_what_is_named_is_what_a_question_is_about(question: str, about: set[str]) -> None:
    assert subjects(question) == about


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How do I react to mouse clicks?", {"react", "mous", "click"}),
        ("What kind of example would you like to see?", set()),
        ("How do I upload 3 files, or three?", {"upload", "fil"}),
    ],
)
def test_words_that_only_ask_and_numbers_carry_nothing(question: str, words: set[str]) -> None:
    assert carrying(question) == words
