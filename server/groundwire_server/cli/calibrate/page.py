"""The page of a calibration: the error rates of each threshold."""

import htpy as h

from groundwire_server.cli.pages import charts
from groundwire_server.cli.pages.page import page, section, table
from groundwire_server.evaluation.calibration import Calibration
from groundwire_server.evaluation.thresholds import Rate, Relevances, error_rates

_STEPS = 100
_ROWS = 20
_REFUSED, _LET_THROUGH = "answerable, but refused", "unanswerable, but let through"
_NOTE = (
    "On the half of the questions that the threshold was not fitted on. A higher threshold refuses more questions that "
    "the documents answer, a lower one lets more through that they do not."
)


def html(calibration: Calibration, held_out: Relevances) -> str:
    """Return the whole page.

    Args:
        calibration: the fitted threshold.
        held_out: the relevances of the half that it was not fitted on.
    """
    threshold = calibration.min_relevance
    rates = [error_rates(*held_out, step / _STEPS) for step in range(_STEPS + 1)]
    curves = [
        charts.Curve(_REFUSED, [each.refused.share for each in rates], "product"),
        charts.Curve(_LET_THROUGH, [each.let_through.share for each in rates], "product second"),
    ]
    mark = charts.Mark(f"fitted: {threshold:.3f}", threshold)
    chart = charts.shares(curves, mark, "threshold", "Error rates by threshold")
    lead = (
        f"Route {calibration.route}, {calibration.basis.source}, seed {calibration.seed}: "
        f"{threshold:.3f} refuses {_text(calibration.held_out.refused)} answerable questions and lets "
        f"{_text(calibration.held_out.let_through)} unanswerable ones through."
    )
    rows = (
        (f"{step / _STEPS:.2f}", _text(rates[step].refused), _text(rates[step].let_through))
        for step in range(0, _STEPS + 1, _STEPS // _ROWS)
    )
    sections = [
        section("Error rates by threshold", h.figure[chart, charts.names(curves)], note=_NOTE),
        section("In numbers", table(("threshold", _REFUSED, _LET_THROUGH), rows)),
    ]
    return page("groundwire calibration", h.p[lead], sections)


def _text(rate: Rate) -> str:
    return f"{rate.share:.1%} of {rate.of}"
