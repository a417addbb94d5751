"""Printing a readout: a table of each arm beside the control, and what it says in sentences."""

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

_GAP = 2


def print_readout(shown: ShownExperiment, found: Readout) -> None:
    """Print tables and sentences on a terminal; elsewhere the values between tabs, and the sentences to the side."""
    console = Terminal()
    if console.is_terminal:
        console.print(Text(heading(shown), style="bold"))
        control = found.arms[0]
        for arm in found.arms[1:] or found.arms:
            console.print()
            console.print(_table(shown, found, control, arm))
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


def _table(shown: ShownExperiment, found: Readout, control: ArmReadout, arm: ArmReadout) -> Table:
    units = UNITS[shown.experiment.unit]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column("", overflow="fold")
    for head in (control.arm, f"{arm.arm}{' (ended)' if arm.ended else ''}", "interval", "difference", "relative"):
        table.add_column(head, justify="right", overflow="fold")
    table.add_column(f"more {units}", justify="right", overflow="fold")
    table.add_row(f"{units} / calls", _size(control), _size(arm), "", "", "", "")
    for row in (each for each in arm.metrics if happened(each.metric, found)):
        before = control.of(row.metric)
        told = row.difference is not None and row.difference.tells
        table.add_row(
            NAMES[row.metric],
            "" if before is None else figure(row.metric, before.value.value),
            figure(row.metric, row.value.value),
            interval_of(row.metric, row.value),
            "" if row.difference is None else difference_of(row.metric, row.difference),
            percent_of(row.relative),
            "" if row.more_units is None else f"{row.more_units:,}",
            style="bold" if told else None,
        )
    return table


def _size(arm: ArmReadout) -> str:
    return f"{arm.units:,} / {arm.calls:,}"
