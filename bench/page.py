"""A run as a page."""

from html import escape

from bench.history import Change
from bench.report import Report, ratios_in, said
from bench.verdicts import Row, Verdict
from groundwire_server.cli.bench import page, svg
from groundwire_server.cli.bench.figures import median_interval
from groundwire_server.cli.bench.scale import number

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
    """The whole page."""
    counted = {verdict: sum(row.verdict is verdict for row in report.rows) for verdict in Verdict}
    badges = [page.badge(f"{counted[each]} {each}", _STYLES[each]) for each in Verdict if counted[each]]
    badges += [
        page.badge(f"{row.name} {change}", _CHANGES[change])
        for row in report.rows
        if (change := report.comparison(row).change) in _CHANGES
    ]
    lead = (
        f"<p>{escape(report.run.commit)}, {escape(report.run.time)}, "
        f'{len(report.rows[0].ratios)} rounds</p><div class="badges">{"".join(badges)}</div>'
    )
    return page.page("groundwire, measured", lead, report.machine, _sections(report))


def _sections(report: Report) -> list[str]:
    parts = [
        page.section("Targets", _table(report)),
        page.section(
            "Latency",
            f'<div class="wide">{"".join(_distribution(report, *chart) for chart in _CHARTS)}</div>',
            note="The share of calls that took no longer than so much; all rounds together, closed loop.",
        ),
        page.section(
            "Round by round",
            page.grid(_rounds(report, row) for row in report.rows),
            note="Each measure in blue and its floor in grey, in the same unit from zero.",
        ),
    ]
    if report.earlier:
        parts.append(
            page.section(
                "History",
                page.grid(_trend(report, row) for row in report.rows),
                note="Ratios to the floor over the last runs on such a machine, with their ranges; less is better. "
                "The dashed line is what is promised.",
            )
        )
    words = "".join(f"<dt>{escape(word)}</dt><dd>{escape(meaning)}</dd>" for word, meaning in _WORDS.items())
    return [*parts, page.section("What the words mean", f'<dl class="words">{words}</dl>')]


def _table(report: Report) -> str:
    head = ("target", "figure", "floor", "ratio", "promise", "verdict", *(["since"] if report.earlier else []))
    promised_first = sorted(report.rows, key=lambda row: row.limit is None)
    return page.table(head, (_cells(report, row)[: len(head)] for row in promised_first))


def _cells(report: Report, row: Row) -> list[str]:
    unit = escape(row.target.unit)
    gauge = "" if row.limit is None else svg.gauge(row.promised, row.limit, f"{row.name}: {row.verdict}")
    compared = report.comparison(row)
    change = (
        page.badge(compared.change, _CHANGES[compared.change])
        if compared.change in _CHANGES
        else escape("" if compared.change is Change.FIRST else f"{compared.shift:+.1%}")
    )
    return [
        f"<b>{escape(row.name)}</b><small>{escape(row.target.what)}</small>",
        f'<span class="n">{number(row.figure.middle)} {unit}</span>',
        f'<span class="n">{number(row.floor.middle)} {unit}</span>',
        f'<span class="n"><b>{number(row.ratio.middle)} ×</b> ±{row.ratio.noise:.0%}</span>',
        f'<span class="n">{escape(row.target.promise)}</span>{gauge}',
        page.badge(row.verdict, _STYLES[row.verdict]) if row.limit is not None else "",
        f'<span title="{escape(said(compared))}">{change}</span>',
    ]


def _distribution(report: Report, title: str, named: tuple[tuple[str, str, str], ...]) -> str:
    curves = [svg.Curve(name, report.latencies[kind], style) for name, kind, style in named]
    return page.card(title, "", svg.distribution(curves, "ms", title) + svg.legend(curves, "ms"))


def _rounds(report: Report, row: Row) -> str:
    figures, floors = report.run.figures[row.name], report.run.figures[row.target.floor]
    figure = f"{number(row.figure.middle)} <small>{escape(row.target.unit)}</small>"
    return page.card(row.name, figure, svg.rounds(figures, floors, row.target.unit, f"{row.name} in each round"))


def _trend(report: Report, row: Row) -> str:
    points = [svg.Point(run.commit, median_interval(found)) for run in report.earlier if (found := ratios_in(run, row))]
    points.append(svg.Point(report.run.commit, row.ratio))
    chart = svg.trend(points, row.target.at_most_floors, "× floor", f"{row.name} over runs")
    return page.card(row.name, f"{number(row.ratio.middle)} <small>× floor</small>", chart)
