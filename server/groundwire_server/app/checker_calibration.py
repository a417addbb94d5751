"""Calibrating a checker: fitting its thresholds on labelled statements."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.checkers import open_checker
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.entailment import CheckRequest, EntailmentThresholds, Opinion, SentenceToCheck
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.requester import Requester
from groundwire_server.evaluation.checker_calibration import CheckerCalibration
from groundwire_server.evaluation.checker_thresholds import InseparableError, Ratings, errors_of, fit
from groundwire_server.evaluation.labelled_statements import LabelledStatement, read, split_by_passage
from groundwire_server.evaluation.thresholds import Rate
from groundwire_server.ports.checker import Checker
from groundwire_server.ports.recording import unrecorded

MIN_STATEMENTS = 20
"""Statements of each kind in each half; with fewer the error rates say nothing."""

_CONCURRENT_CALLS = 4
_SENTENCES_PER_CALL = 8
"""As many as an answer has at most, in the main: a model may judge a crowd otherwise."""

_CALL_SECONDS = 120.0
_TENANT = "calibrate"


@dataclass(frozen=True, slots=True)
class CheckerCalibrationRequest:
    """What to fit, and on what.

    Attributes:
        checker: the checker whose thresholds are fitted.
        statements: the file of labelled statements.
        seed: draws the half to fit on.
        max_accepted: the largest share of unsupported statements that may count as entailed.
        max_refused: the largest share of supported statements that may count as unsupported.
    """

    checker: str
    statements: Path
    seed: int = 7
    max_accepted: float = 0.05
    max_refused: float = 0.05


def calibrate_checker(
    configuration: Configuration, request: CheckerCalibrationRequest, progress: Callable[[int, int], None]
) -> tuple[CheckerCalibration, Ratings]:
    """Have a checker rate every statement, and fit its thresholds on half of them.

    Args:
        configuration: has the checker.
        request: what to fit.
        progress: called with the number of statements rated and of all statements.

    Returns:
        The calibration, and the ratings of the half that it was not fitted on.

    Raises:
        SetupError: when the statements are too few, the checker fails, or it cannot tell them apart; the message says
            what to do.
    """
    halves = split_by_passage(read(request.statements), request.seed)
    for half in halves:
        for supported in (True, False):
            if sum(each.supported is supported for each in half) < MIN_STATEMENTS:
                kind = "supported" if supported else "unsupported"
                advice = f"give at least {3 * MIN_STATEMENTS} of each kind, over several passages"
                raise SetupError(f"{request.statements} has too few {kind} statements: {advice}")
    fingerprint, rated = asyncio.run(_rate(configuration, request.checker, [*halves[0], *halves[1]], progress))
    to_fit, held_out = rated[: len(halves[0])], rated[len(halves[0]) :]
    try:
        thresholds = fit(_ratings(halves[0], to_fit), request.max_accepted, request.max_refused)
    except InseparableError:
        said = f"at every threshold {request.checker} accepts more than {request.max_accepted:.1%} of the unsupported"
        raise SetupError(f"{said} statements: choose another model, or allow more with --max-accepted") from None
    judged = _ratings(halves[1], held_out)
    fitted = CheckerCalibration(
        thresholds,
        request.checker,
        fingerprint,
        hashlib.sha256(request.statements.read_bytes()).hexdigest(),
        request.seed,
        errors_of(_ratings(halves[0], to_fit), thresholds),
        errors_of(judged, thresholds),
        _by_kind(halves[1], held_out, thresholds),
    )
    return fitted, judged


def _ratings(statements: Sequence[LabelledStatement], rated: Sequence[float | None]) -> Ratings:
    pairs = list(zip(statements, rated, strict=True))
    return Ratings(
        [rating for each, rating in pairs if each.supported], [rating for each, rating in pairs if not each.supported]
    )


def _by_kind(
    statements: Sequence[LabelledStatement], rated: Sequence[float | None], thresholds: EntailmentThresholds
) -> dict[tuple[str, bool], Rate]:
    of: Counter[tuple[str, bool]] = Counter()
    wrong: Counter[tuple[str, bool]] = Counter()
    for each, rating in zip(statements, rated, strict=True):
        of[each.kind, each.supported] += 1
        mistaken = Opinion.UNSUPPORTED if each.supported else Opinion.ENTAILED
        wrong[each.kind, each.supported] += thresholds.opinion(rating) is mistaken
    return {kind: Rate(wrong[kind], count) for kind, count in of.items()}


async def _rate(
    configuration: Configuration,
    name: str,
    statements: Sequence[LabelledStatement],
    progress: Callable[[int, int], None],
) -> tuple[str, list[float | None]]:
    """Return the checker's fingerprint, and its probability of each statement."""
    lease = Shared().lease()
    try:
        checker = await open_checker(name, _uncalibrated(configuration, name), lease, unrecorded())
        return checker.fingerprint, await _probabilities(checker, statements, progress)
    except Failure as failure:
        advice = "run `groundwire doctor` to check its provider"
        raise SetupError(f"the checker {name} failed: {failure.error_type}: {advice}") from None
    finally:
        await lease.end()


def _uncalibrated(configuration: Configuration, name: str) -> Configuration:
    """Return the configuration without the checker's calibration, which may be of another model."""
    checker = configuration.checkers[name]
    thresholds = checker.thresholds.model_copy(update={"calibration": None})
    checkers = {**configuration.checkers, name: checker.model_copy(update={"thresholds": thresholds})}
    return configuration.model_copy(update={"checkers": checkers})


async def _probabilities(
    checker: Checker, statements: Sequence[LabelledStatement], progress: Callable[[int, int], None]
) -> list[float | None]:
    found: list[float | None] = [None] * len(statements)
    queue = iter(_batches(statements))
    done = 0

    async def rate_on() -> None:
        nonlocal done
        for places in queue:
            passages = statements[places[0]].passages
            sentences = tuple(SentenceToCheck(statements[place].text, tuple(range(len(passages)))) for place in places)
            deadline = Deadline(asyncio.get_running_loop().time() + _CALL_SECONDS)
            reply = await checker.check(CheckRequest(Requester(_TENANT), "", passages, sentences), deadline)
            for place, probability in zip(places, reply.probabilities, strict=True):
                found[place] = probability
            done += len(places)
            progress(done, len(statements))

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_CONCURRENT_CALLS):
                tasks.create_task(rate_on())
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    return found


def _batches(statements: Sequence[LabelledStatement]) -> list[list[int]]:
    """Return the places of statements that are rated together: they cite the same passages."""
    places: dict[tuple[str, ...], list[int]] = {}
    for place, each in enumerate(statements):
        places.setdefault(each.passages, []).append(place)
    return [
        same[start : start + _SENTENCES_PER_CALL]
        for same in places.values()
        for start in range(0, len(same), _SENTENCES_PER_CALL)
    ]
