"""`groundwire experiments show`."""

from pathlib import Path
from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.outputs import unwritable_stops


@connects
def show(
    connection: ConnectionOptions,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The experiment.")],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC",
            help="Compare this metric alone, such as abstained; may be repeated. Fewer metrics have narrower "
            "intervals: choose them before you look.",
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(metavar="SHARE", min=0.5, max=0.9999, help="With which all differences hold together.")
    ] = 0.95,
    detect: Annotated[
        float,
        typer.Option(
            metavar="SHARE", min=0.001, max=0.5, help="The difference of a share whose needed sample is given."
        ),
    ] = 0.02,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with plots to a file.")] = None,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the call.")] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print a line for each arm and metric, with a header.")] = False,
) -> None:
    """Say what came of an experiment: each arm's metrics with intervals, and how they compare with the control's.

    The intervals hold at every look: stop when you have seen enough. Calls count to the arm that they were assigned to,
    whatever answered them in the end.

    Needs the role operator of the tenant that manages experiments. Elsewhere than on a terminal it prints arm, units,
    calls, metric, then value, difference and relative difference, each with both ends, and how many more units are
    needed, between tabs.
    """
    # Imported here: this imports what --help does not need.
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.experiments.export import as_csv, as_json  # noqa: PLC0415
    from groundwire_server.cli.experiments.results import ShownExperiment  # noqa: PLC0415
    from groundwire_server.cli.experiments.show_page import readout_page  # noqa: PLC0415
    from groundwire_server.cli.experiments.show_table import print_readout  # noqa: PLC0415
    from groundwire_server.domain.experiments.experiment import Metric  # noqa: PLC0415

    if json and csv:
        raise CommandError(ExitCode.USAGE, "--json and --csv exclude each other: choose one")
    known = {each.lower(): each for each in Metric}
    wanted = [each.lower() for each in metric or known]
    if unknown := sorted(set(wanted) - set(known)):
        raise CommandError(
            ExitCode.USAGE, f"--metric {unknown[0]}: there is none of this name; there are {', '.join(known)}"
        )
    with failures_stop(), connect(connection, timeout=timeout) as client:
        shown = ShownExperiment.of(client.experiment(name))
    found = shown.readout([known[each] for each in dict.fromkeys(wanted)], confidence, detect)
    if html is not None:
        with unwritable_stops(html):
            html.write_text(readout_page(shown, found), encoding="utf-8")
    if json:
        print(as_json(shown, found))
    elif csv:
        print(as_csv(found), end="")
    else:
        print_readout(shown, found)
