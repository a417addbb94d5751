"""Where sentences begin and end."""

import unicodedata

import pytest

from groundwire_server.domain.text.sentences import SENTENCE_LIMIT, sentences
from tests.timed import least_time


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
        (
            "These are the fees:\n\n| Land | Fee |\n|---|---|\n| Peru | 1. May |",
            ["These are the fees:", "| Land | Fee |", "| Peru | 1. May |"],
        ),
        (
            "Run:\n```sh\nfirst one. Then\n\n  second\n```\nDone. Go.",
            ["Run:", "first one. Then\n\n  second", "Done.", "Go."],
        ),
        ("- item\n  ~~~\n  a. b\n  ~~~", ["- item", "a. b"]),
        ("A fence\n\n```\nthat is never closed. Or is.", ["A fence", "that is never closed.", "Or is."]),
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
        "```\n",
        "```\n~~~\n",
        "|a|\n",
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
    def took(size: int, enough: float = 0.0) -> float:
        # The last letter follows at once, so that nothing before it ends a sentence.
        text = piece * (size // len(piece)) + "x"
        return least_time(lambda: sentences(text), enough)

    bound = 40 * took(10_000) + 0.05
    assert took(160_000, bound) < bound
