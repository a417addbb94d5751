"""The page of a checker's calibration: the error rates of each threshold, and of each kind of statement."""

import htpy as h

from groundwire_server.cli.pages import charts
from groundwire_server.cli.pages.page import page, section, table
from groundwire_server.domain.entailment import EntailmentThresholds
from groundwire_server.evaluation.checker_calibration import CheckerCalibration
from groundwire_server.evaluation.checker_thresholds import Ratings, errors_of
from groundwire_server.evaluation.thresholds import Rate

_STEPS = 100
_REFUSED, _ACCEPTED = "supported, but below it", "unsupported, but at or above it"
_NOTE = (
    "On the half of the statements that the thresholds were not fitted on. A sentence at or above the upper threshold "
    "counts as entailed, one below the lower as unsupported; between them the rules decide."
)


def html(calibration: CheckerCalibration, held_out: Ratings) -> str:
    """Return the whole page.

    Args:
        calibration: the fitted thresholds.
        held_out: the ratings of the half that they were not fitted on.
    """
    thresholds = calibration.thresholds
    rates = [errors_of(held_out, EntailmentThresholds(step / _STEPS, step / _STEPS)) for step in range(_STEPS + 1)]
    curves = [
        charts.Curve(_REFUSED, [each.refused.share for each in rates], "product"),
        charts.Curve(_ACCEPTED, [each.accepted.share for each in rates], "product second"),
    ]
    mark = charts.Mark(f"entailed from {thresholds.entailed_from:.3f}", thresholds.entailed_from)
    chart = charts.shares(curves, mark, "threshold", "Error rates by threshold")
    lead = (
        f"Checker {calibration.checker} ({calibration.fingerprint}), seed {calibration.seed}: entailed from "
        f"{thresholds.entailed_from:.3f}, unsupported below {thresholds.unsupported_below:.3f}. Of the supported "
        f"statements {_text(calibration.held_out.refused)} count as unsupported, of the unsupported ones "
        f"{_text(calibration.held_out.accepted)} as entailed; {_text(calibration.held_out.undecided)} are undecided."
    )
    rows = (
        (kind, "supported" if supported else "unsupported", _text(rate), _interval(rate))
        for (kind, supported), rate in sorted(calibration.kinds.items())
    )
    sections = [
        section("Error rates by threshold", h.figure[chart, charts.names(curves)], note=_NOTE),
        section("Judged wrongly, by kind", table(("kind", "is", "judged wrongly", "95 % interval"), rows)),
    ]
    return page("groundwire calibration of a checker", h.p[lead], sections)


def _text(rate: Rate) -> str:
    return f"{rate.share:.1%} of {rate.of}"


def _interval(rate: Rate) -> str:
    low, high = rate.interval
    return f"{low:.1%} to {high:.1%}"
