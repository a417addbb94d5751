"""Measures that are tables: error rates by kind of statement, calibration, times and consumption."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from groundwire_server.domain.vocabulary import Confidence
from groundwire_server.evaluation.measures.intervals import rounded, share
from groundwire_server.evaluation.measures.values import LEVEL, REFUSED, RIGHT, Values, statement_values
from groundwire_server.evaluation.recording import RecordedQuestion, RecordedStatement

_PERCENTILES = (0.5, 0.95, 0.99)
_BINS = 10


def by_kind(statements: Sequence[RecordedStatement]) -> list[dict[str, object]]:
    """Return for each kind of statement how many are refused and how many verified, the supported kinds first."""
    groups: dict[tuple[bool, str], list[RecordedStatement]] = defaultdict(list)
    for line in statements:
        groups[not line.item.supported, line.item.kind].append(line)
    return [
        {
            "kind": kind,
            "supported": not unsupported,
            "refused": share([statement_values(line)[REFUSED] for line in lines]).facts(),
            "verified": share(
                [sum(statement_values(line).get(f"verdicts/{name}", 0.0) for name in _VERIFIED) for line in lines]
            ).facts(),
            "conflicts": _conflicts(lines),
        }
        for (unsupported, kind), lines in sorted(groups.items())
    ]


_VERIFIED = ("verified", "wrongly_verified")


def confidence_calibration(items: Sequence[Values]) -> list[dict[str, object]]:
    """Return for each word of confidence how many answers that have it are right."""
    levels = (None, *Confidence)
    rows = []
    for level, word in enumerate(levels):
        right = [item[RIGHT] for item in items if item.get(LEVEL) == level]
        if right:
            rows.append({"confidence": None if word is None else word.value, "right": share(right).facts()})
    return rows


def relevance_calibration(questions: Sequence[RecordedQuestion]) -> list[dict[str, object]]:
    """Return, for steps of the best passage's relevance, how many questions the documents answer."""
    bins: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for line in questions:
        if line.error is None and line.item.is_labelled:
            best = max((passage.relevance or 0.0 for passage in line.passages), default=0.0)
            bins[min(int(best * _BINS), _BINS - 1)].append((best, float(line.item.is_answerable)))
    return [
        {
            "from": place / _BINS,
            "to": (place + 1) / _BINS,
            "mean_relevance": rounded(sum(best for best, _ in pairs) / len(pairs)),
            "answerable": share([answerable for _, answerable in pairs]).facts(),
        }
        for place, pairs in sorted(bins.items())
    ]


def times(questions: Sequence[RecordedQuestion]) -> Mapping[str, Mapping[str, float | int]]:
    """Return percentiles of the times, in milliseconds: of each stage, until the first token, and in all."""
    stages: dict[str, list[float]] = defaultdict(list)
    for line in questions:
        if line.outcome is None:
            continue
        own: dict[str, float] = defaultdict(float)
        for run in line.outcome.stages:
            own[run.stage.value] += run.duration_ms
        for name, taken in own.items():
            stages[name].append(taken)
        if line.outcome.first_token_ms is not None:
            stages["first token"].append(line.outcome.first_token_ms)
        stages["total"].append(line.outcome.total_ms)
    return {name: {**_percentiles(taken), "count": len(taken)} for name, taken in stages.items()}


def consumption(questions: Sequence[RecordedQuestion]) -> list[dict[str, object]]:
    """Return what was consumed by purpose and model: calls, tokens and money, in all and in percentiles."""
    groups: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    for line in questions:
        for used in () if line.outcome is None else line.outcome.usage:
            tokens = used.input_tokens + used.output_tokens
            groups[used.purpose.value, used.model, used.currency].append((tokens, used.cost_micros))
    return [
        {
            "purpose": purpose,
            "model": model,
            "currency": currency or None,
            "questions": len(used),
            "tokens": {**_percentiles([tokens for tokens, _ in used]), "sum": sum(tokens for tokens, _ in used)},
            "cost_micros": {**_percentiles([cost for _, cost in used]), "sum": sum(cost for _, cost in used)},
        }
        for (purpose, model, currency), used in sorted(groups.items())
    ]


def counted(words: Iterable[str]) -> dict[str, int]:
    """Return how often each word occurs, the most frequent first."""
    counts: dict[str, int] = defaultdict(int)
    for word in words:
        counts[word] += 1
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _conflicts(lines: Iterable[RecordedStatement]) -> dict[str, int]:
    return counted(kind for line in lines for kind in sorted({conflict.kind.value for conflict in line.conflicts}))


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    ranked = sorted(values)
    return {
        f"p{share * 100:.0f}": round(float(ranked[max(ceil(share * len(ranked)), 1) - 1]), 3) for share in _PERCENTILES
    }
