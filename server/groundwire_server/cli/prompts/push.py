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
from groundwire_server.domain.prompts.registry import PRODUCTION

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire.v1.prompt_service_pb2 import ListedPrompt, PromptFinding, PromptVersion


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

    The server checks the template first; warnings are printed, and with an error nothing is kept. No route uses a new
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
        there = _place(found.version)
        using = ""
        if not dry_run and not errors:
            found = client.push_prompt(prompt, number, text, reason=reason)
            using = "" if json else _using(client.prompts(prompt).prompts, number)
    if json:
        print(json_format.MessageToJson(found, indent=None))
    if errors:
        said = "1 error" if errors == 1 else f"{errors} errors"
        raise CommandError(ExitCode.USAGE, f"{prompt}/{number} was not pushed: {said}")
    if json:
        return
    if there:
        print(f"{prompt}/{number} {there} with the same text: nothing changes")
    else:
        print(f"{prompt}/{number} can be pushed" if dry_run else f"pushed {prompt}/{number}")
    if using:
        print(using, file=sys.stderr)


def _place(known: "PromptVersion") -> str:
    """Return where a version is that need not be pushed; empty for one of which a push keeps something."""
    from groundwire.v1.prompt_service_pb2 import PROMPT_ORIGIN_BUILT_IN  # noqa: PLC0415  # as above
    from groundwire_server.cli.times import printed  # noqa: PLC0415

    if known.HasField("create_time"):
        return f"was pushed at {printed(known.create_time)}{f' by {known.author}' if known.author else ''}"
    return "is built in" if known.origin == PROMPT_ORIGIN_BUILT_IN else ""


def _using(prompts: "Sequence[ListedPrompt]", number: str) -> str:
    """Return which labels point at a version of a prompt, and which routes use it."""
    (prompt,) = prompts
    labels = [each.label for each in prompt.labels if each.version == number]
    routes = [each.route for each in prompt.routes if each.version == number]
    if not labels and not routes:
        promote = f"`groundwire prompts promote {prompt.name}/{number}` makes it {PRODUCTION}"
        return f"no label points at it, and no route uses it: {promote}"
    pointing = f"labels that point at it: {', '.join(labels) or 'none'}"
    return f"{pointing}; routes that use it: {', '.join(routes) or 'none'}"


def _show(file: Path, findings: "Sequence[PromptFinding]") -> None:
    """Print findings as compilers do, so that editors jump to their lines."""
    from groundwire_server.cli.console import one_line  # noqa: PLC0415  # as above

    for finding in findings:
        place = f"{file}:{finding.line}" if finding.line else str(file)
        kind = "error" if finding.error else "warning"
        print(f"{place}: {kind}: {one_line(finding.message)}", file=sys.stderr)
