"""The questions, statements and texts that went wrong, to be read by a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from groundwire_server.evaluation.measures.values import REFUSED, RIGHT, question_values, statement_values
from groundwire_server.evaluation.recording import (
    RecordedItem,
    RecordedQuestion,
    RecordedRun,
    RecordedStatement,
    RecordedText,
)


@dataclass(frozen=True, slots=True)
class WrongItem:
    """A question, a statement or a text that went wrong.

    Attributes:
        group: how it went wrong.
        text: the question, the statement, or the id of the text.
        got: what came back: an answer, an error, a verdict with its conflicts, or what guards found.
        expected: what would have been right; empty where the group says it.
    """

    group: str
    text: str
    got: str
    expected: str = ""


def wrong_items(recordings: Iterable[RecordedRun], *, texts: bool = False) -> list[WrongItem]:
    """Return what went wrong, by group, in an order that does not depend on that of the lines.

    Args:
        recordings: all of them.
        texts: whether a text for guards is given itself, in place of its id: it may hold personal data or secrets.
    """
    lines = sorted((line for each in recordings for line in each.lines), key=lambda line: (line.kind, line.item.key))
    return sorted((item for line in lines for item in _of(line, texts)), key=lambda item: item.group)


def _of(line: RecordedItem, texts: bool) -> Iterator[WrongItem]:
    match line:
        case RecordedQuestion():
            return _of_question(line)
        case RecordedStatement():
            return _of_statement(line)
        case RecordedText():
            return _of_text(line, line.item.text if texts else line.item.key)


def _of_question(line: RecordedQuestion) -> Iterator[WrongItem]:
    values, item, outcome = question_values(line), line.item, line.outcome
    answer = "" if outcome is None or outcome.answer is None else outcome.answer.text
    if line.error is not None:
        yield WrongItem("failed calls", item.question, line.error.reason or line.error.code)
    elif outcome is not None and values["abstention/failed"]:
        yield WrongItem("neither an answer nor an abstention", item.question, f"{outcome.result}, {outcome.cause}")
    elif outcome is not None and values.get("abstention/wrongly_abstained"):
        expected = " / ".join(item.expected or ())
        why = "the recorded call was answered" if item.labelled_by_outcome else "the documents answer it"
        yield WrongItem(f"abstained, though {why}", item.question, outcome.cause.value, expected)
    elif values.get("abstention/wrongly_answered"):
        why = "the recorded call abstained" if item.labelled_by_outcome else "the documents do not answer it"
        yield WrongItem(f"answered, though {why}", item.question, answer)
    elif values.get(RIGHT) == 0.0:
        yield WrongItem("wrong answers", item.question, answer, " / ".join(item.expected or ()))


def _of_statement(line: RecordedStatement) -> Iterator[WrongItem]:
    item = line.item
    refused = bool(statement_values(line)[REFUSED])
    if refused is item.supported:
        found = ", ".join(f"{each.kind} {each.words!r}" for each in line.conflicts)
        group = f"{'refused, though supported' if refused else 'not refused, though unsupported'}: {item.kind}"
        yield WrongItem(group, item.text, f"{line.verdict}{f' ({found})' if found else ''}")


def _of_text(line: RecordedText, shown: str) -> Iterator[WrongItem]:
    item = line.item
    if line.unavailable:
        yield WrongItem("guards that could not be asked", shown, ", ".join(line.unavailable))
        return
    found = {each.category: each for each in line.findings}
    said = ", ".join(
        f"{each.category} by {each.guard}{f' ({each.rule})' if each.rule else ''}" for each in found.values()
    )
    for category in item.categories:
        if category not in found:
            yield WrongItem(f"missed on the {item.screen} screen: {category}", shown, said or "nothing")
    if not item.categories:
        for category in found:
            yield WrongItem(f"false alarms on the {item.screen} screen: {category}", shown, said)
