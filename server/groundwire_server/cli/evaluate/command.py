"""`groundwire eval`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.connection import ConnectionOptions, connects
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.domain.failure import SetupError

if TYPE_CHECKING:
    from groundwire_server.evaluation.gates import Gate

_MOST_PARALLEL = 64


@connects
def run(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Questions as JSON lines or SQuAD 2.0, labelled statements or texts, or recordings; several at once. "
            "A folder stands for the recordings in it.",
        ),
    ],
    connection: ConnectionOptions,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Answer within this process instead of asking a server.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration of --in-process, which it implies, and of guards."),
    ] = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="The route to ask.")] = "default",
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Principal to ask as, such as a group; repeatable.")
    ] = None,
    parallel: Annotated[
        int, typer.Option(min=1, max=_MOST_PARALLEL, metavar="N", help="How many questions are asked at once.")
    ] = 4,
    timeout: Annotated[float, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of each call.")] = 30.0,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Record what comes back; a run that was stopped goes on where the file ends."
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Ask the questions of recordings again, to compare with what was recorded.")
    ] = False,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result as JSON; `-` prints it.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with the figures and plots.")] = None,
    wrong: Annotated[
        int, typer.Option(min=0, metavar="N", help="Print up to N of what went wrong in each way, with its texts.")
    ] = 0,
    wrong_texts: Annotated[
        bool, typer.Option("--wrong-texts", help="With --wrong, print the texts for guards too, not their ids alone.")
    ] = False,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="M=VALUE", help="End with 6 when measure M is below a value; repeatable."),
    ] = None,
    fail_over: Annotated[
        list[str] | None,
        typer.Option(metavar="M=VALUE", help="End with 6 when measure M is above a value; repeatable."),
    ] = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Thresholds as YAML, a line such as `answers/contains: {at_least: 0.9}`."),
    ] = None,
) -> None:
    """Measure searches, answers, abstentions, verdicts, guards, times and costs on labelled data.

    Asks each question of a server, or within this process, and searches for it too. Statements are checked by this
    version's checker, and texts by the guards of the configuration, within this process. What was recorded is not
    asked again: the same recording always gives the same result.

    Ends with 0, with 1 when calls failed, with 2 for a file or option that cannot be used, and with 6 when a measure
    misses its threshold.
    """
    from groundwire_server.cli.evaluate.run import EvaluationPlan, Outputs, evaluation  # noqa: PLC0415  # numpy, for one

    for written in (record, html, json):
        _check_folder(written)
    asked = config if config is not None else in_process
    with unusable_stops():
        gates = _gates(fail_under, fail_over, thresholds)
        plan = EvaluationPlan(tuple(files), asked, route, tuple(principal or ()), parallel, timeout, record, again)
        code = evaluation(plan, connection, Outputs(json, html, wrong, wrong_texts), gates)
    if code is not ExitCode.OK:
        raise typer.Exit(code)


def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE.json", help="The result to compare with.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER.json", help="The newer result.")],
    slice_label: Annotated[str, typer.Option("--slice", metavar="LABEL", help="Compare this slice alone.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    fail_if_worse: Annotated[
        bool, typer.Option("--fail-if-worse", help="End with 6 when a measure is worse beyond noise.")
    ] = False,
) -> None:
    """Compare two results, measure by measure, over the items that both have.

    A change is better or worse when its whole 95 % confidence interval, from a paired bootstrap, is on one side of
    zero; else it is within noise.
    """
    from json import dumps  # noqa: PLC0415  # imports what --help does not need

    from groundwire_server.cli.evaluate.lines import comparison_lines  # noqa: PLC0415
    from groundwire_server.evaluation.comparison import compare as compared  # noqa: PLC0415
    from groundwire_server.evaluation.comparison import read_result  # noqa: PLC0415

    with unusable_stops():
        found = compared(read_result(before), read_result(after), slice_label)
    print(dumps(found.facts(), indent=2) if json else "\n".join(comparison_lines(found)))
    if fail_if_worse and any(each.verdict == "worse" for each in found.differences):
        raise typer.Exit(ExitCode.MISSED)


@contextmanager
def unusable_stops() -> Iterator[None]:
    """End the command with a line for a file or an option that cannot be used.

    Raises:
        CommandError: when there is one.
    """
    try:
        yield
    except SetupError as wrong:
        raise CommandError(ExitCode.USAGE, str(wrong)) from None


def _gates(under: list[str] | None, over: list[str] | None, thresholds: Path | None) -> "list[Gate]":
    from groundwire_server.evaluation.gates import gate_of, gates_of  # noqa: PLC0415

    found = [gate_of(written, "at_least") for written in under or ()]
    found += [gate_of(written, "at_most") for written in over or ()]
    return found if thresholds is None else [*found, *gates_of(thresholds)]


def _check_folder(written: Path | None) -> None:
    if written is not None and not written.parent.is_dir():
        said = f"cannot write {written}: there is no folder {written.parent}; name another file"
        raise CommandError(ExitCode.USAGE, said)
