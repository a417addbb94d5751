"""Recorded outputs against the targets: a row for each promise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.evaluation.data import ODD, STATEMENTS
from bench.evaluation.targets import QualityTarget
from bench.split import Part
from bench.verdicts import Verdict
from groundwire_server.evaluation.measures.intervals import Figure, share
from groundwire_server.evaluation.measures.values import REFUSED, statement_values
from groundwire_server.evaluation.recording import RecordedItem, RecordedRun, RecordedStatement, RecordedText
from groundwire_server.evaluation.result import evaluate


@dataclass(frozen=True, slots=True)
class QualityRow:
    """A promise with what was measured for it.

    Attributes:
        figure: on what nothing is fitted on.
        fitted: on the rest; None where nothing is split.
    """

    name: str
    target: QualityTarget
    figure: Figure
    fitted: Figure | None

    @property
    def verdict(self) -> Verdict:
        """Met or missed by the figure itself, unless its interval holds the bound."""
        bound = self.target.at_least if self.target.at_least is not None else self.target.at_most
        if bound is None or self.figure.value is None:
            return Verdict.NONE
        return Verdict.MET if self.target.met(self.figure.value) else Verdict.MISSED

    @property
    def near(self) -> bool:
        """Whether the interval holds values on both sides of the bound."""
        ends = [end for end in (self.figure.low, self.figure.high) if end is not None]
        return self.verdict is not Verdict.NONE and len({self.target.met(end) for end in ends}) > 1


def rows(targets: Mapping[str, QualityTarget], recording: RecordedRun) -> list[QualityRow]:
    return [_row(name, target, recording) for name, target in targets.items()]


def _row(name: str, target: QualityTarget, recording: RecordedRun) -> QualityRow:
    lines = [line for line in recording.lines if _counts(target, line)]
    if target.of in {"odd", "texts"}:
        return QualityRow(name, target, _figure(target, lines, recording), None)
    parts = {part: [line for line in lines if part.value in line.item.slice] for part in Part}
    figures = {part: _figure(target, chosen, recording) for part, chosen in parts.items()}
    return QualityRow(name, target, figures[Part.REPORTED], figures[Part.FITTED])


def _counts(target: QualityTarget, line: RecordedItem) -> bool:
    if not isinstance(line, RecordedStatement):
        of = "texts" if isinstance(line, RecordedText) else "questions"
        return target.of == of and any(group in line.item.labels for group in target.groups)
    files = (ODD,) if target.of == "odd" else target.files or STATEMENTS
    return (
        target.of in {"statements", "odd"}
        and any(file in line.item.slice for file in files)
        and (not target.kinds or line.item.kind in target.kinds)
        and (target.supported is None or line.item.supported is target.supported)
    )


def _figure(target: QualityTarget, lines: Sequence[RecordedItem], recording: RecordedRun) -> Figure:
    if "/" in target.measure:
        measures = evaluate([RecordedRun.of(recording.header, lines)]).measures
        group, _, name = target.measure.partition("/")
        facts = measures.get(group, {}).get(name)
        return Figure(None, None, None, 0) if facts is None else Figure(**facts)
    statements = [line for line in lines if isinstance(line, RecordedStatement)]
    refused = [statement_values(line)[REFUSED] for line in statements]
    match target.measure:
        case "refused":
            return share(refused)
        case "accepted":
            return share([1.0 - each for each in refused])
        case _:
            return share(
                [
                    sum(
                        statement_values(line).get(f"verdicts/{name}", 0.0) for name in ("verified", "wrongly_verified")
                    )
                    for line in statements
                ]
            )
