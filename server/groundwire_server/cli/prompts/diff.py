"""`groundwire prompts diff`."""

import json as json_format
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.arguments import Config, Json
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.prompts.arguments import NAMED
from groundwire_server.cli.prompts.on_server import OnServer, fetched
from groundwire_server.cli.prompts.render import (
    Ask,
    Kind,
    Passages,
    Values,
    example_of,
    messages_of,
    rendered,
)

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire_server.cli.console import Terminal
    from groundwire_server.domain.generation import Prompt


@connects
def diff(
    connection: ConnectionOptions,
    first: Annotated[str, typer.Argument(metavar="FIRST", help=NAMED)],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="The prompt that is compared with it.")],
    question: Ask = "",
    passages: Passages = None,
    context: Values = None,
    message: Kind = "answer",
    rendering: Annotated[bool, typer.Option("--rendered", help="Compare what is rendered alone.")] = False,
    over: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Compare what comes of recorded calls, in a folder or a file; repeatable."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="With --over, ask the configuration's models for what is not recorded.")
    ] = False,
    config: Config = None,
    on_server: OnServer = False,
    json: Json = False,
) -> None:
    """Show how two versions differ: their templates, line by line, and what they render of the same example.

    With --over it shows instead what comes of recorded calls with each: how many outcomes change, and how. A version
    has the outputs that were recorded with it; what no recording has is not known, or asked with --live.

    With --on-server as a running server has them; that needs an operator of the managing tenant.
    """
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415
    from groundwire_server.cli.prompts.offline import opened_registry, previews_of  # noqa: PLC0415

    if over:
        from groundwire_server.cli.evaluate.command import unusable_stops  # noqa: PLC0415
        from groundwire_server.cli.replay.comparing import compare_prompts  # noqa: PLC0415

        if on_server:
            raise CommandError(ExitCode.USAGE, "--over compares versions of the configuration: omit --on-server")
        local = opened_registry(config)
        with unusable_stops():
            compare_prompts(local.version(first), local.version(second), over, local, live=live, as_json=json)
        return
    opened = fetched(connection, first, second) if on_server else opened_registry(config)
    previews = previews_of(opened.registry, opened.configuration)
    one, other = opened.version(first), opened.version(second)
    names = f"{one.name}/{one.version}", f"{other.name}/{other.version}"
    of_text = [] if rendering else differences(one.text, other.text, *names)
    example = example_of(question, passages, context, one, other)
    said = [as_text(rendered(previews, each, example, message)) for each in (one, other)]
    of_prompt = differences(*said, *(f"{name}, rendered" for name in names))
    if json:
        print(json_format.dumps({"template": of_text, "rendered": of_prompt}, indent=2, ensure_ascii=False))
        return
    console = Terminal()
    show_differences(console, of_text)
    if of_text and of_prompt:
        console.print()
    show_differences(console, of_prompt)
    if not of_text and not of_prompt:
        console.print("nothing differs")
    elif not of_prompt:
        console.print("what they render of the example is the same")


def differences(one: str, other: str, first: str, second: str) -> list[str]:
    """Return the lines of a unified diff of two texts, with their names; none where they are the same."""
    return list(unified_diff(one.splitlines(), other.splitlines(), first, second, lineterm="", n=2))


def as_text(prompt: "Prompt") -> str:
    """Return all messages of a prompt as one text."""
    return "\n".join(f"[{role}]\n{text}" for role, text in messages_of(prompt))


def show_differences(console: "Terminal", lines: Sequence[str]) -> None:
    """Print the lines of a unified diff."""
    from rich.text import Text  # noqa: PLC0415  # what --help does not need

    from groundwire_server.cli.console import printable  # noqa: PLC0415

    styles = {"+": "green", "-": "red", "@": "cyan"}
    for number, line in enumerate(lines):
        style = "bold" if number < 2 else styles.get(line[:1], "")
        console.print(Text(printable(line), style=style), no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
