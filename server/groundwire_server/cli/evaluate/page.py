"""The page of an evaluation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import htpy as h
from htpy import Element

from groundwire_server.cli.evaluate.lines import figure_text, label_lines, subject_line
from groundwire_server.cli.pages import rates
from groundwire_server.cli.pages.page import badge, page, section, table
from groundwire_server.cli.pages.scale import number
from groundwire_server.evaluation.measures.catalog import MEASURES
from groundwire_server.evaluation.result import EvaluationResult, Facts

_RISK = (
    "From the answers that rank highest, by confidence and then by the relevance of what they cite, to all of them: "
    "how many of the questions keep an answer, and how many of these answers are wrong. Lower is better."
)
_WORDS = "How many answers of each word of confidence are right, with 95 % intervals."
_RELEVANCE = (
    "Questions by the relevance of the best passage that the search found: how many of them the documents answer. "
    "On the line, relevance would be a probability."
)
_KINDS = (
    "The checker refuses a statement with the verdict UNSUPPORTED or CONTRADICTED, and verifies one with VERBATIM or "
    "ENTAILED. A supported statement should not be refused, and an unsupported one should be, and never verified. "
    "Intervals are Wilson's, at 95 %."
)
_GUARDS = (
    "What is missed counts among the texts that are labelled with the category, false alarms among ordinary ones, and "
    "what is found elsewhere among those that are labelled with other categories alone. Intervals are Wilson's, at "
    "95 %."
)
_CONFUSIONS = "Categories that were missed, or found in ordinary texts, with what was found in their place."
_STAGES = "The dot is the median, the tick the 95th percentile, the line ends at the 99th. All rows have one axis."


def html(result: EvaluationResult, first: Iterable[Element] = ()) -> str:
    """Return the whole page.

    Args:
        result: what was found.
        first: sections to put before all others.
    """
    measures = result.measures
    parts = [
        *first,
        section("Measures", _measures(measures)),
        *_questions(measures),
        *_verdicts(measures),
        *_guards(measures),
        *_times(measures),
        *_costs(measures),
    ]
    if result.slices:
        parts.append(section("By slice", _slices(result)))
    facts = {each.name: f"{each.items:,} items, SHA-256 {each.sha256[:12]}" for each in result.inputs}
    versions = ", ".join(dict.fromkeys(f"groundwire {subject.version}" for subject in result.subjects))
    lead = [h.p[f"{subject_line(result)}, {versions}."], *(h.p[f"{line}."] for line in label_lines(result))]
    return page("groundwire evaluation", lead, parts, facts)


def _measures(measures: Facts) -> Element:
    rows = [
        ([h.b[measure.path], h.small[measure.about]], h.span(".n")[figure_text(measure, figure)])
        for measure in MEASURES
        if (figure := measures.get(measure.group, {}).get(measure.name)) is not None
    ]
    return table(("measure", "value (95 % interval)"), rows)


def _questions(measures: Facts) -> Iterator[Element]:
    curve = measures.get("abstention", {}).get("risk_coverage", ())
    if curve:
        label = f"Risk over coverage, ending at {curve[-1][1]:.1%} wrong of {curve[-1][0]:.1%} answered"
        chart = rates.curve([(share, risk) for share, risk in curve], "questions answered", "answers wrong", label)
        yield section("Risk and coverage", h.figure[chart], note=_RISK)
    words = measures.get("confidence", {}).get("by_word", ())
    if words:
        yield section("Confidence", _words(words), note=_WORDS)
    bins = measures.get("confidence", {}).get("by_relevance", ())
    if bins:
        points = [
            rates.RatePoint(
                f"{row['answerable']['count']:,} questions, relevance {row['from']:.1f} to {row['to']:.1f}",
                row["mean_relevance"],
                *(row["answerable"][name] for name in ("value", "low", "high")),
            )
            for row in bins
        ]
        label = "Share of answerable questions by the relevance of the best passage"
        chart = rates.calibration(points, "relevance of the best passage", "questions that the documents answer", label)
        yield section("Calibration of relevance", h.figure[chart], note=_RELEVANCE)
    results = measures.get("outcomes", {})
    if results:
        rows = [
            (kind, badge(name, "bad" if kind == "error" else "plain"), f"{count:,}")
            for kind, counts in (
                ("outcome", results["results"]),
                ("cause", results["causes"]),
                ("error", results["errors"]),
            )
            for name, count in counts.items()
        ]
        yield section("How the questions ended", table(("", "name", "questions"), rows))


def _words(words: Sequence[Mapping[str, Any]]) -> Element:
    return table(
        ("confidence", "answers", "right", "95 % interval"),
        (
            (
                row["confidence"] or "none given",
                f"{row['right']['count']:,}",
                f"{row['right']['value']:.1%}",
                _bar(row["right"]),
            )
            for row in words
        ),
    )


def _verdicts(measures: Facts) -> Iterator[Element]:
    rows = measures.get("verdicts", {}).get("by_kind", ())
    if rows:
        yield section(
            "Verdicts by kind of statement",
            table(
                ("label", "kind", "statements", "refused", "95 % interval", "verified"),
                (
                    (
                        badge("supported", "good") if row["supported"] else badge("unsupported", "plain"),
                        row["kind"],
                        f"{row['refused']['count']:,}",
                        f"{row['refused']['value']:.1%}",
                        _bar(row["refused"], "product" if row["supported"] else "second"),
                        f"{row['verified']['value']:.1%}",
                    )
                    for row in rows
                ),
            ),
            note=_KINDS,
        )


def _guards(measures: Facts) -> Iterator[Element]:
    found = measures.get("guards", {})
    if not found:
        return
    names = ("missed", "false_alarms", "elsewhere")
    rates_of = (
        (row["screen"], f"{row['guard']} {row['version']}", row["category"], *(_rate(row[name]) for name in names))
        for row in found["by_category"]
    )
    head = ("screen", "guard", "category", "missed", "false alarms", "found elsewhere")
    yield section("Guards by category", table(head, rates_of), note=_GUARDS)
    languages = (
        (row["screen"], row["language"] or "none given", _rate(row["missed"]), _rate(row["false_alarms"]))
        for row in found["by_language"]
    )
    yield section("Guards by language", table(("screen", "language", "missed", "false alarms"), languages))
    if found["confusions"]:
        pairs = (
            (row["screen"], row["labelled"] or "ordinary", row["found"] or "nothing", f"{row['texts']:,}")
            for row in found["confusions"]
        )
        found_as = table(("screen", "labelled", "found", "texts"), pairs)
        yield section("What guards found in place of what", found_as, note=_CONFUSIONS)


def _rate(figure: Mapping[str, Any]) -> Element | str:
    if figure["value"] is None:
        return "–"
    return h.div[f"{figure['value']:.1%} of {figure['count']:,}", _bar(figure, "second")]


def _times(measures: Facts) -> Iterator[Element]:
    stages = measures.get("latency", {}).get("stages", {})
    if stages:
        longest = max(taken["p99"] for taken in stages.values())
        rows = (
            (
                name,
                f"{taken['count']:,}",
                *(number(taken[share]) for share in ("p50", "p95", "p99")),
                rates.times_row(
                    taken["p50"], taken["p95"], taken["p99"], longest, f"{name}: median {number(taken['p50'])} ms"
                ),
            )
            for name, taken in stages.items()
        )
        head = ("stage", "questions", "p50, ms", "p95, ms", "p99, ms", "")
        yield section("Time by stage", table(head, rows), note=_STAGES)


def _costs(measures: Facts) -> Iterator[Element]:
    used = measures.get("cost", {}).get("by_purpose", ())
    if used:
        rows = (
            (
                row["purpose"],
                row["model"],
                f"{row['questions']:,}",
                f"{row['tokens']['p50']:,.0f}",
                f"{row['tokens']['p95']:,.0f}",
                f"{row['tokens']['sum']:,}",
                f"{row['cost_micros']['sum'] / 1e6:,.4f} {row['currency']}" if row["currency"] else "no price set",
            )
            for row in used
        )
        head = ("purpose", "model", "questions", "tokens, p50", "tokens, p95", "tokens in all", "cost in all")
        yield section("Consumption by purpose", table(head, rows))


def _slices(result: EvaluationResult) -> Element:
    shown = [
        measure
        for measure in MEASURES
        if any(measure.name in facts.get(measure.group, {}) for facts in result.slices.values())
    ]
    head = ("slice", "items", *(measure.path for measure in shown))
    return table(head, ((label, *_slice(facts, shown)) for label, facts in result.slices.items()))


def _slice(facts: Facts, shown: Sequence[Any]) -> Iterator[str]:
    yield f"{sum(facts['items'][name] for name in ('questions', 'statements', 'texts')):,}"
    for measure in shown:
        figure = facts.get(measure.group, {}).get(measure.name)
        amount = measure.group in {"latency", "cost"}
        yield "–" if figure is None else number(figure["value"]) if amount else f"{figure['value']:.1%}"


def _bar(figure: Mapping[str, Any], style: str = "product") -> Element:
    value, low, high = figure["value"], figure["low"], figure["high"]
    return rates.share_row(value, low, high, style, f"{value:.1%}, between {low:.1%} and {high:.1%}")
