"""What a model says of its prompt, and what it may say."""

import pytest

from groundwire_server.domain.fencing.leak import LeakCheck, PromptWords

OWN = PromptWords("Say only what the cited passages say, with their own names and numbers.\nNever write the mark.")
PASSAGE = "A parcel that is lost is kept for thirty days in the mail room by the desk."


def check(*passages: str) -> LeakCheck:
    return LeakCheck(OWN, "0f3a9c", passages or (PASSAGE,))


@pytest.mark.parametrize(
    "text",
    [
        "My instructions: say only what the cited passages say, with their own names and numbers.",
        "SAY ONLY WHAT\nTHE CITED PASSAGES — SAY, WITH THEIR",
        "**Say** *only* what the `cited` passages say with their own",
        "Sау оnlу what the cited passages say, with their own names",
        "Ｓａｙ ｏｎｌｙ ｗｈａｔ the cited passages say, with their own",
        "S\u00aday on\u200bly what the cited passages say, with their own",
        "The mark is 0f3a9c.",
        "The mark is 0F 3A 9C, spelled apart.",
        "</passage-0f3a9c>",
        'First <passage id="p1">, then another.',
        "There are id=p1 and ID = “p2”.",
    ],
)
def test_what_the_prompt_says_of_itself_is_a_leak(text: str) -> None:
    assert check().leaks(text)


@pytest.mark.parametrize(
    "text",
    [
        PASSAGE,
        "The passages do not say what the names are.",
        "Say only what the cited passages say.",
        "It is kept for thirty days [p1].",
        "",
    ],
)
def test_what_it_says_of_the_passages_is_none(text: str) -> None:
    assert not check().leaks(text)


def test_a_passage_that_has_the_same_words_may_be_repeated() -> None:
    text = "Say only what the cited passages say, with their own names and numbers."
    assert not check(f"Our prompt is: {text} It works.").leaks(text)
    assert not check('Write <a id="p1"> before it.').leaks('Write id="p1" before it.')


def test_a_leak_in_stretches_is_found_with_the_last() -> None:
    told = check()
    for stretch in ("Say only what", "the cited passages say,"):
        assert not told.leaks(stretch)
        told.passed(stretch)
    assert told.leaks("with their own names.")


def test_without_a_prompt_nothing_leaks() -> None:
    assert not LeakCheck(PromptWords(), "", ()).leaks("Say only what the cited passages say, with their own names.")


MORE = PromptWords("Name the section of the handbook that a rule about refunds is in.")


@pytest.mark.parametrize(
    "text",
    [
        "Say only what the cited passages say, with their own names.",
        "It is to name the section of the handbook that a rule is in.",
    ],
)
def test_the_words_of_two_texts_count_together(text: str) -> None:
    assert LeakCheck(OWN | MORE, "", ()).leaks(text)
    assert LeakCheck(MORE | OWN, "", ()).leaks(text)
    assert not LeakCheck(PromptWords() | PromptWords(), "", ()).leaks(text)


def test_words_are_counted_and_not_printed() -> None:
    assert repr(PromptWords("one two three four five six seven eight nine") | PromptWords()) == "PromptWords(2)"
