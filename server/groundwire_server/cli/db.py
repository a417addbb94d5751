"""`groundwire db`: the schema of the database of records."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Configuration file; default: GROUNDWIRE_CONFIG, then groundwire.yaml here."),
]


def upgrade(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL, and change nothing.")] = False,
) -> None:
    """Bring the tables to the schema of this version: all of it, or nothing.

    Back the database up first, and stop servers of the older version: they refuse to start with the newer schema. Two
    upgrades at once wait for each other. A file of SQLite is made where there is none.
    """
    configuration = _configuration(config)
    from groundwire_server.app import records_examination  # noqa: PLC0415  # brings what speaks SQL

    with _failures_stop():
        if dry_run:
            typer.echo(records_examination.upgrade_sql(configuration), nl=False)
            return
        found = records_examination.upgrade_records(configuration)
        place = records_examination.records_place(configuration)
    latest = records_examination.LATEST
    if found == latest:
        typer.echo(f"{place} has revision {latest} already")
    else:
        typer.echo(f"{place}: upgraded from {found or 'nothing'} to revision {latest}")


def current(config: Config = None) -> None:
    """Print the revision of the tables, and that of this version.

    Ends with 1 where they differ.
    """
    configuration = _configuration(config)
    from groundwire_server.app import records_examination  # noqa: PLC0415  # as above

    with _failures_stop():
        found = records_examination.records_revision(configuration)
    latest = records_examination.LATEST
    typer.echo(f"{found or 'none'}\t{latest}")
    if found != latest:
        raise typer.Exit(ExitCode.INCOMPLETE)


def check(config: Config = None) -> None:
    """Check that the database can be used: its schema, its keys, and that it keeps what it accepts.

    Prints a line for each finding, as `groundwire doctor` does. Ends with 1 when something has to be corrected.
    """
    configuration = _configuration(config)
    from groundwire_server.app import records_examination  # noqa: PLC0415  # as above
    from groundwire_server.cli.doctor.report import code_of, show  # noqa: PLC0415  # what --help does not need

    raise typer.Exit(code_of(show(records_examination.examine_records(configuration), as_json=False)))


def _configuration(config: Path | None) -> "Configuration":
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.configured import loaded_from  # noqa: PLC0415

    return loaded_from(Sources.found(config, os.environ)).configuration


@contextmanager
def _failures_stop() -> Iterator[None]:
    """End the command with one line where the database cannot be used.

    Raises:
        CommandError: in place of a SetupError.
    """
    from groundwire_server.domain.failure import SetupError  # noqa: PLC0415  # what --help does not need

    try:
        yield
    except SetupError as unusable:
        raise CommandError(ExitCode.FAILED, str(unusable)) from None
