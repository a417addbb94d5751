"""`groundwire prompts history`."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.arguments import Json, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.prompts.arguments import Folder
from groundwire_server.cli.prompts.folders import faults_stop

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire.v1.prompt_service_pb2 import PromptChange
    from groundwire_server.app.prompt_labels import LabelChange


@connects
def history(
    connection: ConnectionOptions,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A prompt; by default all.")] = "",
    most: Annotated[int, typer.Option("--most", min=1, metavar="N", help="Changes to print at most.")] = 50,
    folder: Folder = None,
    timeout: Timeout = 30.0,
    json: Json = False,
) -> None:
    """List the versions that were pushed and the labels that were set, the newest first: when, by whom and why.

    On a running server it needs an operator of the managing tenant. Elsewhere than on a terminal it prints revision,
    time, actor, prompt, label, version, the version before and the reason between tabs.
    """
    if folder is not None:
        from groundwire_server.app.prompt_labels import LabelsFile  # noqa: PLC0415  # what --help does not need

        with faults_stop():
            changes = LabelsFile(folder).history(name)
        for change in reversed(changes[-most:]):
            if json:
                print(change)
            else:
                _print_line(change)
        return
    from google.protobuf import json_format  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        for made in islice(client.prompt_changes(name, page_size=min(most, 1000)), most):
            if json:
                print(json_format.MessageToJson(made, indent=None))
            else:
                _print_change(made)


def _print_change(change: "PromptChange") -> None:
    from groundwire_server.cli.times import printed  # noqa: PLC0415  # as above

    fields = (str(change.revision), change.time.ToJsonString(), change.actor, change.name, change.label, change.version)
    done = (
        _labelled(change.name, change.label, change.version, change.previous_version, rolled_back=change.rolled_back)
        if change.label
        else f"{change.name}/{change.version} pushed"
    )
    said = f"{printed(change.time)} {done} by {change.actor or 'the service'}"
    _print((*fields, change.previous_version, change.reason), f"{change.revision:>6} ", said, change.reason)


def _print_line(change: "LabelChange") -> None:
    fields = ("", change.time, "", change.prompt, change.label, change.version, change.previous, change.reason)
    done = _labelled(change.prompt, change.label, change.version, change.previous, rolled_back=change.rolled_back)
    _print(fields, "", f"{change.time} {done}", change.reason)


def _labelled(prompt: str, label: str, version: str, previous: str, *, rolled_back: bool) -> str:
    said = [f"{prompt}: {label}", *(["rolled back"] if rolled_back else []), *([previous] if previous else [])]
    return " ".join([*said, "->", version])


def _print(fields: tuple[str, ...], lead: str, said: str, reason: str) -> None:
    from rich.text import Text  # noqa: PLC0415  # as above

    from groundwire_server.cli.console import Terminal, one_line  # noqa: PLC0415

    console = Terminal()
    if not console.is_terminal:
        print("\t".join(map(one_line, fields)))
        return
    console.hang(Text(lead, style="bold"), Text(one_line(said)))
    if reason:
        console.hang(Text(" " * len(lead)), Text(one_line(reason), style="dim"))
