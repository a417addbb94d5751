"""Fits a route's threshold on questions, by the route's own search."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import NoOpTracer

from groundwire_server.app import compose
from groundwire_server.app.access import NO_AUTHENTICATION
from groundwire_server.app.calibrated import fitting
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.parts import open_parts
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.failure import Failure, Rejection, SetupError
from groundwire_server.domain.question import Question
from groundwire_server.edge.snapshot import ServingSnapshot
from groundwire_server.evaluation import thresholds
from groundwire_server.evaluation.calibration import Calibration, Fitting
from groundwire_server.evaluation.labelled import Labelled, read
from groundwire_server.evaluation.thresholds import Levels

LEAST = 10
"""Questions of each kind in each half; with fewer the rates say nothing."""

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be fitted, and on what.

    Attributes:
        route: whose threshold it is.
        caller: whose documents are searched.
        questions: the file of labelled questions.
        seed: draws the half to fit on.
        most_refused: the largest share of answerable questions that may be declined; any if None.
    """

    route: str
    caller: Caller
    questions: Path
    seed: int = 7
    most_refused: float | None = None


def calibrate(
    configuration: Configuration, wanted: Wanted, asked: Callable[[int, int], None]
) -> tuple[Calibration, Levels]:
    """Ask every question and fit the threshold on half of them.

    Args:
        configuration: names the route, its store and its embedder.
        wanted: says what to fit.
        asked: is told how many of how many have been asked.

    Returns:
        What was fitted, and the levels of the half that it was not fitted on.

    Raises:
        SetupError: when the questions are no use, or the search fails; the text says what to do.
    """
    halves = thresholds.split(read(wanted.questions), wanted.seed)
    for half in halves:
        for answerable in (True, False):
            if sum(each.answerable is answerable for each in half) < LEAST:
                kind = "answerable" if answerable else "unanswerable"
                advice = f"give at least {2 * LEAST + 10} of each kind"
                raise SetupError(f"{wanted.questions} holds too few {kind} questions: {advice}")
    fit_on, believe, used = asyncio.run(_measured(configuration, wanted, halves, asked))
    if not any(fit_on[0]):
        advice = f"are there documents that {wanted.caller.tenant} and its principals may see?"
        raise SetupError(f"nothing was found for any answerable question: {advice}")
    threshold = thresholds.fit(*fit_on, wanted.most_refused)
    fitted = Calibration(
        threshold,
        used,
        wanted.route,
        hashlib.sha256(wanted.questions.read_bytes()).hexdigest(),
        wanted.seed,
        thresholds.errors(*fit_on, threshold),
        thresholds.errors(*believe, threshold),
    )
    return fitted, believe


async def _measured(
    configuration: Configuration,
    wanted: Wanted,
    halves: tuple[list[Labelled], list[Labelled]],
    asked: Callable[[int, int], None],
) -> tuple[Levels, Levels, Fitting]:
    route = wanted.route
    section = configuration.routes[route]
    lease = Shared().lease()
    try:
        parts = await open_parts(configuration, lease, NoOpTracer())
        # Nobody waits for an answer: a search that takes long is no error here.
        policy = replace(section.policy(route), retrieval_max=section.time.max_seconds)
        process = compose.Process.begin(NoOpTracer(), NoOpMeter("calibrate"))
        write_seconds = configuration.server.write_seconds
        snapshot = compose.snapshot({route: (policy, section.store)}, parts, process, NO_AUTHENTICATION, write_seconds)
        every = [*halves[0], *halves[1]]
        levels = await _levels(snapshot, wanted, every, asked)
        middle = len(halves[0])
        fit_on, believe = (_by_kind(every[part], levels[part]) for part in (slice(middle), slice(middle, None)))
        return fit_on, believe, fitting(parts.of_route(route, section.store))
    except Failure as failure:
        raise SetupError(f"a search failed: {failure.cause}: `groundwire doctor` looks at the store") from None
    finally:
        await lease.end()


def _by_kind(labelled: Sequence[Labelled], levels: Sequence[float]) -> Levels:
    of = {True: list[float](), False: list[float]()}
    for each, level in zip(labelled, levels, strict=True):
        of[each.answerable].append(level)
    return of[True], of[False]


async def _levels(
    snapshot: ServingSnapshot, wanted: Wanted, labelled: Sequence[Labelled], asked: Callable[[int, int], None]
) -> list[float]:
    """For each question the relevance of the best passage found."""
    clock = SystemClock()
    levels = [0.0] * len(labelled)
    waiting = iter(enumerate(labelled))
    done = 0

    async def ask_on() -> None:
        nonlocal done
        for place, each in waiting:
            try:
                question = Question(wanted.route, each.question, f"q{place}")
                inquiry = snapshot.routes.inquiry(question, wanted.caller, clock.now(), None)
                found = await snapshot.pipeline.search(inquiry)
            except Rejection:
                raise SetupError(f"the route takes no such question: {each.question[:60]!r}") from None
            levels[place] = max((passage.scores.relevance or 0.0 for passage in found.evidence.passages), default=0.0)
            done += 1
            asked(done, len(labelled))

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_AT_ONCE):
                tasks.create_task(ask_on())
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    return levels
