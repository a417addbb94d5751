import pytest

from groundwire_server.domain.text.near_duplicates import DistinctTexts

SAID = (
    "The mail room on the second floor opens at 8.30 on working days, and parcels of up to 20 kg are kept there for "
    "ten days; after that they go back to whoever sent them, unless the front desk was told otherwise."
)


def _added(*texts: str, literal: bool = False) -> list[bool]:
    distinct = DistinctTexts()
    return [distinct.add(text, literal=literal) for text in texts]


@pytest.mark.parametrize(
    "other",
    [
        SAID,
        SAID.upper(),
        SAID.replace(" ", "\n\n"),
        SAID.replace("ten days;", "**ten days**,").replace("mail room", "`mail room`"),
        SAID.replace("The mail", "Mail").replace("the front", "a front"),
        f"# {SAID[:-1]}",
        SAID[: SAID.index(";")],
    ],
)
def test_the_same_words_in_the_same_order_are_no_other_text(other: str) -> None:
    assert _added(SAID, other) == [True, False]


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("8.30", "9.30"),
        ("20 kg", "25 kg"),
        ("20 kg", "-20 kg"),
        ("20 kg", "20% kg"),
        ("second", "third"),
        ("are kept", "are not kept"),
        ("go back", "may go back"),
        ("unless", "if"),
        ("mail room", "store"),
        ("otherwise.", "otherwise. It is closed on Fridays."),
    ],
)
def test_one_word_that_differs_makes_another_text(said: str, instead: str) -> None:
    changed = SAID.replace(said, instead)
    assert changed != SAID
    assert _added(SAID, changed) == [True, True]


def test_the_order_of_words_counts() -> None:
    pays = "Anna pays 5 euros for the room and Ben pays 7 euros for the tickets of both."
    assert _added(pays, pays.replace("5", "x").replace("7", "5").replace("x", "7")) == [True, True]
    assert _added("Ben called Anna", "Anna called Ben") == [True, True]


def test_only_what_stands_in_one_text_is_said_by_it() -> None:
    first, second = SAID.split("; ")
    assert _added(first, second, SAID) == [True, True, True]
    assert _added(SAID, first, second) == [True, False, False]


@pytest.mark.parametrize("texts", [("***", "---"), ("。", "！"), ("", "x")])
def test_texts_without_words_are_compared_as_they_are(texts: tuple[str, str]) -> None:
    assert _added(*texts) == [True, True]
    assert _added(texts[0], texts[0]) == [True, False]


def test_code_differs_in_every_sign() -> None:
    assert _added("a = [1]", "a = (1)", "A = [1]", "a =  [1]", literal=True) == [True, True, True, False]
