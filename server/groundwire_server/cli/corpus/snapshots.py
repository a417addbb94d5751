"""`groundwire corpus snapshot` and `restore`: copies of an embedded store."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.signals import ended_by_signals

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig
    from groundwire_server.app.store_copies import CopyProgress, StoreContents

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Configuration file; default: GROUNDWIRE_CONFIG, then groundwire.yaml here."),
]
StoreName: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Name of the store; default: that of `corpus`.")
]


def snapshot(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    config: Config = None,
    store: StoreName = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Copy an embedded store into a file, while the server runs.

    The copy holds the documents of all tenants, as they are when the command begins. It is checked before it appears
    under its name. Only this user can read it.
    """
    from groundwire_server.app.store_copies import snapshot_store  # noqa: PLC0415  # what --help does not need

    section = _chosen(config, store)
    with _failures_stop(), _progress("copying") as progress:
        held = snapshot_store(section, file, progress, overwrite=force)
    print(f"{file}: {_counted(held)}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A snapshot.")],
    config: Config = None,
    store: StoreName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Replace the stored documents without asking.")] = False,
) -> None:
    """Replace an embedded store by a snapshot, while no server runs.

    Asks first where documents would be replaced, on a terminal; elsewhere it needs --yes. The store is replaced whole
    or not at all. Run it as the user that runs the server.
    """
    from groundwire_server.app.store_copies import restore_store  # noqa: PLC0415  # what --help does not need

    section = _chosen(config, store)

    def agree(held: "StoreContents | None") -> bool:
        what = "a store that cannot be opened" if held is None else _counted(held)
        if not yes:
            _ask(f"Replace {what} in {section.folder}")
        return True

    with _failures_stop(), _progress("restoring") as progress:
        held = restore_store(section, file, progress, agree)
    if held is not None:
        print(f"{section.folder}: {_counted(held)}")


def _chosen(config: Path | None, name: str | None) -> "EmbeddedStoreConfig":
    from groundwire_server.app.configuration.errors import not_among  # noqa: PLC0415
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415
    from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig  # noqa: PLC0415
    from groundwire_server.cli.configured import loaded_from  # noqa: PLC0415

    configuration = loaded_from(Sources.found(config, os.environ)).configuration
    if name is not None and name not in configuration.stores:
        said = not_among(name, configuration.stores, "no store has this name")
        raise CommandError(ExitCode.USAGE, f"--store {name}: {said}")
    chosen = name or configuration.corpus_store
    section = configuration.stores[chosen]
    if not isinstance(section, EmbeddedStoreConfig):
        raise CommandError(
            ExitCode.USAGE, f"stores.{chosen} is of the kind {section.kind}, which has backups of its own"
        )
    return section


@contextmanager
def _failures_stop() -> Iterator[None]:
    from groundwire_server.domain.failure import SetupError  # noqa: PLC0415  # what --help does not need

    try:
        with ended_by_signals():
            yield
    except SetupError as unusable:
        raise CommandError(ExitCode.FAILED, str(unusable)) from None
    except OSError as failed:
        place = f"{failed.filename}: " if failed.filename else ""
        raise CommandError(ExitCode.FAILED, f"{place}{failed.strerror}") from None


@contextmanager
def _progress(label: str) -> "Iterator[CopyProgress]":
    """Yield what moves a bar on standard error, where that is a terminal; the bar appears with the first move."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn  # noqa: PLC0415

    from groundwire_server.cli.console import Terminal  # noqa: PLC0415

    console = Terminal(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(None), TaskProgressColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal, expand=True, transient=True)
    task = bar.add_task(label, total=None)

    def move(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield move
    finally:
        bar.stop()


def _counted(held: "StoreContents") -> str:
    documents, tenants = held.documents, held.tenants
    return f"{documents} document{'' if documents == 1 else 's'} of {tenants} tenant{'' if tenants == 1 else 's'}"


def _ask(what: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(ExitCode.USAGE, "cannot ask for confirmation without a terminal: add --yes")
    print(f"{what}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError(ExitCode.INCOMPLETE, "nothing was done")
