"""`groundwire calibrate checker`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.evaluation.checker_calibration import CheckerCalibration
    from groundwire_server.evaluation.thresholds import Rate


def calibrate_checker(
    statements: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON with `passages` and `statements`, each `supported` or not."),
    ],
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration; else GROUNDWIRE_CONFIG, else groundwire.yaml here."),
    ] = None,
    checker: Annotated[
        str | None, typer.Option(metavar="NAME", help="The checker whose thresholds are fitted; the only one if unset.")
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="The seed that draws the half of the statements to fit on.")
    ] = 7,
    max_accepted: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="The largest share of unsupported statements that count as entailed.",
        ),
    ] = 0.05,
    max_refused: Annotated[
        float,
        typer.Option(
            metavar="SHARE", min=0.0, max=1.0, help="The largest share of supported ones that count as unsupported."
        ),
    ] = 0.05,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The file to write the calibration to.")] = Path(
        "checker.json"
    ),
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with the error rates of every threshold.")
    ] = None,
) -> None:
    """Fit a checker's thresholds on statements of which you know whether their passages support them.

    Asks the checker about each statement, as the server does. Half of the passages, drawn by the seed, choose the
    thresholds; the other half judges them. Prints both error rates: supported statements that count as unsupported, and
    unsupported ones that count as entailed. What lies between the thresholds is undecided, and left to the rules.

    Ends with 2 on wrong usage, with 4 when the statements are too few, or the checker fails or cannot tell them apart.
    """
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.configured import loaded_from  # noqa: PLC0415
    from groundwire_server.domain.failure import SetupError  # noqa: PLC0415

    configuration = loaded_from(Sources.found(config, os.environ)).configuration
    name = _chosen(checker, tuple(configuration.checkers))
    for written in (output, html):
        if written is not None and not written.parent.is_dir():
            said = f"cannot write {written}: there is no folder {written.parent}; name another file"
            raise CommandError(ExitCode.USAGE, said)
    from groundwire_server.app.checker_calibration import CheckerCalibrationRequest  # noqa: PLC0415  # brings clients
    from groundwire_server.app.checker_calibration import calibrate_checker as fit_thresholds  # noqa: PLC0415
    from groundwire_server.cli.calibrate.checker_page import html as page_of  # noqa: PLC0415
    from groundwire_server.evaluation.checker_calibration import write  # noqa: PLC0415

    try:
        request = CheckerCalibrationRequest(name, statements, seed, max_accepted, max_refused)
        found, held_out = fit_thresholds(configuration, request, _progress)
        write(output, found)
        if html is not None:
            html.write_text(page_of(found, held_out), encoding="utf-8")
    except (SetupError, ImportError) as wrong:
        raise CommandError(ExitCode.FAILED, str(wrong)) from None
    except OSError as failed:
        raise CommandError(ExitCode.FAILED, f"{failed.filename or output} cannot be used: {failed.strerror}") from None
    _print(found, output)
    if html is not None:
        typer.echo(f"wrote {html}")


def _chosen(wanted: str | None, known: tuple[str, ...]) -> str:
    from groundwire_server.app.configuration.errors import not_among  # noqa: PLC0415  # as above

    if wanted is None and len(known) == 1:
        return known[0]
    if wanted is None:
        said = f"say which, with --checker: {', '.join(sorted(known))}" if known else "the configuration has no checker"
        raise CommandError(ExitCode.USAGE, said)
    if wanted not in known:
        said = not_among(wanted, known, "no checker has this name")
        raise CommandError(ExitCode.USAGE, f"--checker {wanted}: {said}")
    return wanted


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\rrated {done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _print(found: "CheckerCalibration", output: Path) -> None:
    thresholds = found.thresholds
    typer.echo(f"thresholds entailed from {thresholds.entailed_from:.3f}, unsupported", nl=False)
    typer.echo(f" below {thresholds.unsupported_below:.3f}, seed {found.seed}")
    typer.echo(f"checker    {found.checker} ({found.fingerprint})")
    for half, errors in (("fitted on", found.fitted), ("held out", found.held_out)):
        typer.echo(f"{half:10} supported, but refused     {_rate(errors.refused)}")
        typer.echo(f"{'':10} unsupported, but accepted  {_rate(errors.accepted)}")
        typer.echo(f"{'':10} undecided                  {_rate(errors.undecided)}")
    typer.echo("held out, judged wrongly by kind:")
    for (kind, supported), rate in sorted(found.kinds.items(), key=lambda each: (not each[0][1], each[0][0])):
        word = "supported" if supported else "unsupported"
        typer.echo(f"  {word:11} {rate.share:>6.1%} of {rate.of:<5} {kind}")
    typer.echo(f"wrote {output}; name it in the checker:")
    typer.echo(f"  thresholds: {{calibration: {output}}}")


def _rate(rate: "Rate") -> str:
    low, high = rate.interval
    return f"{rate.share:>6.1%} of {rate.of} ({low:.1%} to {high:.1%})"
