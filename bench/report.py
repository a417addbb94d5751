"""A run as lines and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.history import Change, Comparison, Run, compare
from bench.targets import Floor
from bench.verdicts import Figures, Row, ratios
from groundwire_server.cli.bench.figures import Interval, median_interval
from groundwire_server.cli.bench.latencies import percentiles
from groundwire_server.cli.bench.machine import Machine
from groundwire_server.cli.pages.scale import number


@dataclass(frozen=True, slots=True)
class Report:
    """A run, judged and compared.

    Attributes:
        run: as it is kept.
        machine: what it was measured on.
        floors: what the floors are.
        rows: every target.
        latencies: milliseconds of all calls of a kind.
        earlier: the runs it is compared with, the oldest first.
    """

    run: Run
    machine: Machine
    floors: Mapping[str, Floor]
    rows: Sequence[Row]
    latencies: Figures
    earlier: Sequence[Run]

    def comparison(self, row: Row) -> Comparison:
        """How a row's ratio differs from the earlier runs that measured it."""
        return compare(row.ratios, [found for run in self.earlier if (found := ratios_in(run, row))])


def ratios_in(run: Run, row: Row) -> list[float]:
    """The ratios of a row's measure in another run; none where it was not measured then."""
    figures, floors = run.figures.get(row.name, ()), run.figures.get(row.target.floor, ())
    return ratios(row.target, figures, floors) if len(figures) == len(floors) else []


def lines(report: Report) -> Iterator[str]:
    """Every floor, then every target with its floor, ratio, noise, verdict and what became of it."""
    yield f"{report.run.commit} on {report.machine.kind}, {_rounds(report)} rounds"
    yield ""
    for name, floor in report.floors.items():
        yield f"{name:24}{_figure(median_interval(report.run.figures[name]), floor.unit)}   floor: {floor.what}"
    for row in report.rows:
        yield ""
        promise = f"   {row.target.promise}: {row.verdict.upper()}" if row.target.promise else ""
        floors = f"{number(row.ratio.middle):>7} × floor ±{row.ratio.noise:.0%}"
        yield f"{row.name:24}{_figure(row.figure, row.target.unit)}{floors}{promise}"
        yield f"{'':24}{row.target.what}"
        if (compared := said(report.comparison(row))) != "":
            yield f"{'':24}{compared}"


def said(comparison: Comparison) -> str:
    """A comparison in words; nothing when there is none."""
    if comparison.change is Change.FIRST:
        return ""
    runs = f"{comparison.runs} earlier run{'' if comparison.runs == 1 else 's'}"
    return f"{comparison.change}: {comparison.shift:+.1%} to {runs}"


def facts(report: Report) -> dict[str, object]:
    """All of it for JSON."""
    return {
        "time": report.run.time,
        "commit": report.run.commit,
        "machine": report.machine.facts(),
        "targets": {row.name: _facts(row, report.comparison(row)) for row in report.rows},
        "floors": {name: {"unit": floor.unit, "what": floor.what} for name, floor in report.floors.items()},
        "figures": report.run.figures,
        "latencies_ms": {name: percentiles(values) for name, values in report.latencies.items()},
    }


def _facts(row: Row, comparison: Comparison) -> dict[str, object]:
    return {
        "what": row.target.what,
        "unit": row.target.unit,
        "figure": row.figure.middle,
        "floor": row.floor.middle,
        "ratio": row.ratio.middle,
        "noise": row.ratio.noise,
        "promise": row.target.promise,
        "verdict": row.verdict.value,
        "compared": {"change": comparison.change.value, "shift": comparison.shift, "runs": comparison.runs},
    }


def _rounds(report: Report) -> int:
    return max(len(row.ratios) for row in report.rows)


def _figure(value: Interval, unit: str) -> str:
    return f"{number(value.middle):>9} {unit:9}"
