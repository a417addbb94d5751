"""What an answer looks like, as it arrives and once it has ended."""

from collections.abc import Callable

import pytest
from rich.console import Console

from groundwire.v1 import cause_pb2, outcome_pb2, report_pb2
from groundwire.v1.answer_service_pb2 import StreamAnswerResponse
from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.grounding_pb2 import Citation, Conflict, GroundedText, Sentence, Span, Verdict
from groundwire.v1.outcome_pb2 import Action, Blocked, Cached, Degraded, InReview, NextStep, Queued
from groundwire.v1.passage_pb2 import Passage
from groundwire.v1.report_pb2 import Stage
from groundwire_server.cli import words
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.render import Printer, show_outcome
from groundwire_server.cli.waterfall import chart_of, waterfall
from tests.cli.screen import Screen
from tests.doubles import events

Golden = Callable[[str, str], None]
NEWER = bytes([0x48, 0x7F, 0x50, 0x7F, 0x58, 0x7F])
"""Cause, action and next step 127, from a server that is newer than this."""
WIDTHS = pytest.mark.parametrize("width", [40, 80, 120])


def shown(outcome: outcome_pb2.Outcome, width: int) -> str:
    screen = Screen(width, terminal=False)
    show_outcome(screen.console, outcome, text_shown=False)
    return screen.raw


def doubtful() -> outcome_pb2.Outcome:
    """An answer of which one sentence departs from its passage, and another is in none."""
    said = ("Parcels wait.", "Take 9600 mg.", "Cats sleep.")
    text = " ".join(said)

    def span(words: str) -> Span:
        start = text.index(words)
        return Span(start_code_point=start, end_code_point=start + len(words))

    number = Conflict(kind=Conflict.KIND_NUMBER, span=span("9600 mg"), chunk_id="doses", passage_words="1200 mg")
    strange = Conflict(kind=Conflict.KIND_UNCOVERED, span=span("Cats sleep"))
    answer = GroundedText(
        text=text,
        sentences=[
            Sentence(span=span(said[0]), verdict=Verdict.VERDICT_VERBATIM),
            Sentence(span=span(said[1]), verdict=Verdict.VERDICT_UNSUPPORTED, conflicts=[number]),
            Sentence(span=span(said[2]), verdict=Verdict.VERDICT_UNSUPPORTED, conflicts=[strange]),
        ],
        citations=[
            Citation(chunk_id="c1", title="Handbook", quote="Parcels wait.", added=True),
            Citation(chunk_id="doses", title="Leaflet", quote="Take 1200 mg."),
        ],
        dropped_citations=[Citation(chunk_id="c2"), Citation(chunk_id="c3")],
    )
    return outcome_pb2.Outcome(
        degraded=Degraded(answer=answer, losses=[Degraded.Loss.LOSS_SENTENCES_BELOW_MINIMUM]),
        cause=Cause.CAUSE_UNSUPPORTED,
        action=Action.ACTION_ANSWER,
        next_step=NextStep.NEXT_STEP_SHOW_WITH_CAUTION,
        weakest_verdict=Verdict.VERDICT_UNSUPPORTED,
    )


def outcomes() -> dict[str, outcome_pb2.Outcome]:
    text = GroundedText(text="Parcels wait.", citations=[events.citation("Parcels wait.")], grounding_score=0.5)
    words = " ".join(["word"] * 60)
    passages = [
        Passage(document_id=f"d{number}", title=f"Document {number}", text=words, excerpt=words) for number in range(5)
    ]
    return {
        "answered": events.answered(),
        "abstained": events.abstained(),
        "cached": outcome_pb2.Outcome(
            cached=Cached(answer=text, age=events.milliseconds(90000)),
            cause=Cause.CAUSE_MODEL_TIMEOUT,
            action=Action.ACTION_CACHED_ANSWER,
        ),
        "degraded": outcome_pb2.Outcome(
            degraded=Degraded(passages=passages, losses=[Degraded.Loss.LOSS_ANSWER]),
            cause=Cause.CAUSE_MODEL_SLOW_START,
            action=Action.ACTION_PASSAGES_ONLY,
            next_step=NextStep.NEXT_STEP_SHOW_WITH_CAUTION,
        ),
        "queued": outcome_pb2.Outcome(
            queued=Queued(operation="operations/7", position=3, poll_after=events.milliseconds(5000)),
            cause=Cause.CAUSE_CAPACITY_EXHAUSTED,
            action=Action.ACTION_QUEUE,
        ),
        "in_review": outcome_pb2.Outcome(
            in_review=InReview(ticket="T-1", operation="operations/7"),
            cause=Cause.CAUSE_REVIEW_REQUIRED,
            action=Action.ACTION_REVIEW,
            next_step=NextStep.NEXT_STEP_WAIT_FOR_REVIEW,
        ),
        "blocked": outcome_pb2.Outcome(
            blocked=Blocked(policy="secrets", category="keys"),
            cause=Cause.CAUSE_QUESTION_FORBIDDEN,
            action=Action.ACTION_BLOCK,
        ),
        "doubtful": doubtful(),
        "unknown": outcome_pb2.Outcome.FromString(NEWER),
    }


@WIDTHS
@pytest.mark.parametrize("name", outcomes())
def test_outcomes(golden: Golden, name: str, width: int) -> None:
    text = shown(outcomes()[name], width)

    assert all(len(line) <= width and line == line.rstrip() for line in text.splitlines())
    golden(f"outcome-{name}-{width}", text)


@WIDTHS
@pytest.mark.parametrize("name", ["plain", "attempts", "empty", "ascii"])
def test_waterfalls(golden: Golden, name: str, width: int) -> None:
    report = events.report()
    if name == "attempts":
        report.stages.extend(
            [
                events.timing(Stage.STAGE_GENERATE, 42, 900, 1000, Cause.CAUSE_MODEL_TIMEOUT, attempt=2),
                events.timing(Stage.STAGE_VALIDATE, 950, 12, 30, Cause.CAUSE_UNSUPPORTED, attempt=2),
            ]
        )
        report.total.CopyFrom(events.milliseconds(1000))
    if name == "empty":
        report = report_pb2.Report()
    screen = Screen(width, terminal=False)
    for line in waterfall(chart_of(report), width, ascii_only=name == "ascii"):
        screen.console.print(line, no_wrap=True, overflow="crop")
    lines = [line.rstrip() for line in screen.raw.splitlines()]

    assert all(len(line) <= width for line in lines)
    if name == "ascii":
        assert screen.raw.isascii()
    golden(f"waterfall-{name}-{width}", "\n".join(lines) + "\n")


def test_a_bar_stands_at_its_place() -> None:
    report = report_pb2.Report(
        total=events.milliseconds(100),
        stages=[
            events.timing(Stage.STAGE_RETRIEVE, 0, 50, 100),
            events.timing(Stage.STAGE_GENERATE, 50, 50, 100),
        ],
    )
    first, second = (line.plain for line in list(waterfall(chart_of(report), 61))[1:])

    assert first.index("█") == len("generate ")
    assert second.index("█") == first.rindex("█") + 1
    assert first.count("█") == second.count("█")


def test_every_word_has_a_sentence() -> None:
    for enum, sentences in (
        (cause_pb2.Cause, words.CAUSES),
        (outcome_pb2.Action, words.ACTIONS),
        (outcome_pb2.NextStep, words.NEXT_STEPS),
        (outcome_pb2.Degraded.Loss, words.LOSSES),
        (Verdict, words.VERDICTS),
        (Conflict.Kind, words.CONFLICTS),
    ):
        known = {words.word(enum, value) for value in enum.DESCRIPTOR.values_by_number}
        assert set(sentences) == known - {"UNSPECIFIED"}
    results = {field.name for field in outcome_pb2.Outcome.DESCRIPTOR.oneofs_by_name["result"].fields}
    assert set(words.RESULTS) == results


def play(screen: Screen, *played: StreamAnswerResponse) -> Printer:
    printer = Printer(screen.console)
    for event in events.numbered(played):
        printer.event(event)
    printer.end()
    return printer


def test_text_taken_back_is_erased_on_a_terminal() -> None:
    screen = Screen(20, terminal=True)

    play(
        screen,
        events.started(),
        events.delta("This stands. "),
        events.delta("This is wrong and goes over several lines.", provisional=True),
        events.retraction(3),
        events.delta("This is right."),
    )

    assert screen.lines()[:3] == ["This stands. This is", "right.", ""]
    assert "wrong" not in "".join(screen.lines())


def test_all_text_taken_back() -> None:
    screen = Screen(20, terminal=True)

    printer = play(screen, events.delta("Wrong from the very beginning on."), events.cited(), events.retraction(1))

    assert printer.empty
    assert "".join(screen.lines()).strip() == ""


def test_text_that_has_scrolled_away_is_marked() -> None:
    screen = Screen(20, terminal=True, height=3)

    play(screen, events.delta("wrong " * 20), events.retraction(1))

    assert "wrong" in screen.lines()[0]
    assert "[retracted:" in "\n".join(screen.lines())


def test_what_stands_is_said_again_where_nothing_can_be_erased() -> None:
    screen = Screen(80, terminal=False)

    play(screen, events.delta("Stands."), events.delta(" Does not."), events.retraction(2))

    assert screen.lines() == [
        "Stands. Does not.",
        "[retracted: UNSUPPORTED, the cited passages do not support a sentence]",
        "Stands.",
        "",
    ]


def test_a_retraction_of_nothing_changes_nothing() -> None:
    screen = Screen(80, terminal=False)

    play(screen, events.delta("Stands."), events.retraction(2))

    assert screen.raw == "Stands.\n"


def test_the_same_quote_keeps_its_number() -> None:
    screen = Screen(80, terminal=False)

    play(screen, events.delta("One."), events.cited(), events.delta(" Two."), events.cited())

    assert screen.raw == "One. [1] Two. [1]\n"


def test_console_is_richs() -> None:
    assert issubclass(Terminal, Console)


def test_what_guards_found_is_shown() -> None:
    flags = [
        report_pb2.Flag(
            screen=report_pb2.SCREEN_EVIDENCE,
            guard="instructions",
            category="hidden_text",
            action=report_pb2.GUARD_ACTION_DISTRUST,
            count=2,
        ),
        # Of a server that is newer: screen and action 99.
        report_pb2.Flag.FromString(
            bytes([0x08, 99, 0x28, 99]) + report_pb2.Flag(guard="a\x1b[31m", category="b").SerializeToString()
        ),
    ]
    report = report_pb2.Report(flags=flags, guards_unavailable=["away"])
    lines = shown(outcome_pb2.Outcome(report=report), 120).splitlines()
    assert [" ".join(line.split()) for line in lines if line.startswith("flag")] == [
        "flag instructions found hidden_text in the evidence, 2 texts: DISTRUST",
        "flag a�[31m found b in the 99: 99",
        "flag away could not be asked",
    ]
