"""The only maker of decisions: which step follows, and what outcome ends the path. Pure functions."""

from dataclasses import dataclass, replace

from groundwire_server.domain.answer import CheckedSegment, GroundedText
from groundwire_server.domain.deadline import NEVER, Deadline, TimePlan
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Draft
from groundwire_server.domain.guards.finding import ForbiddenFailure
from groundwire_server.domain.outcome import Abstained, Answered, Blocked, Cached, Degraded, FailedSafe, Outcome, Result
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.refused import SentenceFailure
from groundwire_server.domain.step import Accept, Attempt, Conclude, Step, Variant
from groundwire_server.domain.vocabulary import Action, Cause, Loss, NextStep
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.pipeline.standing import shortfall, worst
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
    """

    searched: tuple[Passage, ...] = ()
    chosen: tuple[Passage, ...] = ()
    beginning: tuple[CheckedSegment, ...] = ()
    author: str = ""
    left_out: tuple[Cause, ...] = ()
    shown: tuple[Passage, ...] = ()
    stand_in: Cached | None = None

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
    row = policy.fallbacks.get(failure.cause, ())
    if history.committed:
        return _continued(row, failure, history, policy) or Conclude(Action.CUT_SHORT, failure.cause)
    for action in row:
        if action is Action.REPAIR and (repair := _sentence_repair(failure, history)) is not None:
            return repair
        if action in history.used and action is not Action.NEXT_MODEL:
            continue
        step = _step(action, failure, history, policy)
        if step is not None:
            return step
    return _fail_safe(failure, history)


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
    }


def _continued(row: tuple[Action, ...], failure: Failure, history: AttemptHistory, policy: Policy) -> Attempt | None:
    """Return the attempt that goes on from what stands, where the row comes to one before it ends; None without."""
    for action in row:
        if action is Action.REPAIR and (repair := _sentence_repair(failure, history)) is not None:
            return repair
        if action is Action.NEXT_MODEL:
            step = _step(action, failure, history, policy)
            return replace(step, variant=Variant.CONTINUED) if isinstance(step, Attempt) else None
        if action not in _WRITING_ANEW:
            return None
    return None


def _sentence_repair(failure: Failure, history: AttemptHistory) -> Attempt | None:
    """Return the attempt that repairs a sentence and goes on from there; None where that is not possible."""
    if not isinstance(failure, SentenceFailure) or not history.standing or history.remaining < LEAST_ATTEMPT:
        return None
    if history.standing in history.repaired or len(history.repaired) >= SENTENCE_REPAIRS:
        return None
    sentence = Draft(failure.sentence.text, failure.cause, failure.sentence)
    return Attempt(history.models[-1], Variant.SENTENCE_REPAIR, failure.cause, Action.REPAIR, sentence)


def _step(action: Action, failure: Failure, history: AttemptHistory, policy: Policy) -> Step | None:
    """Return the step that an action means here; None when it is not possible."""
    time_for_attempt = history.remaining >= LEAST_ATTEMPT and history.passages > 0
    match action:
        case Action.NEXT_MODEL:
            left = [model for model in policy.models if model not in history.models]
            return Attempt(left[0], cause=failure.cause, action=action) if left and time_for_attempt else None
        case Action.SHORTER_PROMPT:
            if not history.models or history.passages < 2 or not time_for_attempt:  # half of one is none
                return None
            return Attempt(history.models[-1], Variant.SHORTENED, cause=failure.cause, action=action)
        case Action.REPAIR:
            if failure.cause not in _OF_OUTPUT or not history.draft.strip() or not time_for_attempt:
                return None
            refused = failure.sentence if isinstance(failure, SentenceFailure) else None
            draft = Draft(history.draft[: _SHOWN * policy.display_limit], failure.cause, refused)
            return Attempt(history.models[-1], Variant.REPAIR, cause=failure.cause, action=action, repair_of=draft)
        case Action.CACHED_ANSWER:
            return Conclude(action, failure.cause) if history.stand_in else None
        case Action.PASSAGES_ONLY if history.beginning:
            return Conclude(Action.CUT_SHORT, failure.cause)
        case Action.PASSAGES_ONLY:
            return Conclude(action, failure.cause) if history.passages and history.presentable else None
        case Action.ABSTAIN:
            return Conclude(action, failure.cause)
        case Action.BLOCK if isinstance(failure, ForbiddenFailure):
            return Conclude(action, failure.cause, block=failure.block)
        case Action.FAIL_SAFE:
            return _fail_safe(failure, history)
        case _:
            return None


def _fail_safe(failure: Failure, history: AttemptHistory) -> Conclude:
    if history.beginning:
        return Conclude(Action.CUT_SHORT, failure.cause)
    return Conclude(Action.FAIL_SAFE, failure.cause, failure.retry_after)


def _answered(step: Attempt, answer: GroundedText, policy: Policy) -> Outcome:
    """Return the outcome of a validated answer: degraded by what a fallback gave up, and by weak sentences.

    A repair gives up nothing.
    """
    lacking = _lacking(answer, policy)
    cause = step.cause or next(iter(lacking.values()), Cause.ANSWER_VALIDATED)
    losses = tuple(lacking)
    if step.cause is not None and step.action is not Action.REPAIR:
        losses = (Loss.FEWER_PASSAGES if step.variant is Variant.SHORTENED else Loss.SIMPLER_MODEL, *losses)
    if losses:
        return Outcome(Degraded(losses, answer), cause, step.action, NextStep.SHOW_WITH_CAUTION)
    return Outcome(Answered(answer), cause, step.action, NextStep.SHOW)


def _lacking(answer: GroundedText, policy: Policy) -> dict[Loss, Cause]:
    """Return what an answer lacks by its sentences and its placeholders, each with why."""
    below = worst(shortfall(sentence, policy) for sentence in answer.sentences)
    left_out = worst(answer.left_out)
    return {
        **({} if below is None else {Loss.SENTENCES_BELOW_MINIMUM: below}),
        **({} if left_out is None else {Loss.SENTENCES_DROPPED: left_out}),
        **({Loss.TEXT_MASKED: Cause.ANSWER_FORBIDDEN} if answer.masks and policy.masking_is_loss else {}),
    }


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
        case Action.BLOCK if step.block is not None:
            return Blocked(step.block), NextStep.DO_NOT_RETRY
        case Action.CUT_SHORT:
            answer = GroundedText.of(partial.beginning, None, partial.left_out)
            losses = (Loss.REST_OF_ANSWER, *_lacking(answer, policy))
            return Degraded(losses, answer), NextStep.SHOW_WITH_CAUTION
        case _:
            # A budget that says when there is more is that of a minute, a day or a month, not that of the call.
            renewed = step.cause is Cause.BUDGET_EXHAUSTED and step.retry_after is not None
            retryable = renewed or step.cause in _PASSING
            next_step = NextStep.RETRY_AFTER if retryable else NextStep.DO_NOT_RETRY
            return FailedSafe(retryable, (step.retry_after or RETRY_AFTER) if retryable else None), next_step


def _length(segments: tuple[CheckedSegment, ...]) -> int:
    return sum(len(segment.delta) for segment in segments)


_OF_OUTPUT = frozenset(
    {
        Cause.OUTPUT_CUT_OFF,
        Cause.OUTPUT_MALFORMED,
        Cause.OUTPUT_EMPTY,
        Cause.OUTPUT_TOO_LONG,
        Cause.CITATION_MISSING,
        Cause.CITATION_UNKNOWN,
        Cause.QUOTE_NOT_FOUND,
        Cause.UNSUPPORTED,
        Cause.CONTRADICTED,
        Cause.NOT_VERIFIED,
        Cause.PROMPT_LEAKED,
        Cause.ANSWER_FORBIDDEN,
        Cause.CONFIDENCE_NOT_ALLOWED,
        Cause.MODEL_ABSTAINED,
    }
)
"""Causes that lie in what a model wrote: it can be shown its draft and repair it."""

_WRITING_ANEW = frozenset({Action.SHORTER_PROMPT, Action.REPAIR})
"""Actions that write the whole answer again, which is not possible where text stands.

Any other but the next model ends the path.
"""

RETRY_AFTER = 1.0
"""Seconds to wait when the dependency did not say how long."""

_PASSING = frozenset(
    {
        Cause.STORE_UNAVAILABLE,
        Cause.STORE_TIMEOUT,
        Cause.EMBEDDER_UNAVAILABLE,
        Cause.MODEL_UNAVAILABLE,
        Cause.MODEL_NOT_READY,
        Cause.MODEL_TIMEOUT,
        Cause.MODEL_SLOW_START,
        Cause.MODEL_INTERRUPTED,
        Cause.MODEL_RATE_LIMITED,
        Cause.TIME_EXHAUSTED,
        Cause.CAPACITY_EXHAUSTED,
        Cause.GUARD_UNAVAILABLE,
    }
)
"""Causes that pass by themselves: the same question may fare better later."""
