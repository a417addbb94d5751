"""Carries out `groundwire corpus verify` and prints what it finds."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import typer
from rich.text import Text

from groundwire_server.cli.calls import connect, failures_stop
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.corpus.comparison import ATTENTION, Compared, Comparison, Difference, Finding
from groundwire_server.cli.corpus.extraction import PROGRAM
from groundwire_server.cli.exits import ExitCode
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given
from groundwire_server.cli.ingest.known import KnownDocuments
from groundwire_server.cli.ingest.plan import IngestPlan
from groundwire_server.cli.ingest.progress import DocumentProgress
from groundwire_server.cli.ingest.reading_ahead import ReadAhead
from groundwire_server.cli.ingest.tally import counted, listed_skipped, show_skipped

_LABEL: Final = 12


def run_verification(
    plan: IngestPlan,
    connection: ConnectionOptions,
    principals: Sequence[str],
    max_lost: float,
    *,
    strict: bool,
    as_json: bool,
) -> None:
    """Compare, print every difference as it is found, and sum up.

    Raises:
        CommandError: when the server cannot be asked.
        typer.Exit: with 1, or 5, when there are differences.
    """
    console = Terminal()
    findings = list[Finding]()
    compared = Compared()
    with failures_stop():
        for finding in _findings(plan, connection, principals, max_lost, compared):
            findings.append(finding)
            if not as_json:
                _show(console, finding)
    if as_json:
        print(
            json.dumps(
                {
                    "documents": compared.documents,
                    "same": compared.same,
                    "readTwice": compared.read_twice,
                    "differences": [each.as_json() for each in findings],
                    "skipped": listed_skipped(plan.skipped),
                }
            )
        )
    else:
        _sum_up(console, compared, findings)
        show_skipped(console, plan.skipped)
    if any(each.difference not in ATTENTION for each in findings):
        raise typer.Exit(ExitCode.INCOMPLETE)
    if strict and findings:
        raise typer.Exit(ExitCode.WARNED)


def _findings(
    plan: IngestPlan, connection: ConnectionOptions, principals: Sequence[str], max_lost: float, compared: Compared
) -> Iterator[Finding]:
    for each in plan.nothing:
        yield Finding(Difference.UNREADABLE, each.name, each.why)
    ids = set[str]()
    with connect(connection, list(principals)) as client, Converter(program=PROGRAM) as second:
        known = KnownDocuments(client, connection, plan)
        comparison = Comparison(known.holdings, second, max_lost, compared)
        with (
            ReadAhead(Given(), known.identities) as ahead,
            DocumentProgress("comparing", plan.count) as progress,
        ):
            for name, found in comparison.documents(plan.read(ahead)):
                ids.add(name)
                progress.advance(name)
                yield from found
        yield from comparison.without_files(known.gone(ids))


def _show(console: Terminal, finding: Finding) -> None:
    """Print a difference; into a pipe or a file whole words between tabs, for `cut` and `grep`."""
    if not console.is_terminal:
        print(finding.difference, one_line(finding.name), one_line(finding.message), sep="\t")
        return
    style = "yellow" if finding.difference in ATTENTION else "bold red"
    said = Text(one_line(finding.name), style="bold")
    said.append(f" {one_line(finding.message)}", style="not bold")
    console.hang(Text(f"{finding.difference:<{_LABEL}}", style=style), said)


def _sum_up(console: Terminal, compared: Compared, findings: Sequence[Finding]) -> None:
    counts = Counter(each.difference for each in findings)
    said = [f"{compared.same:,} as in the source", *(f"{counts[each]:,} {each}" for each in Difference if counts[each])]
    line = f"{counted(compared.documents, 'document')}: {', '.join(said)}; {compared.read_twice:,} read in a second way"
    console.hang(Text(), Text(line))
