"""Printing a readout: a table of each arm beside the control, and what it says in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.experiments.export import lines
from groundwire_server.cli.experiments.figures import (
    NAMES,
    UNITS,
    difference_of,
    figure,
    happened,
    interval_of,
    percent_of,
)
from groundwire_server.cli.experiments.results import ShownExperiment
from groundwire_server.cli.experiments.sentences import cautions, sentences
from groundwire_server.domain.experiments.readout import ArmReadout, Readout

_GAP: Final = 2

_LEFT_OUT: Final = (5, 3, 6)
"""Columns that a narrow terminal leaves out, in this order: the relative difference, the interval of the arm alone, and
the units that are needed, which a sentence names for one metric."""

_NOTHING: Final = ("", "", "", "")
"""The cells of a row that compares nothing."""


def print_readout(shown: ShownExperiment, found: Readout) -> None:
    """Print tables and sentences on a terminal; elsewhere the values between tabs, and the sentences to the side."""
    console = Terminal()
    if console.is_terminal:
        console.print(Text(heading(shown), style="bold"))
        rows = [_rows(shown, found, arm) for arm in found.arms[1:] or found.arms]
        columns = _fitting(rows, console.width)
        for each in rows:
            console.print()
            console.print(_table(each, columns))
        if missing := [head for place, head in enumerate(rows[0][0].cells) if place not in columns]:
            said = f"This terminal is too narrow for: {', '.join(missing)}. --csv and --html have all."
            console.print()
            console.hang(Text(), Text(said, style="dim"))
        console.print()
        lead = console
    else:
        for line in lines(found):
            print("\t".join(line))
        lead = Terminal(stderr=True)
    for sentence in (*sentences(shown, found), *cautions(shown, found)):
        lead.hang(Text(), Text(one_line(sentence)))


def heading(shown: ShownExperiment) -> str:
    """Return what the experiment is, in a line."""
    experiment = shown.experiment
    return (
        f"{experiment.name} on {experiment.route}: {shown.state}, "
        f"{shown.traffic:g} % of {UNITS[experiment.unit]}, counted until {shown.counted:%Y-%m-%d %H:%M:%S} UTC"
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of a row of the table; a row whose difference is certain stands out."""

    cells: Sequence[str]
    certain: bool = False


def _rows(shown: ShownExperiment, found: Readout, arm: ArmReadout) -> Sequence[_Row]:
    """Return the rows of an arm beside the control, the heads of the columns first."""
    units, control = UNITS[shown.experiment.unit], found.arms[0]
    heads = (control.arm, f"{arm.arm}{' (ended)' if arm.ended else ''}", "interval", "difference", "relative")
    rows = [
        _Row(("", *heads, f"more {units}")),
        _Row((units, f"{control.units:,}", f"{arm.units:,}", *_NOTHING)),
        _Row(("calls", f"{control.calls:,}", f"{arm.calls:,}", *_NOTHING)),
    ]
    for row in (each for each in arm.metrics if happened(each.metric, found)):
        before = control.of(row.metric)
        cells = (
            NAMES[row.metric],
            "" if before is None else figure(row.metric, before.value.value),
            figure(row.metric, row.value.value),
            interval_of(row.metric, row.value),
            "" if row.difference is None else difference_of(row.metric, row.difference),
            percent_of(row.relative),
            "" if row.more_units is None else f"{row.more_units:,}",
        )
        rows.append(_Row(cells, certain=row.difference is not None and row.difference.tells))
    return rows


def _fitting(tables: Sequence[Sequence[_Row]], width: int) -> Sequence[int]:
    """Return the columns that fit beside each other, as far as leaving some out makes them."""
    columns = range(len(tables[0][0].cells))
    widths = [max(cell_len(row.cells[place]) for rows in tables for row in rows) for place in columns]
    kept = list(columns)
    for place in _LEFT_OUT:
        if sum(widths[each] + _GAP for each in kept) - _GAP <= width:
            break
        kept.remove(place)
    return kept


def _table(rows: Sequence[_Row], columns: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    head, *others = rows
    for place in columns:
        table.add_column(head.cells[place], justify="right" if place else "left", overflow="fold")
    for row in others:
        table.add_row(*(row.cells[place] for place in columns), style="bold" if row.certain else None)
    return table
