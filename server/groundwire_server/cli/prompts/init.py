"""`groundwire prompts init`."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.arguments import Config
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.outputs import unwritable_stops, write_new


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="The folder; default: that of the configuration, else `prompts`."),
    ] = None,
    source: Annotated[str, typer.Option("--from", metavar="PROMPT", help="The version to begin with.")] = "answer",
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Its new name; default: the same.")] = "",
    config: Config = None,
) -> None:
    """Begin a folder of prompts, or a new version in one: a copy of a version to be edited, under the next number.

    Nothing changes for callers: `production` goes on pointing at the version that is in force, in labels.yaml, until
    `groundwire prompts promote` points it at the new one.
    """
    from groundwire_server.cli.prompts.offline import begun_registry  # noqa: PLC0415  # what --help does not need
    from groundwire_server.domain.prompts.registry import NAME_PATTERN, PRODUCTION  # noqa: PLC0415

    opened, place = begun_registry(config, folder)
    first = opened.version(source)
    name = name or first.name
    if not NAME_PATTERN.fullmatch(name):
        raise CommandError(ExitCode.USAGE, f"--as {name}: a name matches {NAME_PATTERN.pattern}")
    numbers = opened.registry.numbers(name)
    number = _next(numbers[-1]) if numbers else "1.0.0"
    file, labels = place / name / f"{number}.jinja", place / "labels.yaml"
    in_force = opened.registry.resolved(name)
    unlabelled = in_force is not None and (name, PRODUCTION) not in opened.registry.labels
    if in_force is not None and unlabelled and labels.exists():
        raise CommandError(
            ExitCode.USAGE,
            f"{labels} has no label {PRODUCTION} for {name}, so that a new version would be in use at once: add "
            f"`{name}: {{{PRODUCTION}: {in_force.version}}}` first",
        )
    pinned = f"{name}: {{{PRODUCTION}: {in_force.version}}}\n" if unlabelled and in_force is not None else ""
    with unwritable_stops(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        # The label first: a server that watches the folder would take the newest.
        if pinned:
            labels.write_text(pinned, encoding="utf-8")
    write_new(file, first.text)
    typer.echo(f"wrote {file}, a copy of {first.name}/{first.version}")
    if pinned and in_force is not None:
        typer.echo(f"wrote {labels}: {PRODUCTION} stays {in_force.version}")
    steps = [f"edit {file}"]
    if opened.configuration.prompts.folder is None:
        steps.insert(0, f"add to the configuration: prompts: {{folder: {place}}}")
    steps.append(f"groundwire prompts lint {name}/{number}")
    if in_force is not None:
        steps.append(f"groundwire prompts diff {name}/{in_force.version} {name}/{number}")
    typer.echo("next:")
    for step in steps:
        typer.echo(f"  {step}")


def _next(number: str) -> str:
    """Return the number of the version after one: its second part counts versions."""
    major, minor, _ = map(int, number.split("."))
    return f"{major}.{minor + 1}.0"
