"""Calibration: fitting the threshold of a route on labelled questions, and applying one that was fitted."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from groundwire_server.adapters.prompts.catalogue import USUAL
from groundwire_server.adapters.records.options import RetentionOptions
from groundwire_server.app import compose
from groundwire_server.app.access import NO_AUTHENTICATION
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.shared import Shared
from groundwire_server.app.parts.store import Store
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.evidence import Scores
from groundwire_server.domain.failure import Failure, Rejection, SetupError
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.question import Question
from groundwire_server.edge.snapshot import ServingSnapshot
from groundwire_server.evaluation import calibration, thresholds
from groundwire_server.evaluation.calibration import Calibration, RelevanceBasis
from groundwire_server.evaluation.inputs.files import read_questions
from groundwire_server.evaluation.items import QuestionItem
from groundwire_server.evaluation.thresholds import Relevances
from groundwire_server.pipeline.relevance import rule
from groundwire_server.ports.recording import unrecorded
from groundwire_server.ports.reranker import Reranker

MIN_QUESTIONS = 10
"""Questions of each kind in each half; with fewer the error rates say nothing."""

_CONCURRENT_SEARCHES = 4
_RERANK_SHARE = 0.9
"""Of the time of a search, which no caller waits for."""

_AGAIN = "run `groundwire calibrate` again"


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """What to fit, and on what.

    Attributes:
        route: the route whose threshold is fitted.
        caller: the caller whose documents are searched.
        questions: the file of labelled questions.
        seed: draws the half to fit on.
        max_refused: the largest share of answerable questions that may be refused; any if None.
        reranker: whether the threshold is that of the reranker's ratings, and not of relevance.
    """

    route: str
    caller: Caller
    questions: Path
    seed: int = 7
    max_refused: float | None = None
    reranker: bool = False


def calibrate(
    configuration: Configuration, request: CalibrationRequest, progress: Callable[[int, int], None]
) -> tuple[Calibration, Relevances]:
    """Search with every question, and fit the threshold on half of them.

    Args:
        configuration: has the route, its store and its embedder.
        request: what to fit.
        progress: called with the number of questions searched and of all questions.

    Returns:
        The calibration, and the relevances of the half that it was not fitted on.

    Raises:
        SetupError: when the questions are too few, or a search fails; the message says what to do.
    """
    if request.reranker and configuration.routes[request.route].rerank is None:
        raise SetupError(f"routes.{request.route} has no reranker: name one in rerank.reranker")
    # A question that is given twice could be in both halves.
    questions = {(item.question, item.is_answerable): item for item in read_questions(request.questions)}
    halves = thresholds.split([*questions.values()], request.seed)
    for half in halves:
        for answerable in (True, False):
            if sum(each.is_answerable is answerable for each in half) < MIN_QUESTIONS:
                kind = "answerable" if answerable else "unanswerable"
                advice = f"give at least {2 * MIN_QUESTIONS + 10} of each kind"
                raise SetupError(f"{request.questions} has too few {kind} questions: {advice}")
    to_fit, held_out, basis = asyncio.run(_search_halves(configuration, request, halves, progress))
    if not any(to_fit[0]):
        advice = f"check that {request.caller.tenant} has documents that these principals may see"
        raise SetupError(f"nothing was found for any answerable question: {advice}")
    threshold = thresholds.fit(*to_fit, request.max_refused)
    fitted = Calibration(
        threshold,
        basis,
        request.route,
        hashlib.sha256(request.questions.read_bytes()).hexdigest(),
        request.seed,
        thresholds.error_rates(*to_fit, threshold),
        thresholds.error_rates(*held_out, threshold),
    )
    return fitted, held_out


def calibrated_policy(
    name: str,
    route: RouteConfig,
    store: Store,
    reranker: Reranker | None,
    retention: RetentionOptions | None = None,
) -> Policy:
    """Return the policy of a route, with the thresholds that were fitted for it, if some were.

    Args:
        name: of the route.
        route: its section.
        store: that it searches.
        reranker: that it asks.
        retention: how long records are kept where the route does not say; None is what is built in.

    Raises:
        SetupError: when a threshold was fitted on another basis than the route has.
    """
    policy = route.policy(name, retention=retention)
    if route.thresholds.calibration is not None:
        policy = replace(policy, min_relevance=_fitted_relevance(name, route.thresholds.calibration, store))
    section = route.rerank
    if section is not None and section.calibration is not None and policy.rerank is not None and reranker is not None:
        fitted = _fitted_rating(name, section.calibration, reranker)
        policy = replace(policy, rerank=replace(policy.rerank, min_rating=fitted))
    return policy


def _fitted_relevance(name: str, file: Path, store: Store) -> float:
    fitted = calibration.read(file)
    theirs, ours = fitted.basis, relevance_basis(store)
    where = f"routes.{name}.thresholds.calibration: {file}"
    if theirs.reranker:
        raise SetupError(f"{where} was fitted on ratings of a reranker: name it in rerank.calibration")
    if theirs.hash != ours.hash:
        models = [each.model or "no embedder" for each in (theirs, ours)]
        raise SetupError(f"{where} was fitted with {models[0]}, and the route has {models[1]}: {_AGAIN}")
    if theirs.rule != ours.rule:
        raise SetupError(f"{where} was fitted with another computation of relevance: {_AGAIN}")
    if theirs.sentence_vectors != ours.sentence_vectors:
        has = ["with" if each.sentence_vectors else "without" for each in (theirs, ours)]
        raise SetupError(f"{where} was fitted {has[0]} sentence vectors, and the store is {has[1]} them: {_AGAIN}")
    return fitted.min_relevance


def _fitted_rating(name: str, file: Path, reranker: Reranker) -> float:
    fitted = calibration.read(file)
    theirs, ours = fitted.basis.reranker, rating_basis(reranker).reranker
    if theirs != ours:
        where = f"routes.{name}.rerank.calibration: {file}"
        said = f"{where} was fitted with {theirs or 'no reranker'}, and the route has {ours}"
        raise SetupError(f"{said}: {_AGAIN} with --reranker")
    return fitted.min_relevance


def relevance_basis(store: Store) -> RelevanceBasis:
    """Return what relevance is computed from over a store."""
    embedder = store.embedder
    if embedder is None:
        return RelevanceBasis(rule(), store.vectorizer)
    return RelevanceBasis(rule(), embedder.model, embedder.dimensions, store.sentence_vectors is not None)


def rating_basis(reranker: Reranker) -> RelevanceBasis:
    """Return what the ratings of a reranker come from."""
    return RelevanceBasis("", reranker=f"{reranker.name}@{reranker.fingerprint}")


async def _search_halves(
    configuration: Configuration,
    request: CalibrationRequest,
    halves: tuple[list[QuestionItem], list[QuestionItem]],
    progress: Callable[[int, int], None],
) -> tuple[Relevances, Relevances, RelevanceBasis]:
    route = request.route
    section = configuration.routes[route]
    lease = Shared().lease()
    try:
        parts = await open_parts(configuration, lease, unrecorded())
        # Nobody waits for an answer: a search that takes long is no error here.
        policy = replace(section.policy(route), retrieval_max=section.time.max_seconds)
        # No model is asked, and the records, which may have its prompt, are not read.
        policy = replace(policy, prompt=USUAL[0], prompt_version=USUAL[1])
        if policy.rerank is not None:
            patient = replace(policy.rerank, share=_RERANK_SHARE, max_seconds=section.time.max_seconds)
            policy = replace(policy, rerank=patient)
        process = compose.Process.begin(unrecorded())
        write_seconds = configuration.server.write_seconds
        snapshot = compose.snapshot({route: (policy, section.store)}, parts, process, NO_AUTHENTICATION, write_seconds)
        every = [*halves[0], *halves[1]]
        best = await _best_relevances(snapshot, request, every, progress)
        middle = len(halves[0])
        to_fit, held_out = (_by_kind(every[half], best[half]) for half in (slice(middle), slice(middle, None)))
        if request.reranker:
            return to_fit, held_out, rating_basis(parts.rerankers[route])
        return to_fit, held_out, relevance_basis(parts.of_route(route, section.store))
    except Failure as failure:
        raise SetupError(f"a search failed: {failure.cause}: run `groundwire doctor` to check the store") from None
    finally:
        await lease.end()


def _by_kind(questions: Sequence[QuestionItem], best: Sequence[float]) -> Relevances:
    kinds = {True: list[float](), False: list[float]()}
    for question, relevance in zip(questions, best, strict=True):
        kinds[question.is_answerable].append(relevance)
    return kinds[True], kinds[False]


async def _best_relevances(
    snapshot: ServingSnapshot,
    request: CalibrationRequest,
    questions: Sequence[QuestionItem],
    progress: Callable[[int, int], None],
) -> list[float]:
    """Return the measure of the best passage for each question."""
    clock = SystemClock()
    best = [0.0] * len(questions)
    queue = iter(enumerate(questions))
    done = 0

    async def search_on() -> None:
        nonlocal done
        for place, each in queue:
            try:
                question = Question(request.route, each.question, f"q{place}")
                inquiry = snapshot.routes.inquiry(question, request.caller, clock.now(), None)
                found = await snapshot.pipeline.search(inquiry)
            except Rejection:
                raise SetupError(f"the route does not accept the question {each.question[:60]!r}") from None
            measured = [_measure(passage.scores, request) for passage in found.evidence.passages]
            best[place] = max(measured, default=0.0)
            done += 1
            progress(done, len(questions))

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_CONCURRENT_SEARCHES):
                tasks.create_task(search_on())
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    return best


def _measure(scores: Scores, request: CalibrationRequest) -> float:
    if not request.reranker:
        return scores.relevance or 0.0
    if scores.reranker is None:
        advice = "run `groundwire doctor` to check it"
        raise SetupError(f"the reranker of routes.{request.route} rated nothing for a question: {advice}")
    return scores.reranker
