"""Sentences, words and estimated tokens."""

import time
import unicodedata
from collections.abc import Callable
from typing import TypeAlias

import pytest

from groundwire_server.domain.text import (
    SENTENCE_LIMIT,
    ContentWords,
    content_terms,
    content_words,
    estimate_tokens,
    nfc,
    occurring,
    sentences,
    words,
)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t\n ", []),
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("No full stop", ["No full stop"]),
        (
            "Dr. Smith met J. R. R. Tolkien, e.g. twice. He left.",
            ["Dr. Smith met J. R. R. Tolkien, e.g. twice.", "He left."],
        ),
        ("The U.S. Army came at 5 p.m. with tanks. Why?", ["The U.S. Army came at 5 p.m. with tanks.", "Why?"]),
        ('"Really?" he said. (Yes.) Then', ['"Really?" he said.', "(Yes.)", "Then"]),
        ("It is 3.14. Version 2.0 is out.", ["It is 3.14.", "Version 2.0 is out."]),
        ("See no. 5 there. No. It is not.", ["See no. 5 there.", "No.", "It is not."]),
        ("Wait... what? Oh… fine.", ["Wait... what?", "Oh… fine."]),
        (
            "a paragraph that is wrapped by hand goes on\nthrough its line breaks. Then\nit ends.",
            ["a paragraph that is wrapped by hand goes on\nthrough its line breaks.", "Then\nit ends."],
        ),
        ("Title\n*****\n\nText follows.", ["Title", "Text follows."]),
        ("# Title\ntext follows.", ["# Title", "text follows."]),
        ("A Title\nText follows.", ["A Title", "Text follows."]),
        (
            "prose in a narrow column by\nRollo, of\nNormandy. Then",
            ["prose in a narrow column by\nRollo, of\nNormandy.", "Then"],
        ),
        ("- one\n- two. And more.\n* three", ["- one", "- two.", "And more.", "* three"]),
        ("1. first\n2. second\n(a) third", ["1. first", "2. second", "(a) third"]),
        ("so:\n\n   >>> x = 1\n   >>> y\n\nand on", ["so:", ">>> x = 1\n   >>> y", "and on"]),
        ("x = 1\ny = 2\nthis is prose. yes", ["x = 1\ny = 2", "this is prose. yes"]),
        (
            "it has a (\nyield statement) as\nfrom it (or so); return it;\nthen (so);\nit ends.",
            ["it has a (\nyield statement) as\nfrom it (or so); return it;\nthen (so);\nit ends."],
        ),
        (
            "as in\nimport os\nfrom os import path\nasync def go(x):\n    return x;\nthat was it",
            ["as in", "import os\nfrom os import path\nasync def go(x):", "return x;\nthat was it"],
        ),
        ("one.\r\n\r\ntwo\u2029three", ["one.", "two\u2029three"]),
        ("これは文です。次の文です！終わり", ["これは文です。", "次の文です！", "終わり"]),
        ("हिन्दी में है। दूसरा वाक्य।", ["हिन्दी में है।", "दूसरा वाक्य।"]),
        ("ما هذا؟ هذا كتاب.", ["ما هذا؟", "هذا كتاب."]),
        ("🙂 🙂", ["🙂 🙂"]),
        ("----\n====", []),
    ],
)
def test_a_text_is_cut_into_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize("text", ["word " * 300, "ab" * 700, "a, b, " * 300, "e\u0301" * 400, "x = 1\n" * 300])
def test_no_sentence_is_over_the_limit_and_nothing_is_lost(text: str) -> None:
    found = cut(text)
    assert max(map(len, found)) <= SENTENCE_LIMIT
    assert "".join("".join(found).split()) == "".join(text.split())


def test_a_cut_through_a_long_word_leaves_marks_with_their_letters() -> None:
    assert not any(unicodedata.combining(sentence[0]) for sentence in cut("ae\u0301" * 400))


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a. ",
        ". ",
        "\n",
        "a\n",
        "- a\n",
        "(",
        "= ",
        "A b\n",
        "'",
        "x[",
        "A" * 60 + "\n",
        "1.",
        "e.g.",
        "//",
        "a = ",
        "a[",
        "{ ",
        ".",
        "!?",
        '."',
        ".)",
    ],
)
def test_cutting_takes_time_in_proportion_to_the_length(piece: str) -> None:
    def took(size: int) -> float:
        # The last letter follows at once, so that nothing before it ends a sentence.
        text = piece * (size // len(piece)) + "x"
        return _least_time(lambda: sentences(text))

    assert took(160_000) < 40 * took(10_000) + 0.05


@pytest.mark.parametrize("piece", ["lambda ", "lambda", "a", "日", "la.", "lambdy "])
def test_looking_for_words_takes_time_in_proportion_to_the_length(piece: str) -> None:
    wanted = content_words(" ".join(f"lambda{number}" for number in range(200)) + " lambda a 日本語 lambdies")

    def took(size: int) -> float:
        text = piece * (size // len(piece))
        return _least_time(lambda: occurring(wanted, text))

    assert took(160_000) < 40 * took(10_000) + 0.05


@pytest.mark.parametrize("piece", ["\u0301\u0316", "a\u0301\u0316", "\U0001d165\U0001d16d\u0316", "\u0344\u0316", "—"])
def test_composing_takes_time_in_proportion_to_the_length(piece: str) -> None:
    def took(size: int) -> float:
        return _least_time(lambda: nfc(f"e{piece * (size // len(piece))}"))

    assert took(40_000) < 40 * took(2_500) + 0.05


@pytest.mark.parametrize("text", ["", "naïve", "e\u0301\u0316", "e" + "\u0316\u0301" * 15, "—" * 40, "हिन्दी " * 9])
def test_composing_is_nfc_and_leaves_out_what_no_script_needs(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert nfc(text) == nfc(unicodedata.normalize("NFD", text)) == composed
    assert nfc(text + "e" + "\u0316\u0301" * 40) == unicodedata.normalize("NFC", text + "e" + "\u0316\u0301" * 15)


def _least_time(work: Callable[[], object]) -> float:
    """Seconds of CPU: the least of a few runs, for other work on the machine only ever adds to it."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def test_words_are_folded_runs_of_letters_and_digits_in_any_script() -> None:
    assert words("Ünï_code's ΑΣ Straße हिन्दी, 日本語! x86-64 é") == [
        "ünï", "code", "s", "ας".casefold(), "strasse", "हिन्दी", "日本語", "x86", "64", "é",
    ]  # fmt: skip


def test_words_are_the_same_however_their_letters_are_composed() -> None:
    assert words("Cafe\u0301") == words("Caf\u00e9") == ["caf\u00e9"]


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


@pytest.mark.parametrize("text", ["The boxes of the box, boxed", "日本語 and 水", "What is it?", "a_b A_B", "Straße x̂"])
def test_content_terms_are_the_content_words_as_often_as_they_occur(text: str) -> None:
    assert frozenset(content_terms(text)) == content_words(text)


def test_content_terms_keep_repetition_and_order() -> None:
    assert content_terms("The box and boxes, 日本語 box") == ["box", "box", "日本", "本語", "box"]


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


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("日本語", 3)])
def test_tokens_are_estimated_from_bytes(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens
