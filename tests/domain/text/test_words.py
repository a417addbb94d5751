"""Words, their stems, and looking for them."""

import unicodedata
from collections.abc import Callable
from typing import TypeAlias

import pytest

from groundwire_server.domain.text.words import ContentWords, content_words, language_of, occurring, query_terms, words
from tests.timed import least_time


def test_words_are_folded_runs_of_letters_and_digits_in_any_script() -> None:
    assert words("Ünï_code's ΑΣ Straße हिन्दी, 日本語! x86-64 é") == [
        "uni", "code", "s", "ας".casefold(), "strasse", "हिन्दी", "日本語", "x86", "64", "e",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spellings",
    [
        ("Cafe\u0301", "Caf\u00e9", "cafe", "CAFÉ"),
        ("ＡＢ１２３", "AB123", "ab123"),
        ("ﾌﾟﾘﾝﾀｰ", "プリンター", "フ\u309aリンター"),
        ("ﬁle", "file", "FILE"),
        ("Straße", "STRASSE"),
        ("№", "No", "no"),
        ("İstanbul", "istanbul", "ISTANBUL"),
        ("Αθήνα", "ΑΘΗΝΑ"),
        ("مُحَمَّد", "محمد"),
    ],
)
def test_words_are_the_same_however_they_are_written(spellings: tuple[str, ...]) -> None:
    assert len({tuple(words(spelling)) for spelling in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), [("かく", "がく"), ("ハン", "パン"), ("का", "की"), ("한", "하")])
def test_marks_that_make_another_letter_are_kept(one: str, other: str) -> None:
    assert words(one) != words(other)


@pytest.mark.parametrize(
    "forms",
    [
        "use uses used using",
        "class classes",
        "country countries",
        "die dies died",
        "agree agrees agreed agreeing",
        "stop stops stopped stopping",
        "control controls controlled controlling",
        "try tries tried trying",
        "need needs needed",
        "box boxes",
        "value values valued",
        "thing things",
    ],
)
def test_forms_of_a_word_share_a_stem(forms: str) -> None:
    assert len(content_words(forms)) == 1


def test_content_words_leave_function_words_out() -> None:
    assert content_words("What is the Capital of it?") == content_words("capital")
    assert content_words("Who is it?") == frozenset()


def test_content_words_pair_characters_of_unspaced_scripts() -> None:
    assert content_words("日本語") == {"日本", "本語"}
    assert content_words("水") == {"水"}


PROSE = """The countries' rules: classes agreed to stop; trying, tried, dies. Use us_ed snake_case x86-64, É 日本語!
Élan. He was dying in a country where usual users, using USA's big Buses, stopped controlled things. हिन्दी में है
soliloquies"""


Occurring: TypeAlias = Callable[[frozenset[str], str], frozenset[str]]


def held(wanted: frozenset[str], text: str) -> frozenset[str]:
    return ContentWords(text).occurring(wanted)


@pytest.mark.parametrize("found", [occurring, held], ids=["once", "more than once"])
def test_occurring_is_what_content_words_share(found: Occurring) -> None:
    everything = content_words(PROSE) | content_words(
        "absent stops use us controls die y i in हिन्द 本 élans bus buse दी soliloquy"
    )
    for line in (*PROSE.splitlines(), PROSE, PROSE.upper(), "", "i", "y y", unicodedata.normalize("NFD", PROSE)):
        assert found(everything - {"本"}, line) == (everything - {"本"}) & content_words(line)
    assert found(frozenset({"本"}), "日本語") == {"本"}


@pytest.mark.parametrize("piece", ["lambda ", "lambda", "a", "日", "la.", "lambdy "])
def test_looking_for_words_takes_time_in_proportion_to_the_length(piece: str) -> None:
    wanted = content_words(" ".join(f"lambda{number}" for number in range(200)) + " lambda a 日本語 lambdies")

    def took(size: int, enough: float = 0.0) -> float:
        text = piece * (size // len(piece))
        return least_time(lambda: occurring(wanted, text), enough)

    bound = 40 * took(10_000) + 0.05
    assert took(160_000, bound) < bound


@pytest.mark.parametrize(
    ("question", "content"),
    [
        ("소포는 어디에서 보관하나요?", {"소포", "보관"}),
        ("휴가는 언제까지 신청합니까?", {"휴가", "신청"}),
        ("분실물은 얼마 동안 보관됩니까?", {"분실", "실물", "보관"}),
        ("बैठक की बुकिंग कहाँ होती है?", {"बैठक", "बुकिंग"}),
    ],
)
def test_question_words_particles_and_endings_are_no_content(question: str, content: set[str]) -> None:
    assert content_words(question, language_of(question)) == content


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("何冊まで借りられますか？", ["冊", "借"]),
        ("延長は何回できますか？", ["延長", "回"]),
        ("图书可以借几本？", ["图书"]),
    ],
)
def test_a_counter_that_is_left_of_a_japanese_question_is_searched_for(question: str, terms: list[str]) -> None:
    assert query_terms(question) == terms
