"""`groundwire prompts push`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.arguments import Json, Reason, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.prompts.arguments import numbered

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire.v1.prompt_service_pb2 import PromptFinding


@connects
def push(
    connection: ConnectionOptions,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The template, such as prompts/answer/1.4.0.jinja.")],
    name: Annotated[
        str,
        typer.Option("--as", metavar="NAME/VERSION", help="Its name and number; by default those of the file's path."),
    ] = "",
    reason: Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Have the server check it, and keep nothing.")] = False,
    timeout: Timeout = 30.0,
    json: Json = False,
) -> None:
    """Add a version of a prompt to a running server, once and for all. Needs an operator of the managing tenant.

    The server checks the template first; warnings are printed, and with an error nothing is kept. No route uses the
    version before a label points at it: `promote` does that. Pushing the same text again changes nothing.
    """
    from google.protobuf import json_format  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.domain.prompts.registry import MOST_BYTES  # noqa: PLC0415
    from groundwire_server.files.small import UnreadableFileError, text_of  # noqa: PLC0415

    prompt, number = numbered(name or f"{file.parent.name}/{file.stem}")
    try:
        text = text_of(file, MOST_BYTES)
    except UnreadableFileError as wrong:
        raise CommandError(ExitCode.USAGE, f"{file} {wrong}") from None
    with failures_stop(), connect(connection, timeout=timeout) as client:
        found = client.push_prompt(prompt, number, text, validate_only=True)
        if not json:
            _show(file, found.findings)
        errors = sum(finding.error for finding in found.findings)
        if not dry_run and not errors:
            found = client.push_prompt(prompt, number, text, reason=reason)
    if json:
        print(json_format.MessageToJson(found, indent=None))
    if errors:
        said = "1 error" if errors == 1 else f"{errors} errors"
        raise CommandError(ExitCode.USAGE, f"{prompt}/{number} was not pushed: {said}")
    if json:
        return
    if dry_run:
        print(f"{prompt}/{number} can be pushed")
        return
    print(f"pushed {prompt}/{number}")
    print(f"no route uses it yet: `groundwire prompts promote {prompt}/{number}` makes it so", file=sys.stderr)


def _show(file: Path, findings: "Sequence[PromptFinding]") -> None:
    """Print findings as compilers do, so that editors jump to their lines."""
    from groundwire_server.cli.console import one_line  # noqa: PLC0415  # as above

    for finding in findings:
        place = f"{file}:{finding.line}" if finding.line else str(file)
        kind = "error" if finding.error else "warning"
        print(f"{place}: {kind}: {one_line(finding.message)}", file=sys.stderr)
