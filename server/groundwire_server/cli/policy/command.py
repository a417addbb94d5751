"""`groundwire policy show`, `explain` and `diff`: read a configuration, and need no server."""

import json as json_format
from pathlib import Path
from typing import Annotated, Final

import typer

from groundwire_server.cli.arguments import Config, Json
from groundwire_server.cli.durations import seconds_of
from groundwire_server.cli.exits import CommandError, ExitCode

_MOST_PASSAGES: Final = 64


def show(
    config: Config = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="Show this route alone; default: every one.")] = "",
    json: Json = False,
) -> None:
    """Show what follows each failure on each route, in order, and which actions are passed over there, and why."""
    from groundwire_server.cli.configured import configuration_from, known_route  # noqa: PLC0415  # not for --help
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.policy.listing import described, show_listing  # noqa: PLC0415

    configuration = configuration_from(config)
    names = (known_route(route, configuration),) if route else tuple(configuration.routes)
    listing = {name: described(configuration, name) for name in names}
    if json:
        print(json_format.dumps(listing, indent=2))
    else:
        show_listing(Terminal(), listing)


def explain(
    cause: Annotated[str, typer.Option(metavar="CAUSE", help="What happens, such as MODEL_TIMEOUT.")],
    remaining: Annotated[str, typer.Option(metavar="TIME", help="Time left by then, such as 800ms.")] = "5s",
    queue: Annotated[bool, typer.Option("--queue", help="The caller allows a later answer.")] = False,
    stand_in: Annotated[bool, typer.Option("--stand-in", help="There is an earlier answer that may be shown.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="Checked text has left in a stream.")] = False,
    passages: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=_MOST_PASSAGES,
            metavar="COUNT",
            help="Passages found by then; default: 4, or none when the search fails.",
        ),
    ] = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="The route.")] = "default",
    config: Config = None,
    json: Json = False,
) -> None:
    """Show which actions a failure would lead to, one after the other, and why each other is passed over.

    The first model has been asked and fails; each further attempt is taken to fail in the same way.
    """
    from groundwire_server.cli.configured import configuration_from, known_route  # noqa: PLC0415  # not for --help
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.policy.walk import Situation, show_walk, walk_as_json, walked  # noqa: PLC0415

    configuration = configuration_from(config)
    situation = Situation(
        route=known_route(route, configuration),
        cause=_failure(cause),
        remaining=seconds_of(remaining, "remaining"),
        allow_queue=queue,
        stand_in=stand_in,
        committed=sent,
        passages=passages,
    )
    steps = walked(configuration, situation)
    if json:
        print(json_format.dumps(walk_as_json(situation, steps), indent=2))
    else:
        show_walk(Terminal(), situation, steps)


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A configuration file, or a route.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another of the same kind.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what differs between the routes of two configuration files, or between two routes of one.

    Ends with 0 whether or not anything differs.
    """
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.policy.difference import of_files, of_routes, show_differences  # noqa: PLC0415

    files = [Path(name).is_file() for name in (first, second)]
    if any(files) and not all(files):
        other = second if files[0] else first
        raise CommandError(ExitCode.USAGE, f"{other} is not a file, and the other is: name two files, or two routes")
    if all(files) and config is not None:
        raise CommandError(ExitCode.USAGE, "--config is for routes, and two files are named: leave it out")
    found = of_files(Path(first), Path(second)) if all(files) else of_routes(first, second, config)
    if json:
        print(json_format.dumps([each._asdict() for each in found], indent=2))
    else:
        show_differences(Terminal(), found)


def _failure(word: str) -> str:
    """Return the name of the cause of a failure.

    Raises:
        CommandError: when there is none of this name.
    """
    from groundwire_server.app.configuration.errors import not_among  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.app.configuration.fallbacks import FALLBACKS  # noqa: PLC0415

    name = word.upper().replace("-", "_")
    if name not in FALLBACKS:
        known = [cause.value for cause in FALLBACKS]
        raise CommandError(
            ExitCode.USAGE, f"--cause {word}: {not_among(name, known, 'there is no failure of this name')}"
        )
    return name
