"""Two outcomes side by side on a terminal; one under the other where it is narrow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table
from rich.text import Text

from groundwire_server.cli.console import Terminal, one_line, printable
from groundwire_server.cli.replay.citations import numbered_citations, numbers_of
from groundwire_server.cli.replay.words import DiffPiece, compared
from groundwire_server.cli.words import RESULTS, VERDICTS
from groundwire_server.evaluation.recording import RecordedOutcome
from groundwire_server.evaluation.replayed import NOT_KNOWN, ReplayedCall

_WIDE: Final = 80
"""Columns of a terminal from which on two outcomes stand side by side."""

_STANDING: Final = frozenset({"VERBATIM", "ENTAILED"})
_FALLEN: Final = frozenset({"UNSUPPORTED", "CONTRADICTED"})


@dataclass(frozen=True, slots=True)
class Titles:
    """What two outcomes are called."""

    before: str = "recorded"
    after: str = "replayed"


def print_call(console: Terminal, replayed: ReplayedCall, titles: Titles) -> None:
    """Print a call as it was recorded beside what its replay came to."""
    console.hang(Text("question  ", style="dim"), Text(printable(replayed.question)))
    if replayed.name:
        console.hang(Text("recording ", style="dim"), Text(one_line(replayed.name), style="dim"))
    before, after = _sides(replayed)
    if console.width >= _WIDE:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True, header_style="bold")
        table.add_column(titles.before, ratio=1, overflow="fold")
        table.add_column(titles.after, ratio=1, overflow="fold")
        for row in _rows(before, after):
            table.add_row(*row)
        console.print(table)
        return
    for title, side in ((titles.before, before), (titles.after, after)):
        console.print(Text(title, style="bold"))
        for line in side:
            console.hang(Text("  "), line)


def _sides(replayed: ReplayedCall) -> tuple[Sequence[Text], Sequence[Text]]:
    before, after = replayed.before, replayed.after
    if after is None:
        return list(_outcome(before, [DiffPiece(_text(before))])), [
            Text(NOT_KNOWN, style="yellow"),
            Text(one_line(replayed.missing), style="dim"),
        ]
    one, other = compared(_text(before), _text(after))
    return list(_outcome(before, one, "red")), list(_outcome(after, other, "green"))


def _rows(before: Sequence[Text], after: Sequence[Text]) -> Iterator[tuple[Text, Text]]:
    for place in range(max(len(before), len(after))):
        yield (
            before[place] if place < len(before) else Text(),
            after[place] if place < len(after) else Text(),
        )


def _outcome(outcome: RecordedOutcome, pieces: Iterable[DiffPiece], style: str = "") -> Iterator[Text]:
    """Yield what is shown of an outcome: how it ended, its text, and the verdict on each sentence."""
    yield Text(f"{outcome.result} ({outcome.cause})", style="bold")
    yield Text(RESULTS.get(outcome.result, ""), style="dim")
    facts = [outcome.prompt and f"prompt {outcome.prompt}", outcome.model and f"model {outcome.model}"]
    yield Text(one_line(", ".join(each for each in facts if each)) or "no model was asked", style="dim")
    text = Text()
    for piece in pieces:
        text.append(printable(piece.text), f"{style} underline" if piece.changed and style else "")
    if text.plain:
        yield text
    if outcome.answer is None:
        return
    citations = numbered_citations(outcome.answer)
    for number, sentence in enumerate(outcome.answer.sentences, 1):
        verdict = str(sentence.verdict)
        colour = "green" if verdict in _STANDING else "red" if verdict in _FALLEN else "yellow"
        line = Text.assemble(f"{number}. ", (verdict, colour), f": {VERDICTS.get(verdict, '')}")
        if cited := numbers_of(sentence, citations):
            line.append(f" {cited}", "dim")
        yield line
    for number, title in dict.fromkeys((each.number, each.title) for each in citations):
        yield Text(f"[{number}] {one_line(title)}", style="dim")


def _text(outcome: RecordedOutcome) -> str:
    return "" if outcome.answer is None else outcome.answer.text
