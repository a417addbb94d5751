"""`groundwire corpus`: the schema of stores that have one."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration
    from groundwire_server.app.configuration.models.stores import WeaviateStore
    from groundwire_server.app.schema_changes import Steps


def apply(
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration; else GROUNDWIRE_CONFIG, else groundwire.yaml here."),
    ] = None,
    store: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="The store, by its name; all of them if none; repeatable.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    delete_documents: Annotated[
        bool,
        typer.Option("--delete-documents", help="Allow what cannot be done without losing the documents stored."),
    ] = False,
) -> None:
    """Bring the schema of Weaviate stores to what the configuration asks for: collections, properties, vectors.

    Shows what is to be done, and asks first, on a terminal; elsewhere it needs --yes. What would lose documents is
    refused without --delete-documents; they have to be ingested again then.

    Ends with 0 when the schema is as it should be, with 1 when it is not and nothing was done, with 2 when documents
    would be lost, with 4 when Weaviate does not let it be done.
    """
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.configured import loaded_from  # noqa: PLC0415

    configuration = loaded_from(Sources.found(config, os.environ)).configuration
    sections = _chosen(configuration, store)
    if not sections:
        typer.echo("nothing to do: no store of the configuration is of the kind weaviate")
    left = [
        name
        for name, section in sections.items()
        if not _apply(name, section, configuration, dry_run=dry_run, yes=yes, destructive=delete_documents)
    ]
    if left:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _chosen(configuration: "Configuration", names: list[str] | None) -> Mapping[str, "WeaviateStore"]:
    from groundwire_server.app.configuration.models.stores import WeaviateStore  # noqa: PLC0415
    from groundwire_server.app.configuration.problems import not_among  # noqa: PLC0415

    sections = {name: each for name, each in configuration.stores.items() if isinstance(each, WeaviateStore)}
    for name in names or ():
        if name not in sections:
            said = not_among(name, sections, "no Weaviate store has this name")
            raise CommandError(ExitCode.USAGE, f"--store {name}: {said}")
    return {name: section for name, section in sections.items() if names is None or name in names}


def _apply(
    name: str,
    section: "WeaviateStore",
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
            told = f"stores.{name}: all documents in {', '.join(lost)} would be lost"
            raise CommandError(ExitCode.USAGE, f"{told}: name another collection, or allow it with --delete-documents")
        if not yes:
            _ask(name)
        return True

    try:
        done = bring_up_to_date(section, configuration, agree, destructive=destructive)
    except SetupError as unusable:
        raise CommandError(ExitCode.FAILED, f"stores.{name}: {unusable}") from None
    if done:
        typer.echo(f"{name}: the schema is what the configuration asks for")
    return done


def _ask(name: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(ExitCode.USAGE, "there is no terminal to ask on whether to do this: add --yes")
    print(f"Do this to {name}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(ExitCode.INCOMPLETE, "nothing was done")
