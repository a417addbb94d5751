"""The only maker of decisions: which step follows, and what outcome ends the path. Pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from groundwire_server.domain.answer import CheckedSegment, GroundedText
from groundwire_server.domain.deadline import NEVER, Deadline, TimePlan
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fallback import PASSING, Obstacle, askable, never_on
from groundwire_server.domain.generation import Draft
from groundwire_server.domain.guards.finding import ForbiddenFailure
from groundwire_server.domain.outcome import (
    Abstained,
    Answered,
    Blocked,
    Cached,
    Degraded,
    FailedSafe,
    InReview,
    Outcome,
    Queued,
    Result,
)
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.refused import SentenceFailure
from groundwire_server.domain.shortfall import lacking
from groundwire_server.domain.step import Accept, Attempt, Conclude, Step, Variant
from groundwire_server.domain.vocabulary import Action, Cause, Loss, NextStep
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.telemetry import names

LEAST_ATTEMPT = 0.1
"""Seconds below which no model is asked: what it wrote could not be used."""

SENTENCE_REPAIRS = 2
"""Sentences of one answer that are repaired, at most."""

_SHOWN = 2
"""Characters of a draft that its model is shown again, for each that an answer may have: the rest is braces."""


@dataclass(frozen=True, slots=True)
class AttemptHistory:
    """What has happened on the path so far, as far as a decision depends on it.

    Attributes:
        used: the fallback actions taken.
        models: the aliases of the models asked, in order.
        passages: the number of passages that a prompt may use.
        presentable: whether one of them may stand in the place of an answer.
        draft: what the last model asked wrote.
        standing: how many checked segments stand before what failed last.
        repaired: for each sentence that was repaired, how many segments stood before it.
        committed: whether checked text has left and cannot be taken back: what follows can only continue it.
        beginning: whether an attempt left checked text at the beginning of its answer.
        remaining: seconds until the outcome must be decided.
        stand_in: whether there is an earlier answer that may be shown to this caller now.
        allow_queue: whether the caller lets the answer come later.
        review: whether a review can be opened.
    """

    used: frozenset[Action] = frozenset()
    models: tuple[str, ...] = ()
    passages: int = 0
    presentable: bool = True
    draft: str = ""
    standing: int = 0
    repaired: tuple[int, ...] = ()
    committed: bool = False
    beginning: bool = False
    remaining: float = 0.0
    stand_in: bool = False
    allow_queue: bool = False
    review: bool = True

    def begun(self, step: Attempt) -> "AttemptHistory":
        """Return the history with an attempt that is about to be made."""
        repaired = (*self.repaired, self.standing) if step.variant is Variant.SENTENCE_REPAIR else self.repaired
        return replace(self, models=(*self.models, step.model), used=self.used | {step.action}, repaired=repaired)


@dataclass(frozen=True, slots=True)
class PartialResults:
    """What the path has in its hands when it ends without a validated answer.

    Attributes:
        searched: every passage found, best first.
        chosen: those that a prompt could use.
        beginning: the longest checked beginning of an answer.
        author: the alias of the model that wrote it last.
        left_out: why each sentence that was left out of it was below what the route lets leave.
        shown: passages that stand in the place of an answer, as they may leave.
        stand_in: the earlier answer that may be shown in the place of one.
        queued: where the question waits, once it has been accepted for later.
        in_review: where the answer waits, once it was sent for review.
    """

    searched: tuple[Passage, ...] = ()
    chosen: tuple[Passage, ...] = ()
    beginning: tuple[CheckedSegment, ...] = ()
    author: str = ""
    left_out: tuple[Cause, ...] = ()
    shown: tuple[Passage, ...] = ()
    stand_in: Cached | None = None
    queued: Queued | None = None
    in_review: InReview | None = None

    def nearest(self, most: int) -> tuple[Passage, ...]:
        """Return the passages that came closest, without those that a guard distrusts."""
        return tuple(passage for passage in self.searched if passage.trusted)[:most]

    @property
    def presentable(self) -> tuple[Passage, ...]:
        """The passages that may stand in the place of an answer: selected themselves, and distrusted by no guard."""
        return tuple(passage for passage in self.chosen if passage.trusted and not passage.neighbour)

    def or_longer(
        self, beginning: tuple[CheckedSegment, ...], author: str, left_out: tuple[Cause, ...] = ()
    ) -> "PartialResults":
        """Return the results with this beginning, where it is longer than the one they have."""
        if _length(beginning) <= _length(self.beginning):
            return self
        return replace(self, beginning=beginning, author=author, left_out=left_out)


def first(policy: Policy) -> Attempt:
    """Return the step that begins the loop."""
    return Attempt(policy.models[0])


def served() -> Conclude:
    """Return the step by which an earlier answer is served that holds, in the place of a new one."""
    return Conclude(Action.CACHED_ANSWER, Cause.ANSWER_VALIDATED)


def after(failure: Failure, history: AttemptHistory, policy: Policy) -> Step:
    """Choose what follows a failure: the first action of the route's row that is unused and possible.

    Going to the next model is possible again for as long as the chain has one that was not asked. A repair is of one
    sentence, each once, where checked text stands before it, and otherwise of the whole answer, once.
    Text that has left and was checked stands: the next model continues it, or the answer is cut short. Where nothing
    has left, a checked beginning is better than passages alone or nothing.
    """
    return next(
        (each for _, each in consider(failure, history, policy) if not isinstance(each, Obstacle)),
        _fail_safe(failure, history),
    )


def consider(failure: Failure, history: AttemptHistory, policy: Policy) -> Iterator[tuple[Action, Step | Obstacle]]:
    """Yield the actions of the row of a failure in their order, each with its step, or why it is passed over."""
    for action in policy.fallbacks.get(failure.cause, ()):
        yield action, _considered(action, failure, history, policy)


def keeps_beginning(step: Step) -> bool:
    """Return whether a step goes on from the checked text of the attempt before it."""
    return isinstance(step, Attempt) and step.variant is Variant.SENTENCE_REPAIR


def start_by(history: AttemptHistory, plan: TimePlan, policy: Policy, now: float) -> Deadline:
    """Return when a model that is asked now must have begun to write; NEVER where it would not be left for another.

    Args:
        history: with the model that is about to be asked.
        plan: how the call's time is divided.
        policy: the route's.
        now: seconds on the event loop's clock.
    """
    by = plan.first_token_by(now)
    another = any(model not in history.models for model in policy.models)
    if not another or plan.answer_by.remaining(by.at) < LEAST_ATTEMPT:
        return NEVER
    return by if Action.NEXT_MODEL in policy.fallbacks.get(Cause.MODEL_SLOW_START, ()) else NEVER


def outcome(step: Accept | Conclude, partial: PartialResults, policy: Policy) -> Outcome:
    """Return the outcome that ends the path."""
    if isinstance(step, Accept):
        return _answered(step.attempt, step.answer, policy)
    result, next_step = _result(step, partial, policy)
    return Outcome(result, step.cause, step.action, next_step)


def describe(outcome: Outcome) -> Attributes:
    """Return what an outcome adds to the trace."""
    return {
        names.OUTCOME: type(outcome.result).__name__,
        names.CAUSE: outcome.cause.value,
        names.ACTION: outcome.action.value,
        names.NEXT_STEP: outcome.next_step.value,
        **({names.TICKET: outcome.result.ticket} if isinstance(outcome.result, InReview) else {}),
    }


def _considered(action: Action, failure: Failure, history: AttemptHistory, policy: Policy) -> Step | Obstacle:
    """Return the step that an action of a row means now, or why it is passed over."""
    if (obstacle := never_on(action, failure.cause, policy)) is not None:
        return obstacle
    if action is Action.REPAIR and (repair := _sentence_repair(failure, history)) is not None:
        return repair
    if history.committed:
        return _beside_what_stands(action, failure, history, policy)
    if action in history.used and action is not Action.NEXT_MODEL:
        return Obstacle.USED
    return _step(action, failure, history, policy)


def _beside_what_stands(action: Action, failure: Failure, history: AttemptHistory, policy: Policy) -> Step | Obstacle:
    """Return the step where text stands: another model continues it, or it is cut short where the row would end."""
    if action is Action.NEXT_MODEL:
        step = _next_model(failure, history, policy)
        return replace(step, variant=Variant.CONTINUED) if isinstance(step, Attempt) else step
    if action in _PASSED_OVER_FOR_TEXT:
        return Obstacle.TEXT_STANDS
    return Conclude(Action.CUT_SHORT, failure.cause)


def _sentence_repair(failure: Failure, history: AttemptHistory) -> Attempt | None:
    """Return the attempt that repairs a sentence and goes on from there; None where that is not possible."""
    if not isinstance(failure, SentenceFailure) or not history.standing or history.remaining < LEAST_ATTEMPT:
        return None
    if history.standing in history.repaired or len(history.repaired) >= SENTENCE_REPAIRS:
        return None
    sentence = Draft(failure.sentence.text, failure.cause, failure.sentence)
    return Attempt(history.models[-1], Variant.SENTENCE_REPAIR, failure.cause, Action.REPAIR, sentence)


def _step(action: Action, failure: Failure, history: AttemptHistory, policy: Policy) -> Step | Obstacle:
    """Return the step that an action means where nothing stands, or why it is not possible."""
    match action:
        case Action.NEXT_MODEL:
            return _next_model(failure, history, policy)
        case Action.SHORTER_PROMPT:
            return _shorter_prompt(failure, history)
        case Action.REPAIR:
            return _repair(failure, history, policy)
        case Action.CACHED_ANSWER if not history.stand_in:
            return Obstacle.NO_STAND_IN
        case Action.QUEUE if not history.allow_queue:
            return Obstacle.MAY_NOT_QUEUE
        case Action.QUEUE if failure.cause is Cause.BUDGET_EXHAUSTED and failure.retry_after is None:
            return Obstacle.LASTING
        case Action.REVIEW if not history.review:
            return Obstacle.NOT_KEPT
        case Action.PASSAGES_ONLY if history.beginning:
            return Conclude(Action.CUT_SHORT, failure.cause)
        case Action.PASSAGES_ONLY if not history.passages or not history.presentable:
            return Obstacle.NOTHING_TO_SHOW
        case Action.BLOCK:
            block = failure.block if isinstance(failure, ForbiddenFailure) else None
            return Obstacle.NOT_FORBIDDEN if block is None else Conclude(action, failure.cause, block=block)
        case Action.FAIL_SAFE:
            return _fail_safe(failure, history)
        case _:
            return Conclude(action, failure.cause)


def _obstacle_to_asking(history: AttemptHistory) -> Obstacle | None:
    """Return why no model can be asked; None where one can."""
    if not history.passages:
        return Obstacle.NOTHING_FOUND
    return Obstacle.NO_TIME if history.remaining < LEAST_ATTEMPT else None


def _next_model(failure: Failure, history: AttemptHistory, policy: Policy) -> Attempt | Obstacle:
    if (obstacle := _obstacle_to_asking(history)) is not None:
        return obstacle
    left = askable(failure.cause, policy, history.models)
    return Attempt(left[0], cause=failure.cause, action=Action.NEXT_MODEL) if left else Obstacle.NO_MODEL_LEFT


def _shorter_prompt(failure: Failure, history: AttemptHistory) -> Attempt | Obstacle:
    if (obstacle := _obstacle_to_asking(history)) is not None:
        return obstacle
    if not history.models:
        return Obstacle.NO_MODEL_ASKED
    if history.passages < 2:  # half of one is none
        return Obstacle.TOO_FEW_PASSAGES
    return Attempt(history.models[-1], Variant.SHORTENED, cause=failure.cause, action=Action.SHORTER_PROMPT)


def _repair(failure: Failure, history: AttemptHistory, policy: Policy) -> Attempt | Obstacle:
    if not history.draft.strip():
        return Obstacle.NOTHING_WRITTEN
    if (obstacle := _obstacle_to_asking(history)) is not None:
        return obstacle
    refused = failure.sentence if isinstance(failure, SentenceFailure) else None
    draft = Draft(history.draft[: _SHOWN * policy.display_limit], failure.cause, refused)
    return Attempt(history.models[-1], Variant.REPAIR, cause=failure.cause, action=Action.REPAIR, repair_of=draft)


def _fail_safe(failure: Failure, history: AttemptHistory) -> Conclude:
    if history.beginning or history.committed:
        return Conclude(Action.CUT_SHORT, failure.cause)
    return Conclude(Action.FAIL_SAFE, failure.cause, failure.retry_after)


def _answered(step: Attempt, answer: GroundedText, policy: Policy) -> Outcome:
    """Return the outcome of a validated answer: degraded by what a fallback gave up, and by weak sentences.

    A repair gives up nothing.
    """
    missing = lacking(answer, policy)
    cause = step.cause or next(iter(missing.values()), Cause.ANSWER_VALIDATED)
    losses = tuple(missing)
    if step.cause is not None and step.action is not Action.REPAIR:
        losses = (Loss.FEWER_PASSAGES if step.variant is Variant.SHORTENED else Loss.SIMPLER_MODEL, *losses)
    if losses:
        return Outcome(Degraded(losses, answer), cause, step.action, NextStep.SHOW_WITH_CAUTION)
    return Outcome(Answered(answer), cause, step.action, NextStep.SHOW)


def _result(step: Conclude, partial: PartialResults, policy: Policy) -> tuple[Result, NextStep]:
    match step.action:
        case Action.ABSTAIN:
            return Abstained(len(partial.searched), partial.shown), NextStep.REPHRASE
        case Action.PASSAGES_ONLY:
            return Degraded((Loss.ANSWER,), passages=partial.shown), NextStep.SHOW_WITH_CAUTION
        case Action.CACHED_ANSWER if partial.stand_in is not None:
            # A fresh hit is as good as a new answer. One that stands in after a failure is older than the answer that
            # would have been given: a reader should see its age.
            served = step.cause is Cause.ANSWER_VALIDATED
            return partial.stand_in, NextStep.SHOW if served else NextStep.SHOW_WITH_CAUTION
        case Action.QUEUE if partial.queued is not None:
            return partial.queued, NextStep.WAIT_FOR_OPERATION
        case Action.REVIEW if partial.in_review is not None:
            return partial.in_review, NextStep.WAIT_FOR_REVIEW
        case Action.BLOCK if step.block is not None:
            return Blocked(step.block), NextStep.DO_NOT_RETRY
        case Action.CUT_SHORT:
            answer = GroundedText.of(partial.beginning, None, partial.left_out)
            losses = (Loss.REST_OF_ANSWER, *lacking(answer, policy))
            return Degraded(losses, answer), NextStep.SHOW_WITH_CAUTION
        case _:
            # A budget that says when there is more is that of a minute, a day or a month, not that of the call.
            renewed = step.cause is Cause.BUDGET_EXHAUSTED and step.retry_after is not None
            retryable = renewed or step.cause in PASSING
            next_step = NextStep.RETRY_AFTER if retryable else NextStep.DO_NOT_RETRY
            return FailedSafe(retryable, (step.retry_after or RETRY_AFTER) if retryable else None), next_step


def _length(segments: tuple[CheckedSegment, ...]) -> int:
    return sum(len(segment.delta) for segment in segments)


_PASSED_OVER_FOR_TEXT = frozenset(
    {Action.SHORTER_PROMPT, Action.REPAIR, Action.CACHED_ANSWER, Action.QUEUE, Action.REVIEW}
)
"""Actions whose result would take the place of text that stands. Any other but the next model cuts it short."""

RETRY_AFTER = 1.0
"""Seconds to wait when the dependency did not say how long."""
