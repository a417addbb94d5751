"""`groundwire replay`."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode


@connects
def replay(
    recordings: Annotated[
        list[str],
        typer.Argument(metavar="RECORDING...", help="Ids of recordings on the server, files of them, or folders."),
    ],
    connection: ConnectionOptions,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="KIND=VALUE",
            help="Change something: prompt=NAME/VERSION or prompt=NAME/LABEL, model=NAME, route=FILE of settings; "
            "repeatable.",
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the configuration's models for what is not recorded.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The configuration; else GROUNDWIRE_CONFIG, else groundwire.yaml. --with needs it."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: an object a call, then the summary.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with both outcomes.")] = None,
    fail_if_changed: Annotated[
        bool, typer.Option("--fail-if-changed", help="End with 6 when a call came to something else.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of each call.")] = 30.0,
) -> None:
    """Answer recorded calls again with what came back for them, and compare: no model is asked.

    As they were, the outcome is exactly the recorded one. With changes, a model whose prompt is the recorded one writes
    what it wrote; what was never asked is not known, or asked with --live.

    Ends with 0, with 1 when a replay is not exact or an outcome not known, and with 6 by --fail-if-changed.
    """
    from groundwire_server.cli.evaluate.command import unusable_stops  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.replay.comparing import compare_recordings  # noqa: PLC0415

    if live and not with_:
        raise CommandError(ExitCode.USAGE, "--live asks models for changed calls: say what changes, with --with")
    with unusable_stops():
        code = compare_recordings(
            recordings,
            connection,
            timeout,
            with_ or (),
            config,
            html,
            live=live,
            as_json=json,
            fail_if_changed=fail_if_changed,
        )
    if code is not ExitCode.OK:
        raise typer.Exit(code)
