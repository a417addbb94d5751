"""The values of one question or statement, by the measures that it counts in."""

from collections.abc import Mapping
from typing import TypeAlias

from groundwire_server.domain.vocabulary import Confidence, Verdict
from groundwire_server.evaluation.measures import texts
from groundwire_server.evaluation.measures.ranking import cited, ranking
from groundwire_server.evaluation.recording import (
    RecordedAnswer,
    RecordedOutcome,
    RecordedPassage,
    RecordedQuestion,
    RecordedStatement,
)

Values: TypeAlias = Mapping[str, float]
"""By the measure's path, or by the name of what joint measures are made of."""

RIGHT, RANK, LEVEL = "right", "rank", "level"
"""Of an answer: whether it is right, its place among all by confidence and relevance, and by confidence alone."""

REFUSED, COVERAGE, SUPPORTED = "refused", "coverage", "supported"
"""Of a statement."""

_LEVELS = (None, *Confidence)
_REFUSED = frozenset({Verdict.UNSUPPORTED, Verdict.CONTRADICTED, Verdict.NOT_A_CLAIM})
_VERIFIED = frozenset({Verdict.VERBATIM, Verdict.ENTAILED})


def question_values(line: RecordedQuestion) -> Values:
    """Return the values of a question; one without a label has those alone that need none."""
    item, outcome = line.item, line.outcome
    values: dict[str, float] = {
        f"retrieval/{name}": value
        for name, value in (ranking(item, line.passages) if line.error is None else {}).items()
    }
    answer = None if outcome is None else outcome.answer
    abstained = outcome is not None and outcome.result == "abstained"
    values["abstention/failed"] = float(outcome is None or outcome.answered is None)
    if outcome is not None:
        values |= _consumption(outcome)
    if not item.is_labelled or (answer is None and not abstained):
        return values
    if item.is_answerable:
        values["abstention/wrongly_abstained"] = float(answer is None)
    else:
        high = answer is not None and answer.confidence is Confidence.HIGH
        values["abstention/wrongly_answered"] = float(answer is not None)
        if item.labelled_by_outcome:
            return values
        values["confidence/high_on_unanswerable"] = float(high)
        values["answers/squad_exact"] = values["answers/squad_f1"] = float(answer is None)
    if item.expected:
        text = "" if answer is None else answer.text
        values["answers/squad_exact"] = 0.0 if answer is None else texts.exact_match(text, item.expected)
        values["answers/squad_f1"] = 0.0 if answer is None else texts.token_f1(text, item.expected)
    if answer is not None:
        values |= _of_answer(line, answer)
    elif item.expected or not item.is_answerable:
        # An abstention is never kept, whatever the threshold: it counts in the curve's coverage alone.
        values[RANK] = 0.0
    return values


def statement_values(line: RecordedStatement) -> Values:
    """Return the values of a statement."""
    refused, verified = float(line.verdict in _REFUSED), float(line.verdict in _VERIFIED)
    values = {REFUSED: refused, COVERAGE: line.coverage, SUPPORTED: float(line.item.supported)}
    if line.item.supported:
        return values | {"verdicts/false_alarms": refused, "verdicts/verified": verified}
    return values | {"verdicts/false_accepts": 1.0 - refused, "verdicts/wrongly_verified": verified}


def _of_answer(line: RecordedQuestion, answer: RecordedAnswer) -> Values:
    item, values = line.item, dict[str, float]()
    high = float(answer.confidence is Confidence.HIGH)
    right: bool | None = None
    if item.expected:
        right = bool(texts.contains(answer.text, item.expected))
        values["answers/contains"] = float(right)
        values["answers/exact_match"] = texts.exact_match(answer.text, item.expected)
        values["answers/f1"] = texts.token_f1(answer.text, item.expected)
    elif not item.is_answerable:
        right = False
    cites = _cited_passages(line, answer)
    values |= {f"citations/{name}": value for name, value in cited(item, cites).items()}
    if right is not None:
        level = _LEVELS.index(answer.confidence)
        relevance = max((passage.relevance or 0.0 for passage in cites), default=0.0)
        values |= {RIGHT: float(right), LEVEL: float(level), RANK: 1.0 + level + min(max(relevance, 0.0), 0.999)}
        values["confidence/high_on_right" if right else "confidence/high_on_wrong"] = high
    return values


def _cited_passages(line: RecordedQuestion, answer: RecordedAnswer) -> list[RecordedPassage]:
    """Return the passages that an answer cites, each once; one that the search alone did not find by its quote."""
    found = {passage.chunk_id: passage for passage in line.passages}
    return [
        found.get(cite.chunk_id)
        or RecordedPassage(chunk_id=cite.chunk_id, document_id=cite.document_id, text=cite.quote)
        for cite in {each.chunk_id: each for each in answer.citations}.values()
    ]


def _consumption(outcome: RecordedOutcome) -> Values:
    values = {
        "latency/total_ms": outcome.total_ms,
        "cost/tokens": float(sum(each.input_tokens + each.output_tokens for each in outcome.usage)),
    }
    if any(each.currency for each in outcome.usage):
        values["cost/micros"] = float(sum(each.cost_micros for each in outcome.usage))
    return values
