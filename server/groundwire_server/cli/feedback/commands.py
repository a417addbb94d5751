"""The commands of `groundwire feedback`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects

# What the commands need is imported in them: --help does not need it.


class ListedRating(StrEnum):
    """A rating to list, as typed."""

    UP = "up"
    DOWN = "down"


class CaseFormat(StrEnum):
    """What an export writes."""

    CASES = "cases"
    QUESTIONS = "questions"
    STATEMENTS = "statements"


class CaseSource(StrEnum):
    """Where the labels to export come from, as typed."""

    REVIEW = "review"
    FEEDBACK = "feedback"


Route: TypeAlias = Annotated[str, typer.Option(metavar="NAME", help="The route; default: all.")]


@connects
def list_(
    connection: ConnectionOptions,
    route: Route = "",
    rating: Annotated[
        ListedRating | None, typer.Option(metavar="RATING", help="up or down; default: all.", case_sensitive=False)
    ] = None,
    limit: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="The most to list.")] = 100,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of each call.")] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, in protobuf's mapping.")] = False,
) -> None:
    """List what callers of your tenant have said of answers, the newest first. Needs the role operator.

    Elsewhere than on a terminal it prints time, rating, faults, route, request and trace between tabs, and no texts.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.feedback.listing import print_feedback  # noqa: PLC0415

    chosen = "" if rating is None else rating.name
    with failures_stop(), connect(connection, timeout=timeout) as client:
        print_feedback(
            client.list_feedback(route=route, rating=chosen, page_size=min(limit, 1000)), limit, as_json=json
        )


@connects
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, which you alone may read.")],
    connection: ConnectionOptions,
    format_: Annotated[
        CaseFormat,
        typer.Option(
            "--format",
            metavar="FORMAT",
            case_sensitive=False,
            help="cases: all that is known, a JSON object a line; questions: for `groundwire eval` and `calibrate "
            "route`; statements: for `groundwire eval` and `calibrate checker`.",
        ),
    ] = CaseFormat.CASES,
    route: Route = "",
    source: Annotated[
        CaseSource | None,
        typer.Option(
            metavar="SOURCE",
            case_sensitive=False,
            help="review: what reviewers have decided; feedback: what callers have said; default: both.",
        ),
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Export what was said from then on: a date, a time, or 30d.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Export what was said before then; default: now.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of the export.")] = 600.0,
) -> None:
    """Export answers that reviewers or callers have judged, as labelled cases. Needs the role operator.

    Only answers that were kept can be exported, with those of their passages that you may see. The file holds
    questions, passages and answers. It appears whole at the end, or not at all.
    """
    from groundwire_server.cli.calls import connect, failures_stop  # noqa: PLC0415
    from groundwire_server.cli.feedback.export import print_summary, write_cases  # noqa: PLC0415
    from groundwire_server.cli.times import moment_of  # noqa: PLC0415

    begin, end = moment_of(since, "since"), moment_of(until, "until")
    sources = () if source is None else (source.name,)
    with failures_stop(), connect(connection, timeout=timeout) as client:
        cases = client.export_cases(since=begin, until=end, route=route, sources=sources, timeout=timeout)
        written = write_cases(cases, file, format_.value, overwrite=force)
    print_summary(written, file, format_.value)
