"""`groundwire calibrate route`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwire_server.cli.connection import DEFAULT_TENANT
from groundwire_server.cli.exits import CommandError, ExitCode

if TYPE_CHECKING:
    from groundwire_server.evaluation.calibration import Calibration
    from groundwire_server.evaluation.thresholds import Rate


def calibrate_route(
    questions: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Questions as JSON lines with `question` and `answerable` or `expected`, or SQuAD 2.0."
        ),
    ],
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration; else GROUNDWIRE_CONFIG, else groundwire.yaml here."),
    ] = None,
    route: Annotated[str, typer.Option(metavar="NAME", help="The route whose threshold is fitted.")] = "default",
    tenant: Annotated[
        str, typer.Option(metavar="NAME", help="The tenant whose documents are searched.")
    ] = DEFAULT_TENANT,
    principal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A principal to search as; repeatable.")
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="The seed that draws the half of the questions to fit on.")
    ] = 7,
    max_refused: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", min=0.0, max=1.0, help="The largest share of answerable questions that may be refused."
        ),
    ] = None,
    reranker: Annotated[
        bool, typer.Option("--reranker", help="Fit the threshold of the ratings of the route's reranker.")
    ] = False,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The file to write the calibration to.")] = Path(
        "calibration.json"
    ),
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with the error rates of every threshold.")
    ] = None,
) -> None:
    """Fit a route's threshold on questions of which you know whether your documents answer them.

    Searches the store with each question, as the route does. Half of the questions, drawn by the seed, choose the
    threshold; the other half judges it. Prints both error rates: answerable questions that are refused, and
    unanswerable ones that reach a model. Without --max-refused both have the same weight.

    With --reranker the threshold is that of the ratings of the route's reranker; without, that of relevance, which
    also decides where a reranker cannot rate.

    Ends with 2 on wrong usage, with 4 when the questions are too few or the store cannot be searched.
    """
    from groundwire_server.app.configuration.errors import not_among  # noqa: PLC0415
    from groundwire_server.app.configuration.load import Sources  # noqa: PLC0415  # imports what --help does not need
    from groundwire_server.cli.configured import loaded_from  # noqa: PLC0415
    from groundwire_server.domain.caller import Caller  # noqa: PLC0415
    from groundwire_server.domain.failure import SetupError  # noqa: PLC0415

    configuration = loaded_from(Sources.found(config, os.environ)).configuration
    if route not in configuration.routes:
        said = not_among(route, configuration.routes, "no route has this name")
        raise CommandError(ExitCode.USAGE, f"--route {route}: {said}")
    for written in (output, html):
        if written is not None and not written.parent.is_dir():
            said = f"cannot write {written}: there is no folder {written.parent}; name another file"
            raise CommandError(ExitCode.USAGE, said)
    try:
        caller = Caller.checked(tenant, "calibrate", principal or ())
    except ValueError as wrong:
        raise CommandError(ExitCode.USAGE, str(wrong)) from None
    from groundwire_server.app.calibration import CalibrationRequest  # noqa: PLC0415  # brings what a server is made of
    from groundwire_server.app.calibration import calibrate as fit_threshold  # noqa: PLC0415
    from groundwire_server.cli.calibrate.page import html as page_of  # noqa: PLC0415
    from groundwire_server.evaluation.calibration import write  # noqa: PLC0415

    try:
        request = CalibrationRequest(route, caller, questions, seed, max_refused, reranker)
        found, held_out = fit_threshold(configuration, request, _progress)
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


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\rsearched {done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _print(found: "Calibration", output: Path) -> None:
    typer.echo(f"threshold  {found.min_relevance:.3f}, seed {found.seed}")
    if found.basis.reranker:
        typer.echo(f"reranker   {found.basis.reranker}")
    else:
        typer.echo(f"embedder   {found.basis.model or 'none'} ({found.basis.hash})")
    for half, rates in (("fitted on", found.fitted), ("held out", found.held_out)):
        typer.echo(f"{half:10} answerable, but refused       {_rate(rates.refused)}")
        typer.echo(f"{'':10} unanswerable, but let through {_rate(rates.let_through)}")
    typer.echo(f"wrote {output}; name it in the route:")
    typer.echo(f"  {'rerank' if found.basis.reranker else 'thresholds'}: {{calibration: {output}}}")


def _rate(rate: "Rate") -> str:
    low, high = rate.interval
    return f"{rate.share:>6.1%} of {rate.of} ({low:.1%} to {high:.1%})"
