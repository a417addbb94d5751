from collections.abc import Callable

import pytest

from groundwire_server.domain.answer import CheckedSentence
from groundwire_server.domain.text.sentences import sentences
from groundwire_server.domain.vocabulary import ConflictKind, Verdict
from groundwire_server.pipeline.support import Source, check_sentence
from tests.pipeline.samples import RULES, passage
from tests.timed import least_time

PASSAGE = passage(
    "c1",
    'The rule "x > y and y > z" implies "x > z". The rule "x < y and y < z" implies\n"x < z". Nothing else follows.',
)


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
        ("Cats \u200b pu\u00adrr\u200b loudly.\u2060 Really.", "Cats \u200b pu\u00adrr\u200b loudly."),
    ],
)
def test_the_very_words_are_found_however_they_are_spaced(text: str, expected: str) -> None:
    assert Source(passage("c1", text)).quote("Cats purr loudly.") == expected


PUMPS = passage("c2", "The pump is not rated for\nsalt water. It weighs 12 kg, unless it is filled.")


def _check(sentence: str, *cited: Source) -> CheckedSentence:
    return check_sentence(sentence, sentence, 0, cited, RULES)


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("The pump is not rated for salt water.", Verdict.VERBATIM),
        ("It weighs 12 kg, unless it is filled.", Verdict.VERBATIM),
        ("The Pump is not rated for salt water.", Verdict.CONSISTENT),
        ("It weighs twelve kilograms, unless it is filled.", Verdict.CONSISTENT),
        ("The pump is rated for salt water.", Verdict.CONTRADICTED),
        ("It weighs 21 kg, unless it is filled.", Verdict.CONTRADICTED),
        ("Elephants weigh several tonnes.", Verdict.UNSUPPORTED),
        ("The details:", Verdict.NOT_A_CLAIM),
    ],
)
def test_a_whole_sentence_of_a_passage_is_verbatim_and_rules_judge_the_others(sentence: str, verdict: Verdict) -> None:
    checked = _check(sentence, Source(PUMPS))
    assert (checked.verdict, checked.checker) == (verdict, "rules")


def test_a_conflict_names_the_words_of_both_sides() -> None:
    text = "Überall: The pump weighs 21 kg, unless it is filled."
    checked = check_sentence(text[9:], text, 9, [Source(PUMPS)], RULES)
    (conflict,) = checked.conflicts
    assert conflict.kind is ConflictKind.NUMBER
    assert text[conflict.span.start_code_point : conflict.span.end_code_point] == "21 kg"
    assert (conflict.chunk_id, conflict.passage_words) == ("c2", "12 kg")


def test_a_verdict_is_carried_by_the_citations_that_bear_it() -> None:
    cited = [Source(PASSAGE), Source(PUMPS), Source(passage("c3", "Water moves. " + PUMPS.text))]
    assert _check("The pump is not rated for salt water.", *cited).citations == (1, 2)
    assert _check("It weighs twelve kilograms, unless it is filled.", *cited[:2]).citations == (1,)


def test_a_verbatim_sentence_without_content_words_claims_nothing() -> None:
    """ "So it is." in a passage is about something else."""
    assert _check("So it is.", Source(passage("c4", "So it is."))).verdict is Verdict.NOT_A_CLAIM


_LONG = "Employees may remove the covers, " + "for cleaning, for inspection, " * 18 + "unless the machine is running."


def test_a_part_of_a_long_sentence_is_verbatim_where_the_whole_stands() -> None:
    """Alone, it lacks the exception."""
    source = Source(passage("c5", _LONG))
    first, last = sentences(_LONG)
    part = _LONG[slice(*first)]
    assert check_sentence(part, part, 0, [source], RULES).verdict is Verdict.CONSISTENT
    again = f"{part} Cats purr. {part}"
    assert check_sentence(part, again, 0, [source], RULES).verdict is Verdict.CONSISTENT
    for start, end in (first, last):
        assert check_sentence(_LONG[start:end], _LONG, start, [source], RULES).verdict is Verdict.VERBATIM


def test_an_item_under_a_lead_in_that_denies_it_is_not_verbatim() -> None:
    source = Source(passage("c6", "These claims are false:\n\n- The gate is open at night.\n- Cats bark.\n"))
    assert _check("- The gate is open at night.", source).verdict is not Verdict.VERBATIM


FEES = passage(
    "c3",
    "Whoever returns a parcel pays:\n\n| Country | Return fee | Days |\n|---|---|---|\n| France | 4 EUR | 14 |\n"
    "| Spain | 7 EUR | 30 |\n| Italy | free. Ask us. | 60 |\n",
)


@pytest.mark.parametrize(
    "row",
    [
        "- Country: Spain; Return fee: 7 EUR; Days: 30",
        "Country: Spain; Days: 30",
        "- Country: Italy; Return fee: free. Ask us.; Days: 60",
    ],
)
def test_the_row_of_a_table_is_verbatim_as_pairs_of_column_and_value(row: str) -> None:
    text = f"Whoever returns a parcel pays:\n\n{row}"
    checked = [check_sentence(text[start:end], text, start, [Source(FEES)], RULES) for start, end in sentences(text)]
    assert {each.verdict for each in checked} == {Verdict.VERBATIM}


@pytest.mark.parametrize(
    "row",
    [
        "- Country: Spain; Return fee: 4 EUR; Days: 30",
        "- Country: Spain; Return fee: 30; Days: 7 EUR",
        "- Country: France; Return fee: 7 EUR; Days: 30",
        "- Country: Spain; Return fee: 14 EUR; Days: 30",
        "- Country: Portugal; Return fee: 7 EUR; Days: 30",
        "- Country: 7 EUR; Return fee: Spain; Days: 30",
        "- Return fee: 7 EUR; Days: 14",
    ],
)
def test_a_value_under_another_column_or_of_another_row_does_not_stand(row: str) -> None:
    assert _check(row, Source(FEES)).verdict in (Verdict.CONTRADICTED, Verdict.UNSUPPORTED)


def test_the_quote_for_rows_is_the_lines_that_have_them() -> None:
    rows = "- Country: France; Return fee: 4 EUR; Days: 14\n- Country: Spain; Return fee: 7 EUR; Days: 30"
    assert Source(FEES).quote(f"Whoever returns a parcel pays:\n\n{rows}") == (
        "| France | 4 EUR | 14 |\n| Spain | 7 EUR | 30 |"
    )


RULES_OF_THE_HOUSE = passage(
    "c4",
    "You may not:\n\n- open the gate at night\n- feed the cats\n- wash:\n  - dogs\n  - cars\n\n"
    "You may:\n\n- pet the cats\n",
)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("You may not:\n\n- open the gate at night\n- feed the cats", Verdict.VERBATIM),
        ("You may not:\n\n- feed the cats", Verdict.VERBATIM),
        ("Cats are here. You may not:\n\n- feed the cats", Verdict.VERBATIM),
        ("You may not:\n\n- wash:\n  - cars", Verdict.VERBATIM),
        ("You may:\n\n- pet the cats", Verdict.VERBATIM),
        ("- feed the cats", None),
        ("You may:\n\n- feed the cats", None),
        ("You may:\n\n- pet the cats\n- feed the cats", None),
        ("You may not:\n\n- wash:\n  - cars\n- feed the cats", None),
        ("You may not: shout.\n\n- feed the cats", None),
        ("- wash:\n  - cars", None),
    ],
)
def test_an_item_is_verbatim_under_its_own_lead_in_alone(text: str, verdict: Verdict | None) -> None:
    start, end = sentences(text)[-1]
    checked = check_sentence(text[start:end], text, start, [Source(RULES_OF_THE_HOUSE)], RULES)
    assert (checked.verdict is Verdict.VERBATIM) is (verdict is Verdict.VERBATIM)


def test_the_quote_for_sentences_with_others_between_goes_from_the_first_to_the_last() -> None:
    source = Source(passage("c5", "One is red. Two is blue.\n\nThree is green. Four is grey."))
    assert source.quote("One is red. Three is green.") == "One is red. Two is blue.\n\nThree is green."
    assert source.quote("Three is green. One is red.") == "Three is green."


@pytest.mark.parametrize("sentence", ["The cooperation ended.", "The coop\u00aderation ended."])
def test_characters_that_are_not_seen_make_no_difference(sentence: str) -> None:
    source = Source(passage("c1", "\ufeffThe coop\u00aderation\u200b ended. It had begun."))
    checked = check_sentence(sentence, sentence, 0, [source], RULES)
    assert checked.verdict is Verdict.VERBATIM
    assert source.quote(sentence) == "The coop\u00aderation\u200b ended."


def test_the_words_of_a_passage_in_a_conflict_are_as_they_stand_there() -> None:
    source = Source(passage("c1", "The coop\u00aderation ended in 19\u200b99."))
    sentence = "The cooperation ended in 1998."
    checked = check_sentence(sentence, sentence, 0, [source], RULES)
    assert checked.verdict is Verdict.CONTRADICTED
    assert all(conflict.passage_words in source.passage.text for conflict in checked.conflicts)
