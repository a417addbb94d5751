"""Two outcomes on a terminal, in a list and on a page."""

import io
import re

import pytest

from groundwire_server.cli.console import Terminal
from groundwire_server.cli.replay.columns import Titles, print_call
from groundwire_server.cli.replay.page import replay_page
from groundwire_server.cli.replay.summary import difference_line, summary_lines
from groundwire_server.cli.replay.words import compared
from groundwire_server.domain.vocabulary import Verdict
from groundwire_server.evaluation.recording import RecordedAnswer, RecordedCitation, RecordedSentence
from groundwire_server.evaluation.replayed import ReplayedCall, ReplaySummary
from tests.evaluation.test_replayed import ABSTAINED, answered, call

TITLES = Titles(after="prompt answer/1.3.0")
HOSTILE = "</td><script>alert(1)</script>\x1b[31m"


def shown(replayed: ReplayedCall, width: int) -> str:
    console = Terminal(width=width)
    console.file = io.StringIO()
    print_call(console, replayed, TITLES)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("It opens at six.", "It opens at six.", ("", "")),
        ("It opens at six.", "It opens at seven.", ("six", "seven")),
        ("Yes.", "", ("Yes.", "")),
        ("", "No.", ("", "No.")),
    ],
)
def test_words_that_one_text_alone_has_are_marked(before: str, after: str, marked: tuple[str, str]) -> None:
    one, other = compared(before, after)
    assert ("".join(each.text for each in one), "".join(each.text for each in other)) == (before, after)
    assert tuple("".join(each.text for each in side if each.changed) for side in (one, other)) == marked


def test_very_long_texts_are_not_compared_word_by_word() -> None:
    one, other = compared("a " * 5000, "b " * 5000)
    assert [each.changed for each in (*one, *other)] == [True, True]


def test_a_wide_terminal_has_two_columns() -> None:
    lines = shown(call(answered("It opens at seven.", Verdict.CONSISTENT)), 100).splitlines()
    assert lines[0] == "question  When does it open?"
    assert re.fullmatch(r"recorded +prompt answer/1.3.0 *", lines[2])
    assert any(re.search(r"It opens at six\. +It opens at seven\.", line) for line in lines)
    assert any("1. VERBATIM" in line and "1. CONSISTENT" in line for line in lines)


def test_a_narrow_terminal_has_one_under_the_other() -> None:
    text = shown(call(ABSTAINED), 60)
    assert text.index("recorded") < text.index("It opens at six.") < text.index("prompt answer/1.3.0")
    assert "abstained (MODEL_ABSTAINED)" in text
    assert all(len(line) <= 60 for line in text.splitlines())


def test_an_outcome_that_is_not_known_says_why() -> None:
    text = shown(call(None, "no recording has what GENERATOR small would return"), 100)
    assert "not known" in text
    assert "no recording has what GENERATOR small" in " ".join(text.split())


def test_a_text_cannot_steer_the_terminal() -> None:
    assert "\x1b[31m" not in shown(call(answered(HOSTILE)), 100)


@pytest.mark.parametrize(
    ("replayed", "line"),
    [
        (call(answered()), "same"),
        (call(answered("It opens at seven.")), "another answer"),
        (call(answered(model="large")), "model small → large"),
        (call(None, "why"), "not known: why"),
    ],
)
def test_a_line_of_a_list_has_no_texts(replayed: ReplayedCall, line: str) -> None:
    assert difference_line(replayed) == line


def test_a_summary_says_how_many_changed_and_how() -> None:
    calls = [call(answered()), call(ABSTAINED), call(None, "why")]
    assert list(summary_lines(ReplaySummary.of(calls))) == [
        "1 of 2 calls came to something else",
        "1 outcome not known: why",
        "result answered → abstained: 1 call",
        "cause ANSWER_VALIDATED → MODEL_ABSTAINED: 1 call",
        "verdicts of sentences: VERBATIM 2 → 1",
    ]


def test_what_an_answer_cites_has_its_title_and_number() -> None:
    sentence = RecordedSentence(text="It opens at six.", verdict=Verdict.VERBATIM, support=0.9, citations=(0, 1))
    cited = RecordedAnswer(
        text="It opens at six.",
        sentences=(sentence,),
        citations=(
            RecordedCitation(chunk_id="0b7e-1", document_id="hours.md", title="Opening hours", quote="At six."),
            RecordedCitation(chunk_id="0b7e-2", document_id="desk.md", quote="The desk opens."),
            RecordedCitation(chunk_id="0b7e-1", document_id="hours.md", title="Opening hours", quote="At six."),
        ),
    )
    replayed = call(answered(answer=cited))
    lines = [line.rstrip() for line in shown(replayed, 60).splitlines()]
    assert any(line.endswith("[1] [2]") for line in lines)
    assert lines[-2:] == ["  [1] Opening hours", "  [2] desk.md"]
    assert not any("0b7e" in line for line in lines)
    page = replay_page([replayed], TITLES)
    assert "[1] Opening hours" in page
    # The id of a passage is seen by a pointer alone.
    assert "0b7e" not in re.sub(r'title="[^"]*"', "", page)


def test_a_page_has_changes_first_and_runs_nothing() -> None:
    page = replay_page([call(answered()), call(answered(HOSTILE))], TITLES)
    assert "<script>" not in page
    assert page.index("&lt;script&gt;") < page.rindex("When does it open?")
    assert "<del>" in page
    assert "<ins>" in page
    # In a narrow column a word of the contract breaks where it has an underline.
    assert "ANSWER_<wbr>VALIDATED" in page
    assert "1 of 2 calls came to something else" in page
