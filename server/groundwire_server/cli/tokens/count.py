"""`groundwire tokens count`."""

import json as json_format
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.arguments import Config
from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.app.configuration.models.configuration import Configuration
    from groundwire_server.ports.tokens import TokenCounter


def count(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Text files; - is the standard input.")],
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="ALIAS", help="Count for this model; repeatable; default: for every model."),
    ] = None,
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a count.")] = False,
) -> None:
    """Count the tokens of texts, as the server counts them for the models of its configuration.

    A count by a model's own vocabulary is exact; an estimate is marked as one.
    """
    from groundwire_server.cli.configured import configuration_from, known_model  # noqa: PLC0415  # what --help does not need
    from groundwire_server.cli.console import Terminal  # noqa: PLC0415

    configuration = configuration_from(config)
    counters = {
        known_model(alias, configuration): _counter(alias, configuration) for alias in model or configuration.models
    }
    console = Terminal()
    for file in files:
        text = _read(file)
        for alias, counter in counters.items():
            tokens = counter.count(text)
            if json:
                found = {
                    "file": file,
                    "model": alias,
                    "tokens": tokens,
                    "counter": counter.name,
                    "exact": counter.exact,
                }
                print(json_format.dumps(found, ensure_ascii=False))
            else:
                said = "" if counter.exact else ", estimated"
                console.print(f"{tokens:>9,}  {file}  {alias} ({counter.name}{said})")


def _counter(alias: str, configuration: "Configuration") -> "TokenCounter":
    from groundwire_server.app.token_counts import counter_for  # noqa: PLC0415  # brings what reads vocabularies
    from groundwire_server.domain.failure import SetupError  # noqa: PLC0415

    try:
        return counter_for(alias, configuration)
    except (SetupError, ImportError) as unusable:
        raise CommandError(ExitCode.USAGE, f"models.{alias}.tokens: {unusable}") from None


def _read(file: str) -> str:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as failed:
        raise CommandError(ExitCode.USAGE, f"{file} cannot be read: {failed.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError(ExitCode.USAGE, f"{file} is not UTF-8 text: convert it first") from None
