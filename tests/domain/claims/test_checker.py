"""Verdicts on statements: what they are, where they conflict, and what is no claim."""

import pytest

from groundwire_server.domain.claims.checker import RuleFinding
from groundwire_server.domain.vocabulary import ConflictKind, Verdict
from tests.domain.claims.judging import checked

CANAL = "The Marwell Canal was dug between 1794 and 1803. It is 27 km long and has no locks."
FERRY = "A ferry crosses from Lund in 35 minutes. Dogs are not allowed on board."


def said(finding: RuleFinding, statement: str) -> list[tuple[ConflictKind, str, str]]:
    return [(each.kind, statement[each.start : each.end], each.words) for each in finding.conflicts]


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ("The Marwell Canal was dug between 1794 and 1803.", Verdict.CONSISTENT),
        ("The canal is 27 kilometres long.", Verdict.CONSISTENT),
        ("Between 1794 and 1803 the Marwell Canal was dug.", Verdict.CONSISTENT),
        ("The Marwell Canal was dug between 1794 and 1830.", Verdict.CONTRADICTED),
        ("The canal is 37 km long and has no locks.", Verdict.CONTRADICTED),
        ("Bread is baked in stone ovens at dawn.", Verdict.UNSUPPORTED),
    ],
)
def test_verdicts(statement: str, verdict: Verdict) -> None:
    assert checked(statement, CANAL).verdict is verdict


@pytest.mark.parametrize("statement", ["", " \n", "The steps are:", "…", "---", "of the", "🙂", "\u200d"])
def test_what_says_nothing_is_no_claim(statement: str) -> None:
    finding = checked(statement, CANAL)
    assert (finding.verdict, finding.sources, finding.conflicts) == (Verdict.NOT_A_CLAIM, (), ())


@pytest.mark.parametrize(
    "statement",
    [
        "The following is false:",
        "It is not true that:",
        "The mayor was arrested for fraud:",
        "Contrary to the plan, all of this is forbidden:",
        "Only these are wrong:",
    ],
)
def test_a_lead_in_that_says_something_of_the_world_is_a_claim(statement: str) -> None:
    """What follows it may be word for word."""
    finding = checked(statement, CANAL)
    assert finding.verdict in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED}
    assert finding.conflicts


@pytest.mark.parametrize(
    "statement",
    ["The details:", "Follow these steps:", "As a table:", "Reasons to visit the canal:", "For example, in code:"],
)
def test_a_lead_in_that_announces_is_none(statement: str) -> None:
    assert checked(statement, CANAL).verdict is Verdict.NOT_A_CLAIM


def test_a_lead_in_with_a_number_is_a_claim() -> None:
    assert checked("There are 12 locks:", CANAL).verdict is not Verdict.NOT_A_CLAIM


def test_a_conflict_names_its_words_and_those_of_the_passage() -> None:
    statement = "The **Marwell Canal** was dug between 1794 and 1830."
    finding = checked(statement, FERRY, CANAL)
    assert said(finding, statement) == [(ConflictKind.NUMBER, "1830", "1803")]
    assert [each.source for each in finding.conflicts] == [1]
    assert finding.sources == (1,)


def test_words_that_no_passage_has_are_named_without_a_source() -> None:
    statement = "Bread is baked in stone ovens at dawn."
    finding = checked(statement, CANAL)
    assert finding.conflicts
    assert {each.source for each in finding.conflicts} == {-1}
    assert {each.words for each in finding.conflicts} == {""}


def test_a_passage_that_carries_nothing_is_no_source() -> None:
    assert checked("The canal is 27 km long.", FERRY, CANAL).sources == (1,)


def test_nothing_supports_a_statement_without_passages() -> None:
    finding = checked("The canal is 27 km long.")
    assert finding.verdict is Verdict.UNSUPPORTED
    assert finding.sources == ()


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        ("The canal is [27 km](https://evil.example) long.", "[27 km](https://evil.example)"),
        ("The canal is 27 km long https://evil.example/x.", "https://evil.example/x."),
        ("The canal is <b>27 km long.", "<b>"),
        ("The canal is 27\u202e km long.", "\u202e"),
        ("The canal is 27\u200b km long.", "\u200b"),
        ("![](http://evil.example/?q=1) The canal is 27 km long.", "![](http://evil.example/?q=1)"),
        ("The canal is 27 km long [here][1].", "[here][1]"),
        ("The canal is 27 km long. ![][1]", "![][1]"),
        ("[1]: ftp://evil.example", "ftp://evil.example"),
        ("The canal is 27 km long[^1].", "[^1]"),
        ("The canal is 27 km long: www.evil.example.", "www.evil.example."),
        ("The canal is 27 km long: mailto:a@evil.example", "mailto:a@evil.example"),
        ("The canal is <!-- not --> 27 km long.", "<!--"),
        ("The canal is &lt;b&gt;27 km&lt;/b&gt; long.", "&lt;"),
        ("The canal is &#110;ot 27 km long.", "&#110;"),
        (r"The canal has \sout{no} locks.", r"\sout"),
        ("The canal has ~~no~~ locks.", "~~"),
        ("The canal has ~no~ locks.", "~no~"),
        ("The canal has \u00adno locks.", "\u00ad"),
        ("The canal has n\u200do locks.", "\u200d"),
        ("The canal has no\u0336 locks.", "\u0336"),
        ("The canal has n\u043e locks.", "\u043e"),
        ("The canal is 27 km long.\U000e0041", "\U000e0041"),
    ],
)
def test_markup_that_no_passage_has_is_refused(statement: str, written: str) -> None:
    finding = checked(statement, CANAL)
    assert finding.verdict is Verdict.UNSUPPORTED
    assert (ConflictKind.MARKUP, written) in [(kind, words) for kind, words, _ in said(finding, statement)]


def test_markup_of_the_passage_passes() -> None:
    passage = "The manual is at https://lumen.example/manual for all users."
    assert checked("The manual is at https://lumen.example/manual for users.", passage).verdict is Verdict.CONSISTENT


def test_markup_alone_is_refused() -> None:
    assert checked("[](https://evil.example)", CANAL).verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    "statement",
    [
        "- The canal is **27 km** long.",
        "1. The canal is 27 km long.",
        "# The canal is `27 km` long",
        "_The canal_ is 27 km long.",
    ],
)
def test_emphasis_and_markers_of_items_say_nothing(statement: str) -> None:
    assert checked(statement, CANAL).verdict is Verdict.CONSISTENT


@pytest.mark.parametrize(
    ("answer", "question", "verdict"),
    [
        ("Yes.", "Does a ferry cross from Lund?", Verdict.CONSISTENT),
        ("No.", "Does a ferry cross from Lund?", Verdict.UNSUPPORTED),
        ("No.", "Are dogs allowed on board?", Verdict.CONSISTENT),
        ("Yes.", "Are dogs allowed on board?", Verdict.UNSUPPORTED),
        ("Yes!", "Does a ferry cross in 45 minutes?", Verdict.UNSUPPORTED),
        ("Yes.", "Is bread baked at dawn?", Verdict.UNSUPPORTED),
        ("Yes.", "", Verdict.UNSUPPORTED),
        ("It does.", "Does a ferry cross from Lund?", Verdict.CONSISTENT),
        ("They are.", "Are dogs allowed on board?", Verdict.UNSUPPORTED),
        ("Indeed.", "Are dogs allowed on board?", Verdict.UNSUPPORTED),
        ("Yes, they are.", "Are dogs allowed on board?", Verdict.UNSUPPORTED),
        ("No, they aren't.", "Are dogs allowed on board?", Verdict.CONSISTENT),
        ("No, it does not.", "Does a ferry cross from Lund?", Verdict.UNSUPPORTED),
        ("Never.", "Does a ferry cross from Lund?", Verdict.UNSUPPORTED),
        ("✅", "Are dogs allowed on board?", Verdict.UNSUPPORTED),
        ("❌", "Are dogs allowed on board?", Verdict.CONSISTENT),
        ("❌", "Does a ferry cross from Lund?", Verdict.UNSUPPORTED),
    ],
)
def test_a_bare_answer_is_read_with_its_question(answer: str, question: str, verdict: Verdict) -> None:
    assert checked(answer, FERRY, question=question).verdict is verdict


PLANS = "| Plan | API access | Users |\n|---|---|---|\n| Basic | ✗ | 5 |\n| Pro | ✓ | 50 |\n"


@pytest.mark.parametrize(
    ("statement", "passage", "refused"),
    [
        ("Basic: API access ✓, users 5.", PLANS, True),
        ("Basic: API access ✗, users 5.", PLANS, False),
        ("Pro: API access ❌, users 50.", PLANS, True),
        ("Pro: API access ✔, users 50.", PLANS, False),
        ("✅ The canal is 27 km long.", "The canal is 27 km long.", False),
        ("The value x ∉ S.", "The value x ∈ S.", True),
        ("The value x ∈ S.", "The value x ∈ S.", False),
        ("It holds that ¬p after the loop.", "It holds that p after the loop.", True),
    ],
)
def test_a_sign_that_denies_is_compared(statement: str, passage: str, refused: bool) -> None:
    kinds = {each.kind for each in checked(statement, passage).conflicts}
    assert (ConflictKind.NEGATION in kinds) is refused


def test_a_statement_in_another_language_cannot_be_judged() -> None:
    statement = "Der Kanal ist in den Jahren von 1794 bis 1803 für die Kohle gegraben worden."
    finding = checked(statement, "The canal was dug for the coal that was mined at Easton in the hills.")
    assert finding.verdict is Verdict.UNSUPPORTED
    assert said(finding, statement) == [(ConflictKind.LANGUAGE, statement, "")]


def test_another_language_is_not_judged_by_the_words_that_it_shares() -> None:
    statement = "Les colis sont signés à la réception de Zurich."
    finding = checked(statement, "Parcels are signed for at the reception of Zurich. They wait there for days.")
    assert said(finding, statement) == [(ConflictKind.LANGUAGE, statement, "")]


@pytest.mark.parametrize(
    ("true", "false", "passage"),
    [
        (
            "Die Brücke ist 27 Meter lang.",
            "Die Brücke ist 72 Meter lang.",
            "Die Brücke ist 27 m lang und für Autos gesperrt.",
        ),
        ("桥长27米。", "桥长72米。", "该桥长27米，于1803年建成。"),
        ("สะพานยาว 27 เมตร", "สะพานยาว 72 เมตร", "สะพานยาว 27 เมตร สร้างในปี 1803"),
        (
            "Мост длиной 27 метров построен в 1803 году.",
            "Мост длиной 72 метров построен в 1803 году.",
            "В 1803 году был построен мост длиной 27 метров.",
        ),
    ],
    ids=["German", "Chinese", "Thai", "Russian"],
)
def test_numbers_are_compared_in_other_languages(true: str, false: str, passage: str) -> None:
    assert checked(true, passage).verdict is Verdict.CONSISTENT
    assert checked(false, passage).verdict in (Verdict.UNSUPPORTED, Verdict.CONTRADICTED)


def test_support_is_a_probability() -> None:
    for statement in ("The canal is 27 km long.", "The canal is 72 km long.", "Bread is baked at dawn."):
        assert 0.0 <= checked(statement, CANAL).support <= 1.0
