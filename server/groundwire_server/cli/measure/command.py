"""`groundwire measure`."""

from typing import Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects


@connects
def measure(
    connection: ConnectionOptions,
    route: Annotated[str, typer.Option(metavar="NAME", help="The route to measure; default: all.")] = "",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Count answers from then on: a date, a time, or 30d for 30 days ago.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Count answers before then; default: now.")] = "",
    within: Annotated[
        float,
        typer.Option(
            metavar="SHARE", min=0.001, max=0.5, help="How near the ends of the interval should be, such as 0.02."
        ),
    ] = 0.02,
    confidence: Annotated[
        float, typer.Option(metavar="SHARE", min=0.5, max=0.9999, help="The confidence of the intervals.")
    ] = 0.95,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the call.")] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Say how many of the answers that left are wrong, from the samples that reviewers have decided.

    Answers that left are sampled as a route's `review.sample_share` says, and decided without their verdicts in
    sight. For each route and weakest verdict, and for all together, it prints how many were wrong, an interval for the
    share among all answers (Clopper-Pearson), and how many more must be decided for its ends to be near enough.

    Needs the role operator. Elsewhere than on a terminal it prints route, verdict, samples, decided, wrong, share, both
    ends and how many more between tabs; the last line is the total.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.measure.page import print_measured, tally_of, written  # noqa: PLC0415
    from groundwire_server.cli.times import moment_of  # noqa: PLC0415
    from groundwire_server.evaluation.sampled_wrong import wrong_shares  # noqa: PLC0415

    begin, end = moment_of(since, "since"), moment_of(until, "until")
    with failures_stop(), connect(connection, timeout=timeout) as client:
        rows = client.measure_reviews(since=begin, until=end, route=route)
    found = wrong_shares([tally_of(row) for row in rows], within, confidence)
    if json:
        print(written(found, within, confidence))
    else:
        print_measured(found, within, confidence)
