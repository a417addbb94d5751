"""The only maker of decisions: which step follows, and what outcome ends the path. Pure functions."""

from dataclasses import dataclass, replace

from groundwire_server.domain.answer import GroundedText
from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Draft
from groundwire_server.domain.outcome import Abstained, Answered, Degraded, FailedSafe, Outcome, Result
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.step import Close, Step, Try, Variant
from groundwire_server.domain.vocabulary import Action, Cause, Loss, NextStep
from groundwire_server.pipeline.stage import Attributes
from groundwire_server.telemetry import names

LEAST_ATTEMPT = 0.1
"""Seconds below which no model is asked: what it wrote could not be used."""

_SHOWN = 2
"""Characters of a draft that its model is shown again, for each that an answer may have: the rest is braces."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What has happened on the path so far, as far as a decision depends on it.

    Attributes:
        used: the fallback actions taken.
        models: the aliases of the models asked, in order.
        passages: the number of passages that a prompt may use.
        draft: what the last model asked wrote, when it wrote to its end or was stopped for a violation.
        stands: verified text has left and cannot be taken back: what follows can only continue it.
        remaining: seconds until the outcome must be decided.
    """

    used: frozenset[Action] = frozenset()
    models: tuple[str, ...] = ()
    passages: int = 0
    draft: str = ""
    stands: bool = False
    remaining: float = 0.0


@dataclass(frozen=True, slots=True)
class Remains:
    """What the path has in its hands when it ends without a validated answer.

    Attributes:
        searched: every passage found, best first.
        chosen: those that a prompt could use.
        beginning: the verified text that has left.
    """

    searched: tuple[Passage, ...] = ()
    chosen: tuple[Passage, ...] = ()
    beginning: GroundedText | None = None


def first(policy: Policy) -> Try:
    """The step that begins the loop."""
    return Try(policy.models[0])


def after(failure: Failure, trail: Trail, policy: Policy) -> Step:
    """Choose what follows a failure: the first action of the route's row that is unused and possible.

    Going to the next model is possible again for as long as the chain has one that was not asked.
    Text that has left and was verified stands: the next model continues it, or the answer is cut short.
    """
    row = policy.fallbacks.get(failure.cause, ())
    if trail.stands:
        return _continued(row, failure, trail, policy) or Close(Action.CUT_SHORT, failure.cause)
    for action in row:
        if action in trail.used and action is not Action.NEXT_MODEL:
            continue
        step = _step(action, failure, trail, policy)
        if step is not None:
            return step
    return Close(Action.FAIL_SAFE, failure.cause, failure.retry_after)


def passes_on(trail: Trail, policy: Policy) -> bool:
    """Whether a model that is late to begin would be left for another of the chain.

    Args:
        trail: as it will be by then.
        policy: the route's.
    """
    another = any(model not in trail.models for model in policy.models) and trail.remaining >= LEAST_ATTEMPT
    return another and Action.NEXT_MODEL in policy.fallbacks.get(Cause.MODEL_SLOW_START, ())


def answered(step: Try, answer: GroundedText) -> Outcome:
    """A validated answer: degraded by what a fallback gave up, and a repair gives up nothing."""
    if step.because is None:
        return Outcome(Answered(answer), Cause.ANSWER_VALIDATED, Action.ANSWER, NextStep.SHOW)
    if step.variant is Variant.REPAIR:
        return Outcome(Answered(answer), step.because, step.action, NextStep.SHOW)
    loss = Loss.FEWER_PASSAGES if step.variant is Variant.SHORTENED else Loss.SIMPLER_MODEL
    return Outcome(Degraded((loss,), answer), step.because, step.action, NextStep.SHOW_WITH_CAUTION)


def close(step: Close, remains: Remains, policy: Policy) -> Outcome:
    """The outcome of ending without asking again."""
    result, next_step = _result(step, remains, policy)
    return Outcome(result, step.because, step.action, next_step)


def describe(outcome: Outcome) -> Attributes:
    """What an outcome says to the trace."""
    return {
        names.OUTCOME: type(outcome.result).__name__,
        names.CAUSE: outcome.cause.value,
        names.ACTION: outcome.action.value,
        names.NEXT_STEP: outcome.next_step.value,
    }


def _continued(row: tuple[Action, ...], failure: Failure, trail: Trail, policy: Policy) -> Try | None:
    """The next model at what stands, where the row comes to it before it ends; None when that is not possible."""
    for action in row:
        if action is Action.NEXT_MODEL:
            step = _step(action, failure, trail, policy)
            return replace(step, variant=Variant.CONTINUED) if isinstance(step, Try) else None
        if action not in _WRITING_ANEW:
            return None
    return None


def _step(action: Action, failure: Failure, trail: Trail, policy: Policy) -> Step | None:
    """The step that an action means here; None when it is not possible."""
    time_for_attempt = trail.remaining >= LEAST_ATTEMPT and trail.passages > 0
    match action:
        case Action.NEXT_MODEL:
            left = [model for model in policy.models if model not in trail.models]
            return Try(left[0], because=failure.cause, action=action) if left and time_for_attempt else None
        case Action.SHORTER_PROMPT:
            if not trail.models or trail.passages < 2 or not time_for_attempt:  # half of one is none
                return None
            return Try(trail.models[-1], Variant.SHORTENED, because=failure.cause, action=action)
        case Action.REPAIR:
            if not trail.draft.strip() or not time_for_attempt:
                return None
            mends = Draft(trail.draft[: _SHOWN * policy.display_limit], failure.cause)
            return Try(trail.models[-1], Variant.REPAIR, because=failure.cause, action=action, mends=mends)
        case Action.PASSAGES_ONLY:
            return Close(action, failure.cause) if trail.passages else None
        case Action.ABSTAIN | Action.FAIL_SAFE:
            return Close(action, failure.cause, failure.retry_after)
        case _:
            return None


def _result(step: Close, remains: Remains, policy: Policy) -> tuple[Result, NextStep]:
    match step.action:
        case Action.ABSTAIN:
            nearest = remains.searched[: policy.nearest]
            return Abstained(len(remains.searched), nearest), NextStep.REPHRASE
        case Action.PASSAGES_ONLY:
            return Degraded((Loss.ANSWER,), passages=remains.chosen), NextStep.SHOW_WITH_CAUTION
        case Action.CUT_SHORT:
            return Degraded((Loss.REST_OF_ANSWER,), answer=remains.beginning), NextStep.SHOW_WITH_CAUTION
        case _:
            retryable = step.because in _PASSING
            next_step = NextStep.RETRY_AFTER if retryable else NextStep.DO_NOT_RETRY
            return FailedSafe(retryable, (step.retry_after or RETRY_AFTER) if retryable else None), next_step


_WRITING_ANEW = frozenset({Action.SHORTER_PROMPT, Action.REPAIR})
"""Actions that are not possible where text stands; any other but the next model ends the path."""

RETRY_AFTER = 1.0
"""Seconds to wait when the dependency did not say how long."""

_PASSING = frozenset(
    {
        Cause.STORE_UNAVAILABLE,
        Cause.STORE_TIMEOUT,
        Cause.EMBEDDER_UNAVAILABLE,
        Cause.MODEL_UNAVAILABLE,
        Cause.MODEL_TIMEOUT,
        Cause.MODEL_SLOW_START,
        Cause.MODEL_INTERRUPTED,
        Cause.MODEL_RATE_LIMITED,
        Cause.TIME_EXHAUSTED,
        Cause.CAPACITY_EXHAUSTED,
    }
)
"""Causes that pass by themselves: the same question may fare better later."""
