"""Draws where the time of an answer went: one row a stage or call, with its time and its time limit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.report_pb2 import Report, Stage, StageTiming
from groundwire_server.cli.words import word

_NARROWEST_BAR = 6
_WIDEST_BAR = 60
_WIDEST_LABELS = 0.4
"""The share of the width that labels may take; the names of spans have no limit of their own."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row; times in seconds, `start` from the beginning of the chart.

    Attributes:
        budget: how long it was allowed to take; None where nothing limited it.
        failure: why it failed; empty when it did not.
        notes: what else happened in it, one line each.
        depth: of its label's indentation.
    """

    label: str
    start: float
    duration: float
    budget: float | None = None
    failure: str = ""
    notes: tuple[str, ...] = ()
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """An answer's time; in seconds.

    Attributes:
        first_token: from the beginning to the model's first token; None when there was none.
        trace_id: of the trace; empty when it is not known.
    """

    total: float
    first_token: float | None
    trace_id: str
    bars: Sequence[Bar]


def chart_of(report: Report) -> Chart:
    """Return the chart of an outcome's report."""
    return Chart(
        total=report.total.ToNanoseconds() / 1e9,
        first_token=report.time_to_first_token.ToNanoseconds() / 1e9
        if report.HasField("time_to_first_token")
        else None,
        trace_id=report.trace_id,
        bars=[_bar(stage, report.stages) for stage in report.stages],
    )


def waterfall(chart: Chart, width: int, *, ascii_only: bool = False) -> Iterator[Text]:
    """Yield the lines of a chart.

    Args:
        chart: to draw.
        width: in columns.
        ascii_only: draw with ASCII characters alone.
    """
    began = "" if chart.first_token is None else f", first token after {time_text(chart.first_token)}"
    yield Text(f"{time_text(chart.total)} in total{began}", style="bold")
    if chart.trace_id:
        yield Text(f"trace {chart.trace_id}"[:width], style="dim")
    bars = chart.bars
    if not bars:
        yield Text("no stage ran", style="dim")
        return
    end = max(chart.total, *(bar.start + bar.duration for bar in bars))
    labels = max(cell_len(_label(bar)) for bar in bars)
    if any(bar.depth for bar in bars):
        labels = min(labels, int(width * _WIDEST_LABELS))
    times = max(len(time_text(bar.duration)) for bar in bars)
    budgets = max(len(_budget(bar)) for bar in bars)
    bar_width = min(max(width - labels - times - budgets - 6, _NARROWEST_BAR), _WIDEST_BAR)
    for bar in bars:
        yield _line(bar, end, (labels, bar_width, times, budgets), ascii_only)
        yield from _below(bar, labels, width, ascii_only)


def time_text(seconds: float) -> str:
    """Return a time in a unit that suits it."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s"


def _bar(timing: StageTiming, stages: Sequence[StageTiming]) -> Bar:
    label = word(Stage, timing.stage).lower()
    if timing.attempt > 1 or any(other.attempt > 1 for other in stages if other.stage == timing.stage):
        label += f" {timing.attempt}"
    return Bar(
        label=label,
        start=timing.start.ToNanoseconds() / 1e9,
        duration=timing.duration.ToNanoseconds() / 1e9,
        budget=timing.budget.ToNanoseconds() / 1e9,
        failure=word(Cause, timing.cause) if timing.cause else "",
    )


def _line(bar: Bar, end: float, columns: tuple[int, int, int, int], ascii_only: bool) -> Text:
    labels, width, times, budgets = columns
    first, cells = _place(bar, end, width)
    full, thin = ("#", ".") if ascii_only else ("█", "▏")
    # What took less than half a cell is drawn as a thin line: visible, and not too long.
    drawn = thin if bar.duration < end / width / 2 else full * cells
    label = _label(bar)
    if cell_len(label) > labels:
        label = set_cell_size(label, labels - 1) + ("~" if ascii_only else "…")
    line = Text(f"{set_cell_size(label, labels)} ")
    line.append(" " * first)
    line.append(drawn, style="red" if bar.failure else "blue" if bar.depth else "green")
    line.append(" " * (width - first - cells))
    line.append(f" {time_text(bar.duration):>{times}}")
    if bar.budget is not None:
        line.append(f" of {_budget(bar):>{budgets}}", style="dim")
    return line


def _below(bar: Bar, labels: int, width: int, ascii_only: bool) -> Iterator[Text]:
    """Yield the lines under a bar: its notes and its failure, further to the left where they would not fit."""
    dot, cross = ("-", "!") if ascii_only else ("·", "✗")
    lines = [(f"{dot} {note}", "yellow") for note in bar.notes]
    if bar.failure:
        lines.append((f"{cross} {bar.failure}", "red"))
    widest = max((cell_len(text) for text, _ in lines), default=0)
    indent = " " * max(min(labels + 1, width - widest), 0)
    for text, style in lines:
        yield Text(indent + text, style=style)


def _label(bar: Bar) -> str:
    return "  " * bar.depth + bar.label


def _budget(bar: Bar) -> str:
    return "" if bar.budget is None else time_text(bar.budget)


def _place(bar: Bar, end: float, width: int) -> tuple[int, int]:
    """Return the first cell of a bar and its length, at least one cell and within the width."""
    if end <= 0:
        return 0, 1
    first = min(round(bar.start / end * width), width - 1)
    last = min(round((bar.start + bar.duration) / end * width), width)
    return first, max(last - first, 1)
