"""`groundwire experiments list`."""

from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.arguments import Json, Timeout
from groundwire_server.cli.connection import ConnectionOptions, connects

if TYPE_CHECKING:
    # Imports what --help does not need.
    from groundwire.v1.experiment_service_pb2 import Experiment


@connects
def list_experiments(
    connection: ConnectionOptions,
    route: Annotated[str, typer.Option(metavar="NAME", help="Those of this route; by default of all.")] = "",
    most: Annotated[int, typer.Option("--most", min=1, metavar="N", help="Experiments to print at most.")] = 50,
    timeout: Timeout = 30.0,
    json: Json = False,
) -> None:
    """List the experiments of a running server, those that began last first, with the arms that have ended and why.

    Needs an operator of the managing tenant. Elsewhere than on a terminal it prints name, state, route, share of units
    in percent, start, end, actor and fault between tabs.
    """
    from itertools import islice  # noqa: PLC0415

    from google.protobuf import json_format  # noqa: PLC0415

    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415

    with failures_stop(), connect(connection, timeout=timeout) as client:
        for found in islice(client.experiments(route, page_size=min(most, 1000)), most):
            if json:
                print(json_format.MessageToJson(found, indent=None))
            else:
                _print(found)


def _print(experiment: "Experiment") -> None:
    from rich.text import Text  # noqa: PLC0415  # as above

    from groundwire_server.cli.console import Terminal, one_line  # noqa: PLC0415
    from groundwire_server.cli.experiments.lines import state_line, state_word  # noqa: PLC0415
    from groundwire_server.cli.times import printed  # noqa: PLC0415

    console = Terminal()
    if not console.is_terminal:
        start, end = experiment.start_time.ToJsonString(), ""
        if experiment.HasField("end_time"):
            end = experiment.end_time.ToJsonString()
        percent = f"{experiment.traffic_percent:g}"
        fields = (experiment.name, state_word(experiment), experiment.route, percent, start, end, experiment.actor)
        print("\t".join(map(one_line, (*fields, experiment.fault))))
        return
    console.hang(Text(), Text(one_line(state_line(experiment)), style="bold"))
    console.hang(
        Text("  "),
        Text(one_line(f"changed by {experiment.actor or 'the service'}; etag {experiment.etag}"), style="dim"),
    )
    for ended in experiment.ended_arms:
        who = ended.actor or f"the guard on {ended.guard}"
        why = f": {ended.reason}" if ended.reason else ""
        console.hang(Text("  "), Text(one_line(f"{ended.arm} ended at {printed(ended.time)} by {who}{why}")))
    if experiment.fault:
        console.hang(Text("  "), Text(one_line(experiment.fault), style="red"))
