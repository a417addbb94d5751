"""Words and phrases that a policy names."""

import time

import pytest

from groundwire_server.adapters.guards.terms import BlankTermError, TermsGuard

FORBIDDEN = TermsGuard(["Initech", "Project Falcon", "Müller & Söhne", "機密", "ลับ"], "names")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("Nothing here.", []),
        ("Ask INITECH's desk.", ["INITECH"]),
        ("Initechs is another.", []),
        ("The project   falcon-plan, Project\nFalcon.", ["project   falcon", "Project\nFalcon"]),
        ("project of a falcon", []),
        ("muller, sohne; Mueller", ["muller, sohne"]),
        ("これは機密情報です。", ["機密"]),
        ("เรื่องลับมาก", ["ลับ"]),
        ("Ini\u00adtech and I\u200bnitech", ["Ini\u00adtech", "I\u200bnitech"]),
        ("Ｉｎｉｔｅｃｈ and Inіtech", ["Ｉｎｉｔｅｃｈ", "Inіtech"]),
        ("💡 Initech", ["Initech"]),
    ],
)
def test_terms_are_found_however_they_are_written(text: str, found: list[str]) -> None:
    findings = FORBIDDEN.find(text)
    assert [text[each.start : each.end] for each in findings] == found
    assert {each.category for each in findings} <= {"names"}


def test_the_longest_of_several_counts() -> None:
    guard = TermsGuard(["blue", "blue whale", "whale song"], "sea")
    assert [(each.start, each.end) for each in guard.find("A blue whale song.")] == [(2, 12)]


def test_a_topic_needs_several_different_terms() -> None:
    topic = TermsGuard(["dose", "tablet", "prescription"], "medicine", at_least=2)
    assert not topic.find("A dose is a dose.")
    assert len(topic.find("A dose is a dose of one tablet.")) == 3


@pytest.mark.parametrize(("terms", "by_word"), [(["Initech", "机"], True), (["Project Falcon"], False)])
def test_it_says_whether_words_suffice(terms: list[str], by_word: bool) -> None:
    assert TermsGuard(terms, "names").by_word is by_word
    assert not TermsGuard(terms, "names", at_least=2).by_word


@pytest.mark.parametrize("blank", ["…", "  ", "\u200b"])
def test_a_term_without_a_letter_is_refused(blank: str) -> None:
    with pytest.raises(BlankTermError):
        TermsGuard(["fine", blank], "names")


ENGLISH = "the quick brown fox jumps over the lazy dog " * 200
COSTS = {
    "many": (ENGLISH, [f"term {n} of many" for n in range(20_000)]),
    "long": ("the " * 2_000, [" ".join(["the", *(f"w{n}" for n in range(60))])]),
    "long without spaces": ("的" * 2_000, ["的" + "".join(chr(0x4E00 + n) for n in range(199))]),
}
"""A text, and terms that took far longer in it than one word does."""


@pytest.mark.parametrize("case", COSTS)
def test_terms_take_no_longer_than_one_word(case: str) -> None:
    text, terms = COSTS[case]

    def fastest(guard: TermsGuard) -> float:
        times = []
        for _ in range(5):
            begun = time.process_time()
            guard.find(text)
            times.append(time.process_time() - begun)
        return min(times)

    assert fastest(TermsGuard(terms, "t")) < 5 * fastest(TermsGuard(["initech"], "t")) + 0.001
