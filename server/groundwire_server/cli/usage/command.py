"""`groundwire usage`."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    # Imports what --help does not need.
    from collections.abc import Sequence

    from groundwire.v1.usage_service_pb2 import QueryUsageResponse
    from groundwire_server.cli.usage.page import TenantRow


_DIMENSIONS: Final = ("day", "subject", "route", "model", "purpose")
"""What rows are told apart by."""

_TENANTS_DIMENSIONS: Final = ("tenant", *_DIMENSIONS)


@connects
def usage(
    context: typer.Context,
    connection: ConnectionOptions,
    first: Annotated[
        str, typer.Option("--from", metavar="DAY", help="First day, in UTC, as 2026-11-01; default: the month's first.")
    ] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, in UTC; default: today.")] = "",
    by: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="What to tell apart: day, subject, route, model and purpose, or total; with --records tenant too.",
        ),
    ] = "model",
    subject: Annotated[str, typer.Option(metavar="NAME", help="One subject alone.")] = "",
    route: Annotated[str, typer.Option(metavar="NAME", help="One route alone.")] = "",
    model: Annotated[str, typer.Option(metavar="ALIAS", help="One model alone.")] = "",
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of each call.")] = 30.0,
    records: Annotated[
        bool, typer.Option("--records", help="Read the configured database of records itself, for all tenants.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Configuration file of --records; default: GROUNDWIRE_CONFIG, then groundwire.yaml here.",
        ),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON, in protobuf's mapping.")] = False,
) -> None:
    """Sum what models have consumed for your tenant, and what it cost. Needs the role operator.

    Elsewhere than on a terminal it prints rows as --csv does. What a crash left uncounted is said on standard error.

    --records needs no server and no role, but the configuration of the server and its secrets. It sums all tenants, or
    the one that --tenant names, and takes --by tenant. GROUNDWIRE_TENANT has no effect then.
    """
    from json import dumps  # noqa: PLC0415  # imports what --help does not need

    from google.protobuf import json_format  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.usage.page import TenantRow  # noqa: PLC0415

    if csv and json:
        raise CommandError(ExitCode.USAGE, "--csv and --json exclude each other")
    if config is not None and not records:
        raise CommandError(ExitCode.USAGE, "--config is for --records: without it a server is asked")
    dimensions = dimensions_of(by, tenants=records)
    first_day, last_day = _day("--from", first), _day("--to", last)
    if records:
        # Imported here: it brings what speaks SQL.
        from groundwire_server.cli.usage import tenants  # noqa: PLC0415

        tenants.refuse_options_of_calls(context)
        tenant = (connection.tenant or "") if tenants.is_given(context, "tenant") else ""
        query = tenants.tenants_query(first_day, last_day, dimensions, tenant, subject, route, model)
        recorded = tenants.tenants_usage(config, query)
        if json:
            print(dumps(tenants.as_json(recorded), indent=2))
        _print(dimensions, tenants.rows_of(recorded), tenants.response_of(recorded), csv=csv, json=json)
        return
    with failures_stop(), connect(connection, timeout=timeout) as client:
        found = client.usage(
            first_day=first_day,
            last_day=last_day,
            group_by=[each.upper() for each in dimensions],
            subject=subject,
            route=route,
            model=model,
        )
    if json:
        print(json_format.MessageToJson(found))
    _print(dimensions, [TenantRow(row) for row in found.rows], found, csv=csv, json=json)


def _print(
    dimensions: "Sequence[str]", rows: "Sequence[TenantRow]", found: "QueryUsageResponse", *, csv: bool, json: bool
) -> None:
    """Print rows, unless they are printed as JSON already, and what is missing in them."""
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.usage.page import print_csv, print_open_books, print_table  # noqa: PLC0415

    console = Terminal()
    if csv or not (json or console.is_terminal):
        print_csv(sys.stdout, dimensions, rows)
    elif not json:
        print_table(console, dimensions, rows, found.counted_time)
    print_open_books(Terminal(stderr=True), found.open)


def dimensions_of(by: str, *, tenants: bool) -> "Sequence[str]":
    """Return the dimensions that are named, in their order; none for `total`.

    Args:
        by: names with commas between.
        tenants: whether tenants can be told apart.

    Raises:
        CommandError: for a name that is none of them, or comes twice.
    """
    names = [name.strip().lower() for name in by.split(",")]
    if names == ["total"]:
        return []
    if "tenant" in names and not tenants:
        raise CommandError(
            ExitCode.USAGE, "--by tenant needs --records: a server sums what the caller's tenant has consumed"
        )
    known = _TENANTS_DIMENSIONS if tenants else _DIMENSIONS
    if not set(names) <= set(known) or len(set(names)) < len(names):
        listed = ", ".join(known)
        raise CommandError(ExitCode.USAGE, f"--by takes some of {listed}, each once, with commas between; or total")
    return names


def _day(option: str, written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise CommandError(ExitCode.USAGE, f"{option} takes a day such as 2026-11-01") from None
