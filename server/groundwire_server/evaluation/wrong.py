"""The questions and statements that went wrong, to be read by a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from groundwire_server.evaluation.measures.values import REFUSED, RIGHT, question_values, statement_values
from groundwire_server.evaluation.recording import RecordedQuestion, RecordedRun, RecordedStatement


@dataclass(frozen=True, slots=True)
class WrongItem:
    """A question or a statement that went wrong.

    Attributes:
        group: how it went wrong.
        text: the question or the statement.
        got: what came back: an answer, an error, or a verdict with its conflicts.
        expected: what would have been right; empty where the group says it.
    """

    group: str
    text: str
    got: str
    expected: str = ""


def wrong_items(recordings: Iterable[RecordedRun]) -> list[WrongItem]:
    """Return what went wrong, by group, in an order that does not depend on that of the lines."""
    lines = sorted((line for each in recordings for line in each.lines), key=lambda line: (line.kind, line.item.key))
    found = (_of_question(line) if isinstance(line, RecordedQuestion) else _of_statement(line) for line in lines)
    return sorted((item for items in found for item in items), key=lambda item: item.group)


def _of_question(line: RecordedQuestion) -> Iterator[WrongItem]:
    values, item, outcome = question_values(line), line.item, line.outcome
    answer = "" if outcome is None or outcome.answer is None else outcome.answer.text
    if line.error is not None:
        yield WrongItem("failed calls", item.question, line.error.reason or line.error.code)
    elif outcome is not None and values["abstention/failed"]:
        yield WrongItem("neither an answer nor an abstention", item.question, f"{outcome.result}, {outcome.cause}")
    elif outcome is not None and values.get("abstention/wrongly_abstained"):
        expected = " / ".join(item.expected or ())
        yield WrongItem("abstained, though the documents answer it", item.question, outcome.cause.value, expected)
    elif values.get("abstention/wrongly_answered"):
        yield WrongItem("answered, though the documents do not answer it", item.question, answer)
    elif values.get(RIGHT) == 0.0:
        yield WrongItem("wrong answers", item.question, answer, " / ".join(item.expected or ()))


def _of_statement(line: RecordedStatement) -> Iterator[WrongItem]:
    item = line.item
    refused = bool(statement_values(line)[REFUSED])
    if refused is item.supported:
        found = ", ".join(f"{each.kind} {each.words!r}" for each in line.conflicts)
        group = f"{'refused, though supported' if refused else 'not refused, though unsupported'}: {item.kind}"
        yield WrongItem(group, item.text, f"{line.verdict}{f' ({found})' if found else ''}")
