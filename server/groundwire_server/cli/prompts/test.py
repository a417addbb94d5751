"""`groundwire prompts test`."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.arguments import Config, Json
from groundwire_server.cli.exits import CommandError, ExitCode


def try_cases(
    files: Annotated[list[Path], typer.Argument(metavar="CASES", help="Files of cases, in YAML.")],
    config: Config = None,
    prompt: Annotated[
        str,
        typer.Option(
            metavar="NAME[/VERSION]", help="Try this prompt, with its number or a label; else that of each route."
        ),
    ] = "",
    recorded: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The outputs of models that were kept; with --live they are kept there."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the models of the configuration for outputs that are not kept.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML too.")] = None,
    init: Annotated[bool, typer.Option("--init", help="Write an example to CASES, and do nothing else.")] = False,
    json: Json = False,
) -> None:
    """Try prompts on cases: a question, its passages, and what must come of it.

    Models are asked with --live; with --recorded a test needs none, as long as prompts and passages are the same. With
    both, models are asked for what is missing, and their outputs kept. Nothing is searched: each case has its passages.

    Ends with 0 when every case passes, with 6 when one fails, and with 1 when no output is kept for one.
    """
    from groundwire_server.cli.evaluate.command import unusable_stops  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.prompts.trying import try_prompts, write_example  # noqa: PLC0415

    with unusable_stops():
        if init:
            write_example(files)
            return
        if recorded is None and not live:
            raise CommandError(
                ExitCode.USAGE,
                "say what answers: --recorded FOLDER, --live, or both, which asks models for what the folder lacks",
            )
        code = try_prompts(files, config, prompt, recorded, junit, live=live, as_json=json)
    if code is not ExitCode.OK:
        raise typer.Exit(code)
