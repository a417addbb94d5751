"""`groundwire prompts promote` and `groundwire prompts rollback`."""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from groundwire_server.cli.arguments import Json, Reason, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.prompts.arguments import Folder, Label, Version, numbered
from groundwire_server.cli.prompts.folders import faults_stop
from groundwire_server.domain.prompts.registry import PRODUCTION

if TYPE_CHECKING:
    # Imports what --help does not need.
    import groundwire
    from groundwire.v1.prompt_service_pb2 import PromptLabel

_EVERYWHERE: Final = "every process of the server uses it within two seconds"
_RELOADED: Final = "servers take it in with the folder"


@connects
def promote(
    connection: ConnectionOptions,
    version: Version,
    label: Label = PRODUCTION,
    expect: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Change nothing unless the label points at this version now."),
    ] = None,
    reason: Reason = "",
    folder: Folder = None,
    timeout: Timeout = 30.0,
    json: Json = False,
) -> None:
    """Point a label at a version: every route that follows the label uses it. `production` by default.

    On a running server it needs an operator of the managing tenant, and is in force on every process within two
    seconds; calls in flight end with the prompt that they began with. The server refuses a version that a route cannot
    use.
    """
    name, number = numbered(version)
    if folder is not None:
        from groundwire_server.app.prompt_labels import LabelsFile  # noqa: PLC0415  # what --help does not need

        with faults_stop():
            labels = LabelsFile(folder)
            now = labels.current(name, label)
            if expect is not None and now != expect:
                raise CommandError(ExitCode.FAILED, f"{label} of {name} points at {now or 'nothing'}")
            change = labels.promote(name, number, label, reason)
        if json:
            print(change)
        else:
            _show(name, label, change.previous, number, _RELOADED)
        return
    from google.protobuf import json_format  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        done = client.set_prompt_label(name, label, number, expected=expect, reason=reason)
    if json:
        print(json_format.MessageToJson(done, indent=None))
    else:
        _show(name, label, done.label.previous_version, number, _EVERYWHERE)


@connects
def rollback(
    connection: ConnectionOptions,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The prompt, such as answer.")],
    label: Label = PRODUCTION,
    reason: Reason = "",
    folder: Folder = None,
    timeout: Timeout = 30.0,
    json: Json = False,
) -> None:
    """Point a label at the version that it pointed at before; a second time goes back further.

    On a running server it needs an operator of the managing tenant, and is in force on every process within two
    seconds.
    """
    if folder is not None:
        from groundwire_server.app.prompt_labels import LabelsFile  # noqa: PLC0415  # what --help does not need

        with faults_stop():
            change = LabelsFile(folder).roll_back(name, label, reason)
        if json:
            print(change)
        else:
            _show(name, label, change.previous, change.version, _RELOADED)
        return
    from google.protobuf import json_format  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        before = _label(client, name, label)
        # As it was seen: of two who go back at once, one does.
        done = client.roll_back_prompt(name, label, expected=before.version, reason=reason)
    if json:
        print(json_format.MessageToJson(done, indent=None))
    else:
        _show(name, label, before.version, done.label.version, _EVERYWHERE)


def _label(client: "groundwire.SyncClient", name: str, label: str) -> "PromptLabel":
    """Return a label as it is now.

    Raises:
        CommandError: when there is none, or it has nothing to go back to.
    """
    (prompt,) = client.prompts(name).prompts
    found = next((each for each in prompt.labels if each.label == label), None)
    if found is None:
        raise CommandError(ExitCode.INCOMPLETE, f"{name} has no label {label}: `groundwire prompts list` shows them")
    if not found.previous_version:
        raise CommandError(
            ExitCode.INCOMPLETE, f"{label} of {name} points at {found.version}, and at nothing before it"
        )
    return found


def _show(name: str, label: str, before: str, after: str, then: str) -> None:
    if before == after:
        print(f"{name}: {label} {after}, as it was")
        return
    print(f"{name}: {label} {before} -> {after}" if before else f"{name}: {label} -> {after}")
    print(then, file=sys.stderr)
