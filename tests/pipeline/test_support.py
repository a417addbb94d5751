from collections.abc import Callable

import pytest

from groundwire_server.domain.answer import Span
from groundwire_server.domain.text.words import content_words
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.pipeline.support import Source, check_sentence, support
from tests.pipeline.samples import passage
from tests.timed import least_time

SPAN = Span.within("", 0, 0)

PASSAGE = passage(
    "c1",
    'The rule "x > y and y > z" implies "x > z". The rule "x < y and y < z" implies\n"x < z". Nothing else follows.',
)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("Nothing follows from else.", 1.0),
        ("The rule implies nothing.", 1.0),
        ("The rule implies bananas.", 2 / 3),
        ("Bananas ripen.", 0.0),
        ("... ?", 0.0),
    ],
)
def test_support_is_the_share_of_the_content_words_that_the_passages_hold(statement: str, expected: float) -> None:
    assert support(content_words(statement), [Source(PASSAGE)]) == pytest.approx(expected)


def test_support_may_come_from_several_passages() -> None:
    said = content_words("Rules ripen bananas.")
    assert support(said, [Source(PASSAGE), Source(passage("c2", "A banana ripens."))]) == 1.0


def test_a_quote_that_says_the_same_is_preferred_to_one_with_the_same_words() -> None:
    assert Source(PASSAGE).quote('The rule "x < y and y < z" implies "x < z".') == (
        'The rule "x < y and y < z" implies\n"x < z".'
    )


def _of_characters(size: int) -> tuple[str, str]:
    return "".join(chr(0x4E00 + number) for number in range(size)), "是。" * size


def _of_words(size: int) -> tuple[str, str]:
    return "is " * size + "not", "is " * 2 * size


@pytest.mark.parametrize("made", [_of_characters, _of_words])
def test_a_quote_takes_time_in_proportion_to_the_length(made: Callable[[int], tuple[str, str]]) -> None:
    def took(size: int, enough: float = 0.0) -> float:
        statement, text = made(size)
        source = Source(passage("c1", text))
        assert not source.quote(statement)
        return least_time(lambda: source.quote(statement), enough)

    bound = 16 * took(250) + 0.05
    assert took(2000, bound) < bound


def test_a_quote_is_verbatim_and_shares_most_words() -> None:
    assert Source(PASSAGE).quote("What else follows?") == "Nothing else follows."
    assert Source(PASSAGE).quote("Bananas ripen.") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cats   purr\nloudly.", "Cats   purr\nloudly."),
        ("All cats purr. Cats purr loudly. Really.", "Cats purr loudly."),
        ("Scats purr Cats purr loudly.", "Cats purr loudly."),
        ("Before: Cats purr loudly.  \n", "Cats purr loudly."),
    ],
)
def test_the_very_words_are_found_however_they_are_spaced(text: str, expected: str) -> None:
    assert Source(passage("c1", text)).quote("Cats purr loudly.") == expected


PUMPS = passage("c2", "The pump is not rated for\nsalt water. It weighs 12 kg, unless it is filled.")


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("The pump is not rated for salt water.", Verdict.VERBATIM),
        ("It weighs 12 kg, unless it is filled.", Verdict.VERBATIM),
        ("It weighs 12 kg", Verdict.CONSISTENT),  # the exception is lost
        ("rated for salt water.", Verdict.CONSISTENT),  # the negation is lost
        ("The pump is rated for salt water.", Verdict.CONSISTENT),  # words alone cannot tell
        ("The Pump is not rated for salt water.", Verdict.CONSISTENT),
        ("The pump is not rated for salt water. It weighs 12 kg, unless it is filled.", Verdict.CONSISTENT),
    ],
)
def test_only_a_whole_sentence_of_a_passage_is_verbatim(sentence: str, verdict: Verdict) -> None:
    checked = check_sentence(sentence, SPAN, [Source(PUMPS)])
    assert (checked.verdict, checked.checker) == (verdict, "coverage")


def test_a_verdict_is_carried_by_the_citations_that_bear_it() -> None:
    cited = [Source(PASSAGE), Source(PUMPS), Source(passage("c3", "Pumps move water. " + PUMPS.text))]
    assert check_sentence("The pump is not rated for salt water.", SPAN, cited).citations == (1, 2)
    assert check_sentence("Pumps weigh 12 kg.", SPAN, cited).citations == (1, 2)
    assert check_sentence("The rule implies a pump.", SPAN, cited).citations == (0, 1, 2)


def test_a_verbatim_sentence_without_content_words_is_not_supported() -> None:
    """ "Yes." in a passage answers another question than the one that was asked."""
    assert check_sentence("So it is.", SPAN, [Source(passage("c4", "So it is."))]).support == 0.0
