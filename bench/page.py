"""A run as a page."""

import htpy as h
from htpy import Element, Node

from bench.history import Change
from bench.report import Report, ratios_in, said
from bench.verdicts import Row, Verdict
from groundwire_server.cli.bench.figures import median_interval
from groundwire_server.cli.pages import charts
from groundwire_server.cli.pages.page import badge, card, grid, page, section, table
from groundwire_server.cli.pages.scale import number

_STYLES = {Verdict.MET: "good", Verdict.MISSED: "bad", Verdict.WITHIN_NOISE: "near", Verdict.NONE: "plain"}
_CHANGES = {Change.SLOWER: "bad", Change.FASTER: "good"}

_CHARTS = (
    (
        "A unary answer",
        (
            ("empty call, 1 caller", "empty_call_1", "floor"),
            ("empty call, 4 callers", "empty_call_4", "floor dashed"),
            ("answer, 1 caller", "unary_1", "product"),
            ("answer, 4 callers", "unary_4", "product dashed"),
        ),
    ),
    (
        "First text of a stream, and a search alone",
        (
            ("empty stream, 1 caller", "empty_stream_first", "floor"),
            ("search, 1 caller", "search_1", "second"),
            ("stream's first text, 1 caller", "stream_first", "product"),
        ),
    ),
)

_WORDS = {
    "Floor": "a server that returns what it was sent, measured in the same round: nothing that answers is "
    "faster. Ratios to it hold across machines; absolute figures do not.",
    "Round": "every kind of call in turn, floor and product alternately, so that what slows the machine hits both.",
    "Noise": "half the width of the range that the true median lies in, from the order of the rounds' figures, as a "
    "share of the median. Within noise: the promise lies in that range, so it is neither met nor missed.",
    "Closed loop": "each caller sends its next call when its last has come back; four callers are four calls at once.",
    "Slower, faster": "said only when the rounds rank above those of the last runs on such a machine (Mann–Whitney, "
    "1 in 100), the median lies outside all of theirs, and by more than they scatter, 10 % at least.",
}


def html(report: Report) -> str:
    """Return the whole page."""
    counted = {verdict: sum(row.verdict is verdict for row in report.rows) for verdict in Verdict}
    badges = [badge(f"{counted[each]} {each}", _STYLES[each]) for each in Verdict if counted[each]]
    badges += [
        badge(f"{row.name} {change}", _CHANGES[change])
        for row in report.rows
        if (change := report.comparison(row).change) in _CHANGES
    ]
    lead = [
        h.p[f"{report.run.commit}, {report.run.time}, {len(report.rows[0].ratios)} rounds"],
        h.div(".badges")[badges],
    ]
    return page("groundwire, measured", lead, _sections(report), report.machine.labels)


def _sections(report: Report) -> list[Element]:
    parts = [
        section("Targets", _table(report)),
        section(
            "Latency",
            h.div(".wide")[(_distribution(report, *chart) for chart in _CHARTS)],
            note="The share of calls that took no longer than so much; all rounds together, closed loop.",
        ),
        section(
            "Round by round",
            grid(_rounds(report, row) for row in report.rows),
            note="Each measure in blue and its floor in grey, in the same unit from zero.",
        ),
    ]
    if report.earlier:
        parts.append(
            section(
                "History",
                grid(_trend(report, row) for row in report.rows),
                note="Ratios to the floor over the last runs on such a machine, with their ranges; less is better. "
                "The dashed line is what is promised.",
            )
        )
    words = h.dl(".words")[([h.dt[word], h.dd[meaning]] for word, meaning in _WORDS.items())]
    return [*parts, section("What the words mean", words)]


def _table(report: Report) -> Element:
    head = ("target", "figure", "floor", "ratio", "promise", "verdict", *(["since"] if report.earlier else []))
    promised_first = sorted(report.rows, key=lambda row: row.limit is None)
    return table(head, (_cells(report, row)[: len(head)] for row in promised_first))


def _cells(report: Report, row: Row) -> list[Node]:
    unit = row.target.unit
    gauge = None if row.limit is None else charts.gauge(row.promised, row.limit, f"{row.name}: {row.verdict}")
    compared = report.comparison(row)
    change: Node = (
        badge(compared.change, _CHANGES[compared.change])
        if compared.change in _CHANGES
        else ""
        if compared.change is Change.FIRST
        else f"{compared.shift:+.1%}"
    )
    return [
        [h.b[row.name], h.small[row.target.what]],
        h.span(".n")[f"{number(row.figure.middle)} {unit}"],
        h.span(".n")[f"{number(row.floor.middle)} {unit}"],
        h.span(".n")[h.b[f"{number(row.ratio.middle)} ×"], f" ±{row.ratio.noise:.0%}"],
        [h.span(".n")[row.target.promise], gauge],
        badge(row.verdict, _STYLES[row.verdict]) if row.limit is not None else None,
        h.span(title=said(compared))[change],
    ]


def _distribution(report: Report, title: str, named: tuple[tuple[str, str, str], ...]) -> Element:
    curves = [charts.Curve(name, report.latencies[kind], style) for name, kind, style in named]
    return card(title, "", [charts.distribution(curves, "ms", title), charts.percentiles(curves, "ms")])


def _rounds(report: Report, row: Row) -> Element:
    figures, floors = report.run.figures[row.name], report.run.figures[row.target.floor]
    figure = [f"{number(row.figure.middle)} ", h.small[row.target.unit]]
    return card(row.name, figure, charts.rounds(figures, floors, row.target.unit, f"{row.name} in each round"))


def _trend(report: Report, row: Row) -> Element:
    runs = [
        charts.Point(run.commit, median_interval(found)) for run in report.earlier if (found := ratios_in(run, row))
    ]
    runs.append(charts.Point(report.run.commit, row.ratio))
    chart = charts.trend(runs, row.target.at_most_floors, "× floor", f"{row.name} over runs")
    return card(row.name, [f"{number(row.ratio.middle)} ", h.small["× floor"]], chart)
