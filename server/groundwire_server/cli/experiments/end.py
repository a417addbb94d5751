"""`groundwire experiments end`."""

from typing import Annotated

import typer

from groundwire_server.cli.arguments import Json, Reason, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects


@connects
def end(
    connection: ConnectionOptions,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The experiment.")],
    arm: Annotated[str, typer.Option(metavar="ARM", help="End this arm alone; by default all end.")] = "",
    reason: Reason = "",
    timeout: Timeout = 30.0,
    json: Json = False,
) -> None:
    """End an experiment on a running server, or one of its arms. Needs an operator of the managing tenant.

    Calls of an arm that has ended are answered by the route as it is, on every process within two seconds; its results
    stay. What has ended does not begin again. Ending it again changes nothing.
    """
    from google.protobuf import json_format  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.experiments.lines import state_line  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        done = client.end_experiment(name, arm, reason=reason)
    if json:
        print(json_format.MessageToJson(done, indent=None))
        return
    if arm:
        print(f"{arm} has ended")
    print(state_line(done.experiment))
