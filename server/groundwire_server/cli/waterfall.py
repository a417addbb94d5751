"""Draws how long each stage of an answer took: one row a stage, with its time and its time limit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from groundwire.v1.cause_pb2 import Cause
from groundwire.v1.report_pb2 import Report, Stage, StageTiming
from groundwire_server.cli.words import word

_NARROWEST_BAR = 6
_WIDEST_BAR = 60


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    start: float
    duration: float
    budget: float
    failure: str


def waterfall(report: Report, width: int, *, ascii_only: bool = False) -> Iterator[Text]:
    """Yield the lines of the chart.

    Args:
        report: the outcome's report.
        width: in columns.
        ascii_only: draw with ASCII characters alone.
    """
    total = report.total.ToNanoseconds() / 1e9
    first = report.time_to_first_token.ToNanoseconds() / 1e9
    began = f", first token after {_time(first)}" if report.HasField("time_to_first_token") else ""
    yield Text(f"{_time(total)} in total{began}", style="bold")
    if report.trace_id:
        yield Text(f"trace {report.trace_id}"[:width], style="dim")
    rows = [_row(stage, report.stages) for stage in report.stages]
    if not rows:
        yield Text("no stage ran", style="dim")
        return
    end = max(total, *(row.start + row.duration for row in rows))
    labels = max(cell_len(row.label) for row in rows)
    times = max(len(_time(row.duration)) for row in rows)
    budgets = max(len(_time(row.budget)) for row in rows)
    bar = min(max(width - labels - times - budgets - 6, _NARROWEST_BAR), _WIDEST_BAR)
    for row in rows:
        yield _line(row, end, (labels, bar, times, budgets), ascii_only)
        if row.failure:
            mark = "!" if ascii_only else "✗"
            yield Text(f"{'':{labels}} {mark} {row.failure}", style="red")


def _row(timing: StageTiming, stages: Sequence[StageTiming]) -> _Row:
    label = word(Stage, timing.stage).lower()
    if timing.attempt > 1 or any(other.attempt > 1 for other in stages if other.stage == timing.stage):
        label += f" {timing.attempt}"
    return _Row(
        label=label,
        start=timing.start.ToNanoseconds() / 1e9,
        duration=timing.duration.ToNanoseconds() / 1e9,
        budget=timing.budget.ToNanoseconds() / 1e9,
        failure=word(Cause, timing.cause) if timing.cause else "",
    )


def _line(row: _Row, end: float, columns: tuple[int, int, int, int], ascii_only: bool) -> Text:
    labels, width, times, budgets = columns
    first, cells = _place(row, end, width)
    full, thin = ("#", ".") if ascii_only else ("█", "▏")
    # A stage that took less than half a cell is drawn as a thin line: visible, and not too long.
    drawn = thin if row.duration < end / width / 2 else full * cells
    line = Text(f"{row.label:{labels}} ")
    line.append(" " * first)
    line.append(drawn, style="red" if row.failure else "green")
    line.append(" " * (width - first - cells))
    line.append(f" {_time(row.duration):>{times}}")
    line.append(f" of {_time(row.budget):>{budgets}}", style="dim")
    return line


def _place(row: _Row, end: float, width: int) -> tuple[int, int]:
    """Return the first cell of a bar and its length, at least one cell and within the width."""
    if end <= 0:
        return 0, 1
    first = min(round(row.start / end * width), width - 1)
    last = min(round((row.start + row.duration) / end * width), width)
    return first, max(last - first, 1)


def _time(seconds: float) -> str:
    """Return a time in a unit that suits it."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s"
