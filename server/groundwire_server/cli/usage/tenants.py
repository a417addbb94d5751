"""The accounts of all tenants, as `groundwire usage --records` reads them from the database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import typer
from google.protobuf import json_format

from groundwire.v1.usage_service_pb2 import QueryUsageResponse
from groundwire_server.app.tenants_usage import FoundUsage, read_tenants_usage
from groundwire_server.cli.configured import configuration_from
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.usage.page import TenantRow
from groundwire_server.domain.failure import SetupError
from groundwire_server.edge.convert.usage import MOST_DAYS, book_to_pb, row_to_pb
from groundwire_server.ports.usage import TenantsUsageQuery, UsageDimension

_OF_CALLS: Final = ("server", "token_file", "api_key_file", "tls", "tls_ca", "tls_cert", "tls_key", "timeout")
"""Parameters that say how a server is called."""


def is_given(context: typer.Context, name: str) -> bool:
    """Return whether an option is on the command line, and not only in the environment."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_options_of_calls(context: typer.Context) -> None:
    """Refuse options that would have no effect, since no server is called.

    Raises:
        CommandError: when one is on the command line.
    """
    for name in _OF_CALLS:
        if is_given(context, name):
            option = f"--{name.replace('_', '-')}"
            raise CommandError(ExitCode.USAGE, f"{option} is about a call to a server, and --records makes none")


def tenants_query(
    first: date | None, last: date | None, dimensions: Sequence[str], tenant: str, subject: str, route: str, model: str
) -> TenantsUsageQuery:
    """Return the query that options describe; days are in UTC, and default to this month until today.

    Raises:
        CommandError: for days in the wrong order, or too many.
    """
    last = last or datetime.now(UTC).date()
    first = first or last.replace(day=1)
    if first > last:
        raise CommandError(ExitCode.USAGE, f"--to must not be before --from, {first}")
    if (last - first).days >= MOST_DAYS:
        raise CommandError(ExitCode.USAGE, f"--from must be at most {MOST_DAYS} days before the end of --to")
    group_by = tuple(UsageDimension(each.upper()) for each in dimensions)
    return TenantsUsageQuery(first, last, group_by, tenant, subject, route, model)


def tenants_usage(config: Path | None, query: TenantsUsageQuery) -> FoundUsage:
    """Read the accounts from the database of records that the configuration names.

    Raises:
        CommandError: when they cannot be read.
    """
    configuration = configuration_from(config)
    try:
        return read_tenants_usage(configuration, query)
    except SetupError as unusable:
        raise CommandError(ExitCode.FAILED, str(unusable)) from None


def rows_of(found: FoundUsage) -> Sequence[TenantRow]:
    """Return sums as they are printed."""
    return [TenantRow(row_to_pb(row), row.tenant or "") for row in found.rows]


def response_of(found: FoundUsage) -> QueryUsageResponse:
    """Return what was found as a server would reply, without the tenants of rows."""
    response = QueryUsageResponse(
        rows=[row_to_pb(row) for row in found.rows], open=[book_to_pb(book) for book in found.books.open]
    )
    response.counted_time.FromDatetime(found.books.counted)
    return response


def as_json(found: FoundUsage) -> dict[str, Any]:
    """Return what was found in protobuf's mapping of a reply, with the tenant of each row where it is known."""
    mapped: dict[str, Any] = json_format.MessageToDict(response_of(found))
    for row, of in zip(mapped.get("rows", ()), found.rows, strict=True):
        if of.tenant is not None:
            row["tenant"] = of.tenant
    return mapped
