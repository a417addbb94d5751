"""Results for a terminal, one fact a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from groundwire_server.cli.console import one_line
from groundwire_server.evaluation.comparison import Comparison
from groundwire_server.evaluation.gates import GateResult
from groundwire_server.evaluation.measures.catalog import MEASURES, Measure
from groundwire_server.evaluation.result import EvaluationResult, Facts
from groundwire_server.evaluation.wrong import WrongItem

_PLAIN = frozenset({"latency", "cost"})
"""Groups whose figures are amounts; all others are between 0 and 1."""


def result_lines(result: EvaluationResult) -> Iterator[str]:
    """Yield a result: every measure over all items, the error rates by kind, the times of stages."""
    yield subject_line(result)
    yield from (f"  {line}" for line in label_lines(result))
    for group in dict.fromkeys(measure.group for measure in MEASURES):
        shown = [
            (measure, result.measures[group][measure.name])
            for measure in MEASURES
            if measure.group == group and measure.name in result.measures.get(group, {})
        ]
        if shown:
            yield ""
            yield group
            yield from (f"  {measure.name:30}{figure_text(measure, figure)}" for measure, figure in shown)
    yield from _kinds(result.measures)
    yield from _guards(result.measures)
    yield from _stages(result.measures)
    if result.slices:
        yield ""
        yield f"slices: {one_line(', '.join(result.slices))}"


def subject_line(result: EvaluationResult) -> str:
    """Return what was evaluated, and on what."""
    items = {name: result.measures["items"][name] for name in ("questions", "statements", "texts")}
    counts = [f"{count:,} {name if count != 1 else name[:-1]}" for name, count in items.items() if count]
    subjects = [
        f"{subject.where}{f' {one_line(subject.name)}' if subject.name else ''}, route {one_line(subject.route)}"
        for subject in result.subjects
    ]
    return f"{' and '.join(counts)}: {'; '.join(subjects)}"


def label_lines(result: EvaluationResult) -> Iterator[str]:
    """Yield what there is to know of questions that nobody has labelled, as those of recorded calls are."""
    items = result.measures["items"]
    compared = items.get("labelled_by_outcome", 0)
    if count := items.get("unlabelled", 0):
        yield f"{count:,} without a label, as recorded calls are: in no measure that compares with one"
        if not compared:
            yield "--again asks them again, and compares with their recorded outcomes"
    if compared:
        yield f"{compared:,} compared with their recorded outcomes: whether they were answered then"


def figure_text(measure: Measure, figure: Mapping[str, Any]) -> str:
    """Return a figure with its interval and its number of items."""
    value, low, high = figure["value"], figure["low"], figure["high"]
    if measure.group in _PLAIN:
        return f"{value:>10,.1f}  ({low:,.1f} to {high:,.1f}) of {figure['count']:,}"
    between = "" if low is None else f"  ({low:.1%} to {high:.1%})"
    return f"{value:>10.1%}{between} of {figure['count']:,}"


def wrong_lines(items: Iterable[WrongItem], most: int) -> Iterator[str]:
    """Yield up to so many of the items of each group that went wrong."""
    for group, members in groupby(items, key=lambda item: item.group):
        listed = list(members)
        yield ""
        yield f"{one_line(group)}: {len(listed):,}"
        for item in listed[:most]:
            yield f"  {one_line(item.text)}"
            yield f"    {one_line(item.got)}"
            if item.expected:
                yield f"    expected: {one_line(item.expected)}"


def gate_lines(judged: Sequence[GateResult]) -> Iterator[str]:
    """Yield each threshold with what was measured."""
    if judged:
        yield "thresholds"
    for each in judged:
        value = "not measured" if each.value is None else f"{each.value:.4g}"
        yield f"  {'met' if each.met else 'MISSED':8}{one_line(each.gate.said)}: {value}"


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Yield a comparison: every measure before and after, the change with its interval, and what it means."""
    yield f"{comparison.common:,} items in both"
    if comparison.only_before or comparison.only_after:
        yield f"left out: {comparison.only_before:,} only in the first, {comparison.only_after:,} only in the second"
    yield ""
    yield f"{'':37}{'before':>9}{'after':>9}  change (95 % interval)"
    for each in comparison.differences:
        scale, form = (1.0, ".1f") if each.measure.group in _PLAIN else (100.0, ".1f")
        before, after, change = (format(value * scale, form) for value in (each.before, each.after, each.change))
        sign = "+" if each.change > 0 else ""
        interval = (
            "" if each.low is None or each.high is None else f" ({each.low * scale:+.1f} to {each.high * scale:+.1f})"
        )
        mark = "" if each.verdict == "within noise" else f" {each.verdict}"
        yield f"  {each.measure.path:35}{before:>9}{after:>9}  {sign}{change}{interval}{mark}"
    yield ""
    yield "shares in percent; a change without a word is within noise"


def _kinds(measures: Facts) -> Iterator[str]:
    rows = measures.get("verdicts", {}).get("by_kind", ())
    if rows:
        yield ""
        yield "statements by kind                                       refused   95 %        of"
    for row in rows:
        refused = row["refused"]
        label = f"{'supported' if row['supported'] else 'unsupported'}: {one_line(row['kind'])}"
        between = f"{refused['low']:.0%} to {refused['high']:.0%}"
        yield f"  {_cut(label, 54):54}{refused['value']:>7.1%}   {between:13}{refused['count']:>3}"


def _guards(measures: Facts) -> Iterator[str]:
    found = measures.get("guards", {})
    if not found:
        return
    for name, row_label in (("by_category", _guard_label), ("by_language", _language_label)):
        rows = [(row_label(row), row) for row in found[name] if _tells(row)]
        if rows:
            yield ""
            yield f"{'guards ' + name.replace('_', ' '):46}{'missed':<28}false alarms"
        for label, row in rows:
            yield f"  {_cut(label, 42):44}{_rate(row['missed']):28}{_rate(row['false_alarms'])}".rstrip()
    if found["confusions"]:
        yield ""
        yield f"{'labelled':32}{'found':26}texts"
    for row in found["confusions"]:
        labelled, other = row["labelled"] or "ordinary", row["found"] or "nothing"
        label = _cut(f"{row['screen']}: {one_line(labelled)}", 28)
        yield f"  {label:30}{_cut(one_line(other), 24):26}{row['texts']:>5,}"


def _tells(row: Facts) -> bool:
    """Return whether a row has more than that a category was found in no ordinary text."""
    return bool(row["missed"]["count"] or row["false_alarms"]["value"] or "language" in row)


def _guard_label(row: Facts) -> str:
    return f"{row['screen']}, {one_line(row['guard'])}: {one_line(row['category'])}"


def _language_label(row: Facts) -> str:
    return f"{row['screen']}: {one_line(row['language'] or 'no language given')}"


def _rate(figure: Facts) -> str:
    if figure["value"] is None:
        return "–"
    return f"{figure['value']:>6.1%}  {figure['low']:.0%} to {figure['high']:.0%} of {figure['count']:,}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _stages(measures: Facts) -> Iterator[str]:
    stages = measures.get("latency", {}).get("stages", {})
    if stages:
        yield ""
        yield f"{'milliseconds':32}{'p50':>9}{'p95':>9}{'p99':>9}"
    for name, taken in stages.items():
        yield f"  {name:30}{taken['p50']:>9,.1f}{taken['p95']:>9,.1f}{taken['p99']:>9,.1f}"
