"""What is asked of routes beyond the shape of their sections: files that they name."""

from collections.abc import Iterator, Mapping

from groundwire_server.app.configuration.models.routes import Route
from groundwire_server.app.configuration.problems import Problem
from groundwire_server.domain.failure import SetupError
from groundwire_server.evaluation import calibration


def unusable_calibrations(routes: Mapping[str, Route]) -> Iterator[Problem]:
    """Yield a problem for each calibration that cannot be read."""
    for name, route in routes.items():
        if route.thresholds.calibration is not None:
            try:
                calibration.read(route.thresholds.calibration)
            except SetupError as wrong:
                yield Problem(("routes", name, "thresholds", "calibration"), str(wrong))
