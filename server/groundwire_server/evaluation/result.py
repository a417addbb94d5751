"""The result of an evaluation: every measure, over all items and by slice, and each item's own values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from groundwire_server.evaluation.measures import guards, tables
from groundwire_server.evaluation.measures.catalog import MEASURES
from groundwire_server.evaluation.measures.intervals import Figure, bootstrap, mean, rounded, share
from groundwire_server.evaluation.measures.joint import (
    answer_statistics,
    best_coverage_threshold,
    risk_coverage,
    statement_statistics,
)
from groundwire_server.evaluation.measures.values import RIGHT, SUPPORTED, Values, question_values, statement_values
from groundwire_server.evaluation.recording import (
    RecordedGuard,
    RecordedInput,
    RecordedItem,
    RecordedQuestion,
    RecordedRun,
    RecordedStatement,
    RecordedSubject,
    RecordedText,
)

VERSION = 1
MARK = "groundwire_evaluation"
"""The key that tells a result, with its version."""

Facts: TypeAlias = Mapping[str, Any]
"""A part of the result, as it is written to JSON."""

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """What an evaluation found.

    Attributes:
        subjects: what was evaluated.
        inputs: where its questions, statements and texts came from.
        measures: the measures over all items.
        slices: the same of each slice, by its label.
        items: the values of each question, statement and text, by its kind and key, with its slices.
    """

    subjects: tuple[RecordedSubject, ...]
    inputs: tuple[RecordedInput, ...]
    measures: Facts
    slices: Mapping[str, Facts]
    items: Mapping[str, Facts]

    def facts(self) -> Facts:
        """Return all of it, for JSON."""
        return {
            MARK: VERSION,
            "subjects": [each.model_dump() for each in self.subjects],
            "inputs": [each.model_dump() for each in self.inputs],
            "measures": self.measures,
            "slices": self.slices,
            "items": self.items,
        }


@dataclass(frozen=True, slots=True)
class _Scored:
    line: RecordedItem
    values: Values


def evaluate(recordings: Sequence[RecordedRun]) -> EvaluationResult:
    """Compute every measure from recordings. The order of their lines makes no difference."""
    lines = sorted(
        (line for recording in recordings for line in recording.lines), key=lambda line: (line.kind, line.item.key)
    )
    scored = [_Scored(line, _values(line)) for line in lines]
    labels = sorted({label for each in scored for label in each.line.item.labels})
    known = tuple(dict.fromkeys(guard for recording in recordings for guard in recording.header.guards))
    return EvaluationResult(
        tuple(dict.fromkeys(recording.header.subject for recording in recordings)),
        tuple(dict.fromkeys(each for recording in recordings for each in recording.header.inputs)),
        _measures(scored, known),
        {label: _measures([each for each in scored if label in each.line.item.labels], known) for label in labels},
        {
            f"{each.line.kind}:{each.line.item.key}": {
                "slices": list(each.line.item.labels),
                "values": {name: round(value, _DIGITS) for name, value in each.values.items()},
            }
            for each in scored
        },
    )


def _values(line: RecordedItem) -> Values:
    match line:
        case RecordedQuestion():
            return question_values(line)
        case RecordedStatement():
            return statement_values(line)
        case RecordedText():
            return guards.text_values(line)


def _measures(scored: Sequence[_Scored], known: Sequence[RecordedGuard]) -> Facts:
    values = [each.values for each in scored]
    questions = [each.line for each in scored if isinstance(each.line, RecordedQuestion)]
    statements = [each.line for each in scored if isinstance(each.line, RecordedStatement)]
    texts = [each.line for each in scored if isinstance(each.line, RecordedText)]
    joint = _joint(values)
    found: dict[str, dict[str, Any]] = {
        "items": {"questions": len(questions), "statements": len(statements), "texts": len(texts)}
    }
    if unlabelled := sum(not line.item.is_labelled for line in questions):
        found["items"]["unlabelled"] = unlabelled
    if by_outcome := sum(line.item.labelled_by_outcome for line in questions):
        found["items"]["labelled_by_outcome"] = by_outcome
    for measure in MEASURES:
        own = [each[measure.path] for each in values if measure.path in each]
        figure = joint.get(measure.path)
        if own:
            figure = share(own) if measure.form == "share" else mean(own)
        if figure is not None and figure.value is not None:
            found.setdefault(measure.group, {})[measure.name] = figure.facts()
    if questions:
        found["outcomes"] = _outcomes(questions)
        found.setdefault("abstention", {})["risk_coverage"] = [
            [rounded(point.coverage), rounded(point.risk)] for point in risk_coverage(values)
        ]
        confidence = found.setdefault("confidence", {})
        confidence["by_word"] = tables.confidence_calibration(values)
        confidence["by_relevance"] = tables.relevance_calibration(questions)
        found.setdefault("latency", {})["stages"] = dict(tables.times(questions))
        found.setdefault("cost", {})["by_purpose"] = tables.consumption(questions)
    if statements:
        verdicts = found.setdefault("verdicts", {})
        verdicts["by_kind"] = tables.by_kind(statements)
        verdicts["coverage_threshold"] = rounded(
            best_coverage_threshold([each for each in values if SUPPORTED in each])
        )
        verdicts["verdicts"] = tables.counted(line.verdict.value for line in statements)
        verdicts["checkers"] = tables.counted(line.checker for line in statements)
    if texts:
        found.setdefault("guards", {}).update(guards.tables(texts, known))
    return found


def _joint(values: Sequence[Values]) -> Mapping[str, Figure]:
    answers = [each for each in values if RIGHT in each]
    statements = [each for each in values if SUPPORTED in each]
    return {
        **{path: bootstrap(statistic, len(answers)) for path, statistic in answer_statistics(answers).items()},
        **{path: bootstrap(statistic, len(statements)) for path, statistic in statement_statistics(statements).items()},
    }


def _outcomes(questions: Sequence[RecordedQuestion]) -> dict[str, dict[str, int]]:
    ended = [line.outcome for line in questions if line.outcome is not None]
    failed = [line.error for line in questions if line.error is not None]
    return {
        "results": tables.counted(outcome.result for outcome in ended),
        "causes": tables.counted(outcome.cause.value for outcome in ended),
        "errors": tables.counted(error.reason or error.code for error in failed),
    }
