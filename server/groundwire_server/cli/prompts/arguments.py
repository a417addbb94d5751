"""Arguments and options that the commands of the group have in common."""

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.prompts.registry import NAME_PATTERN, VERSION_PATTERN

NAMED: Final = (
    "A prompt, such as answer, answer/1.2.0 or answer/candidate (a label); without either the version labelled \
production, or the newest. Or the path of a template."
)

Named: TypeAlias = Annotated[str, typer.Argument(metavar="PROMPT", help=NAMED)]

Version: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME/VERSION", help="A version of a prompt by its number, such as answer/1.4.0.")
]

Label: TypeAlias = Annotated[
    str, typer.Option("--label", metavar="LABEL", help="The label to point at a version, such as candidate.")
]

Folder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--folder", metavar="DIR", help="Change the labels of this folder, without a server, in place of the records."
    ),
]


def numbered(text: str) -> tuple[str, str]:
    """Return the name and the number that NAME/VERSION means.

    Raises:
        CommandError: when the text is not both.
    """
    name, _, number = text.partition("/")
    if not NAME_PATTERN.fullmatch(name) or not VERSION_PATTERN.fullmatch(number):
        raise CommandError(ExitCode.USAGE, f"{text}: name a version by its number, such as answer/1.4.0")
    return name, number
