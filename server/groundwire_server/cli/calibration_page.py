"""The page of a calibration: what each threshold would decline and let through."""

from html import escape

from groundwire_server.cli.bench import page, svg
from groundwire_server.evaluation.calibration import Calibration
from groundwire_server.evaluation.thresholds import Levels, Rate, errors

_STEPS = 100
_ROWS = 20
_DECLINED, _LET_THROUGH = "declined, though answerable", "let through, though unanswerable"
_NOTE = (
    "Over the half of the questions that the threshold was not fitted on. Moving it to the right declines more "
    "questions that the documents answer, to the left lets more through that they do not."
)


def html(calibration: Calibration, held_out: Levels) -> str:
    """The whole page.

    Args:
        calibration: what was fitted.
        held_out: of the half that was not fitted on.
    """
    threshold = calibration.min_relevance
    curves = [
        svg.Curve(_DECLINED, _shares(held_out, refused=True), "product"),
        svg.Curve(_LET_THROUGH, _shares(held_out, refused=False), "product second"),
    ]
    mark = svg.Mark(f"fitted: {threshold:.3f}", threshold)
    chart = svg.shares(curves, mark, "Share of the questions by the threshold")
    lead = (
        f"<p>Route {escape(calibration.route)}, embedder {escape(calibration.fitting.model or 'none')}, "
        f"seed {calibration.seed}: {threshold:.3f} declines {_told(calibration.held_out.refused)} "
        f"answerable questions and lets through {_told(calibration.held_out.let_through)} unanswerable ones.</p>"
    )
    rows = []
    for step in range(_ROWS + 1):
        found = errors(*held_out, step / _ROWS)
        rows.append((f"{step / _ROWS:.2f}", _told(found.refused), _told(found.let_through)))
    head = ("threshold", _DECLINED, _LET_THROUGH)
    sections = [page.section("Errors by threshold", f"<figure>{chart}{svg.names(curves)}</figure>", note=_NOTE)]
    sections.append(page.section("In numbers", page.table(head, rows)))
    return page.page("groundwire calibration", lead, None, sections)


def _shares(levels: Levels, *, refused: bool) -> list[float]:
    """The share of errors at each of the thresholds from 0 to 1."""
    found = [errors(*levels, step / _STEPS) for step in range(_STEPS + 1)]
    return [(each.refused if refused else each.let_through).share for each in found]


def _told(rate: Rate) -> str:
    return f"{rate.share:.1%} of {rate.of}"
