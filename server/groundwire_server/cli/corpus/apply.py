"""`groundwire corpus apply`: the schema of Weaviate stores."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration
    from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig
    from groundwire_server.app.schema_changes import Steps


def apply(
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Configuration file; default: GROUNDWIRE_CONFIG, then groundwire.yaml here."),
    ] = None,
    store: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Name of a store; repeatable; default: all of them.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Apply the plan without asking.")] = False,
    delete_documents: Annotated[
        bool,
        typer.Option("--delete-documents", help="Allow changes that delete stored documents."),
    ] = False,
) -> None:
    """Update the schema of Weaviate stores to match the configuration: collections, properties, vectors.

    Prints the plan and asks for confirmation; without a terminal it needs --yes. Changes that would delete documents
    are refused without --delete-documents; the documents have to be ingested again afterwards.

    Exits with 0 when the schema matches the configuration, with 1 when it does not and nothing was done, with 2 when
    documents would be deleted, with 4 when Weaviate refuses or cannot be reached.
    """
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.configured import loaded_from  # noqa: PLC0415

    configuration = loaded_from(Sources.found(config, os.environ)).configuration
    sections = _chosen(configuration, store)
    if not sections:
        typer.echo("nothing to do: the configuration has no store of kind weaviate")
    left = [
        name
        for name, section in sections.items()
        if not _apply(name, section, configuration, dry_run=dry_run, yes=yes, destructive=delete_documents)
    ]
    if left:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _chosen(configuration: "Configuration", names: list[str] | None) -> Mapping[str, "WeaviateStoreConfig"]:
    from groundwire_server.app.configuration.errors import not_among  # noqa: PLC0415
    from groundwire_server.app.configuration.models.stores import WeaviateStoreConfig  # noqa: PLC0415

    sections = {name: each for name, each in configuration.stores.items() if isinstance(each, WeaviateStoreConfig)}
    for name in names or ():
        if name not in sections:
            said = not_among(name, sections, "no Weaviate store has this name")
            raise CommandError(ExitCode.USAGE, f"--store {name}: {said}")
    return {name: section for name, section in sections.items() if names is None or name in names}


def _apply(
    name: str,
    section: "WeaviateStoreConfig",
    configuration: "Configuration",
    *,
    dry_run: bool,
    yes: bool,
    destructive: bool,
) -> bool:
    try:
        from groundwire_server.app.schema_changes import bring_up_to_date  # noqa: PLC0415  # brings the client
    except ImportError as missing:
        said = f"stores.{name}: needs {missing.name}: install groundwire-server[weaviate]"
        raise CommandError(ExitCode.FAILED, said) from None
    from groundwire_server.domain.failure import SetupError  # noqa: PLC0415  # as above

    def agree(steps: "Steps") -> bool:
        for step in steps:
            typer.echo(f"{name}: {step}")
        if dry_run:
            return False
        lost = sorted({step.collection for step in steps if step.destructive})
        if lost and not destructive:
            told = f"stores.{name}: all documents in {', '.join(lost)} would be deleted"
            raise CommandError(ExitCode.USAGE, f"{told}: name another collection, or allow it with --delete-documents")
        if not yes:
            _ask(name)
        return True

    try:
        done = bring_up_to_date(section, configuration, agree, destructive=destructive)
    except SetupError as unusable:
        raise CommandError(ExitCode.FAILED, f"stores.{name}: {unusable}") from None
    if done:
        typer.echo(f"{name}: the schema matches the configuration")
    return done


def _ask(name: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(ExitCode.USAGE, "cannot ask for confirmation without a terminal: add --yes")
    print(f"Apply this to {name}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(ExitCode.INCOMPLETE, "nothing was done")
