"""`groundwire usage`."""

import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    # Imports what --help does not need.
    from collections.abc import Sequence


@connects
def usage(
    connection: ConnectionOptions,
    first: Annotated[
        str, typer.Option("--from", metavar="DAY", help="First day, in UTC, as 2026-11-01; default: the month's first.")
    ] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, in UTC; default: today.")] = "",
    by: Annotated[
        str, typer.Option(metavar="NAMES", help="What to tell apart: day, subject, route, model and purpose, or total.")
    ] = "model",
    subject: Annotated[str, typer.Option(metavar="NAME", help="One subject alone.")] = "",
    route: Annotated[str, typer.Option(metavar="NAME", help="One route alone.")] = "",
    model: Annotated[str, typer.Option(metavar="ALIAS", help="One model alone.")] = "",
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of each call.")] = 30.0,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON, in protobuf's mapping.")] = False,
) -> None:
    """Sum what models have consumed for your tenant, and what it cost. Needs the role operator.

    Elsewhere than on a terminal it prints rows as --csv does. What a crash left uncounted is said on standard error.
    """
    from google.protobuf import json_format  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.usage.page import print_csv, print_open_books, print_table  # noqa: PLC0415

    if csv and json:
        raise CommandError(ExitCode.USAGE, "--csv and --json exclude each other")
    dimensions = dimensions_of(by)
    first_day, last_day = _day("--from", first), _day("--to", last)
    with failures_stop(), connect(connection, timeout=timeout) as client:
        found = client.usage(
            first_day=first_day,
            last_day=last_day,
            group_by=[each.upper() for each in dimensions],
            subject=subject,
            route=route,
            model=model,
        )
    console = Terminal()
    if json:
        print(json_format.MessageToJson(found))
    elif csv or not console.is_terminal:
        print_csv(sys.stdout, dimensions, found.rows)
    else:
        print_table(console, dimensions, found)
    print_open_books(Terminal(stderr=True), found.open)


def dimensions_of(by: str) -> "Sequence[str]":
    """Return the dimensions that are named, in their order; none for `total`.

    Raises:
        CommandError: for a name that is none of them, or comes twice.
    """
    from groundwire_server.cli.usage.page import DIMENSIONS  # noqa: PLC0415  # as above

    names = [name.strip().lower() for name in by.split(",")]
    if names == ["total"]:
        return []
    if not set(names) <= set(DIMENSIONS) or len(set(names)) < len(names):
        known = ", ".join(DIMENSIONS)
        raise CommandError(ExitCode.USAGE, f"--by takes some of {known}, each once, with commas between; or total")
    return names


def _day(option: str, written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise CommandError(ExitCode.USAGE, f"{option} takes a day such as 2026-11-01") from None
