"""What a question takes for granted, and answers that do not agree with it."""

import pytest

from groundwire_server.domain.premises import Agreement, Expected, Premises, compare, nowhere


def agree(question: str, *answer: str, nearby: str = "") -> Agreement:
    return compare(Premises.of(question), answer, lambda: nearby)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Demand for bicycles declined in what year?", "The demand for bicycles grew in 1913."),
        ("Who came to the city after the siege?", "Before the siege Count Aldo came to the city."),
        ("Which pumps are not rated for salt water?", "Pumps of this series are rated for salt water."),
        ("What doesn't the warranty cover?", "The warranty covers batteries."),
        ("What was never painted?", "The mail room was painted in May."),
        ("When was the bridge over the Tiber opened in 1920?", "The bridge over the Tiber was opened in 1913."),
        ("Who married the sister of Queen Matilda?", "The sister of Queen Edith was married by Robert."),
        ("Who built the great mill?", "It is the great mill that was built."),
        ("When was the great mill built?", "The great mill was built of stone."),
        ("How many wheels does the cart have?", "The cart has wheels of oak."),
    ],
    ids=["opposite", "order in time", "negated", "n't", "never", "number", "name", "nobody", "no time", "no count"],
)
def test_an_answer_to_another_question_contradicts(question: str, answer: str) -> None:
    assert agree(question, answer).contradicts


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Demand for bicycles grew in what year?", "The demand for bicycles grew in 1913."),
        ("Which pumps are not rated for salt water?", "Pumps of series B are not rated for salt water."),
        ("Which rooms are without heating?", "The attic lacks heating."),
        ("Who built the great mill?", "The great mill was built by Aldo Bruni."),
        ("Who built the great mill?", "The monks built the great mill."),
        ("When was the great mill built?", "The great mill was built in the twelfth century."),
        ("How many wheels does the cart have?", "The cart has four wheels."),
        ("What are the 3 phases?", "The phases are planning, building and testing."),
        ("What did Aldo Bruny build?", "Aldo Bruni built the mill."),
        ("What is Metrolink?", "MetroLink is a network of trams."),
        ("What ARE THE OPENING HOURS?", "The hours are nine to five."),
        ("Wer darf nicht eintreten?", "Kinder dürfen nicht eintreten."),
        ("東京はどこですか", "東京は日本にあります"),
    ],
)
def test_an_answer_to_the_question_does_not(question: str, answer: str) -> None:
    assert not agree(question, answer).contradicts


def test_names_and_numbers_may_stand_near_the_answer() -> None:
    question, answer = "What did the Bruni company open in 1913?", "The company opened a mill."
    alone = agree(question, answer)
    assert (alone.missing_names, alone.missing_numbers) == (1, 1)
    near = agree(question, answer, nearby="Bruni was founded in 1913. The company opened a mill.")
    assert (near.missing_names, near.missing_numbers) == (0, 0)


def test_what_is_near_is_not_read_without_need() -> None:
    def nearby() -> str:
        raise AssertionError

    assert not compare(Premises.of("Who opened the mill?"), ["Aldo opened the mill."], nearby).contradicts


def test_the_sentence_with_most_of_the_question_answers_it() -> None:
    found = agree(
        "Which pumps are not rated for salt water?", "No pump is red.", "These pumps are rated for salt water."
    )
    assert found.denied


@pytest.mark.parametrize(
    ("question", "coverage"),
    [
        ("Who opened the mill?", 1.0),
        ("Who opened the opening mills?", 1.0),
        ("Who opened a mill in rain?", 2 / 3),
        ("Who is it?", 0.0),
    ],
)
def test_coverage_is_the_share_of_words_with_their_relatives(question: str, coverage: float) -> None:
    assert agree(question, "Aldo opened the mill.").coverage == pytest.approx(coverage)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is it?", Expected.NAME),
        ("When was it?", Expected.TIME),
        ("In which year was it?", Expected.TIME),
        ("How many are there?", Expected.NUMBER),
        ("How is it done?", Expected.ANYTHING),
        ("Is it so when it rains?", Expected.TIME),
        ("", Expected.ANYTHING),
    ],
)
def test_what_an_answer_must_hold(question: str, expected: Expected) -> None:
    assert Premises.of(question).expected is expected


@pytest.mark.parametrize("answer", [(), ("",), ("\ud800 \u202e",), ("x" * 4000,)])
def test_an_odd_answer_is_compared_all_the_same(answer: tuple[str, ...]) -> None:
    assert compare(Premises.of("Who opened the \ud800 mill of Aldo in 1913?"), answer, lambda: "").contradicts


@pytest.mark.parametrize(
    ("word", "text", "absent"),
    [
        ("gpu", "Tests run on two GPUs.", False),
        ("gpu", "Tests run on the graphics card.", True),
        ("grow", "Demand grew in 1913.", False),
        ("analysi", "The words are analysed.", False),
        ("kubernet", "It runs in kubernetse.", False),
        ("memori", "It is remembered.", True),
    ],
    ids=["part of a word", "another word", "irregular", "relative", "misspelt", "likeness"],
)
def test_a_word_is_nowhere_if_no_form_of_it_is_there(word: str, text: str, absent: bool) -> None:
    assert nowhere(frozenset({word}), text) == (frozenset({word}) if absent else frozenset())


def test_whether_something_is_so_is_answered_by_its_opposite() -> None:
    assert not agree("Did the demand for mills decline?", "The demand for mills grew.").contradicts
    assert agree("When did the demand for mills decline?", "The demand for mills grew in May.").contradicts


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("बैठक कक्ष की बुकिंग कहाँ होती है?", "बैठक कक्ष की बुकिंग पोर्टल पर होती है।"),
        ("소포는 어디에서 보관합니까?", "소포는 우편실에서 보관됩니다."),
    ],
)
def test_a_script_without_capitals_has_no_names(question: str, answer: str) -> None:
    assert not Premises.of(question).names
    assert not agree(question, answer).contradicts
