"""Routes whose threshold was fitted on questions."""

from dataclasses import replace

from groundwire_server.app.configuration.models.routes import Route
from groundwire_server.domain.failure import Unusable
from groundwire_server.domain.policy import Policy
from groundwire_server.evaluation import calibration
from groundwire_server.evaluation.calibration import Fitting
from groundwire_server.pipeline.relevance import RULE
from groundwire_server.ports.embedder import Embedder


def calibrated(name: str, route: Route, embedder: Embedder | None) -> Policy:
    """The policy of a route, with the threshold that was fitted for it, if one was.

    Raises:
        Unusable: when it was fitted with another embedder, or relevance was computed otherwise then.
    """
    policy = route.policy(name)
    file = route.thresholds.calibration
    if file is None:
        return policy
    fitted, used = calibration.read(file), fitting(embedder)
    where = f"routes.{name}.thresholds.calibration: {file}"
    if (fitted.fitting.hash, fitted.fitting.model) != (used.hash, used.model):
        theirs, ours = (each.model or "no embedder" for each in (fitted.fitting, used))
        raise Unusable(f"{where} was fitted with {theirs}, and the route has {ours}: run `groundwire calibrate` again")
    if fitted.fitting.rule != used.rule:
        raise Unusable(f"{where} was fitted when relevance was computed otherwise: run `groundwire calibrate` again")
    return replace(policy, min_relevance=fitted.min_relevance)


def fitting(embedder: Embedder | None) -> Fitting:
    """What relevance is made of with an embedder."""
    return Fitting(RULE) if embedder is None else Fitting(RULE, embedder.model, embedder.dimensions)
