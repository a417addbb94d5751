"""Routes whose threshold was fitted on questions."""

from dataclasses import replace

from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.policy import Policy
from groundwire_server.evaluation import calibration
from groundwire_server.evaluation.calibration import Fitting
from groundwire_server.pipeline.relevance import RULE


def calibrated(name: str, route: RouteConfig, store: Store) -> Policy:
    """The policy of a route, with the threshold that was fitted for it, if one was.

    Raises:
        SetupError: when it was fitted with another embedder, or relevance was computed otherwise then.
    """
    policy = route.policy(name)
    file = route.thresholds.calibration
    if file is None:
        return policy
    fitted, used = calibration.read(file), fitting(store)
    where = f"routes.{name}.thresholds.calibration: {file}"
    if (fitted.fitting.hash, fitted.fitting.model) != (used.hash, used.model):
        theirs, ours = (each.model or "no embedder" for each in (fitted.fitting, used))
        raise SetupError(
            f"{where} was fitted with {theirs}, and the route has {ours}: run `groundwire calibrate` again"
        )
    if fitted.fitting.rule != used.rule:
        raise SetupError(f"{where} was fitted when relevance was computed otherwise: run `groundwire calibrate` again")
    if fitted.fitting.sentence_vectors != used.sentence_vectors:
        theirs, ours = ("with" if each.sentence_vectors else "without" for each in (fitted.fitting, used))
        advice = "run `groundwire calibrate` again"
        raise SetupError(f"{where} was fitted {theirs} vectors of sentences, and the store is {ours} them: {advice}")
    return replace(policy, min_relevance=fitted.min_relevance)


def fitting(store: Store) -> Fitting:
    """What relevance is made of over a store."""
    embedder = store.embedder
    if embedder is None:
        return Fitting(RULE, store.vectorizer)
    return Fitting(RULE, embedder.model, embedder.dimensions, store.sentence_vectors is not None)
