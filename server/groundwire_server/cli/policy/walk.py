"""What `groundwire policy explain` shows: a failure, and what the pipeline's own decisions would make of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text

from groundwire_server.app.configuration.fallback_rules import route_policy
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.words import CAUSES
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.fallback import REPAIRABLE, Obstacle, never_after
from groundwire_server.domain.guards.finding import FORBIDDEN, ForbiddenFailure, GuardIdentity, PolicyBlock
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.refused import RefusedSentence, SentenceFailure
from groundwire_server.domain.step import Attempt
from groundwire_server.domain.vocabulary import Action, Cause
from groundwire_server.pipeline import decide
from groundwire_server.pipeline.decide import AttemptHistory

_PASSAGES: Final = 4
_RENEWED_AFTER: Final = 3600.0
_OF_A_SENTENCE: Final = frozenset(
    {
        Cause.CITATION_MISSING,
        Cause.CITATION_UNKNOWN,
        Cause.QUOTE_NOT_FOUND,
        Cause.UNSUPPORTED,
        Cause.CONTRADICTED,
        Cause.NOT_VERIFIED,
    }
)
"""Causes that lie in one sentence: it is repaired where checked text stands before it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What has happened.

    Attributes:
        remaining: seconds left.
        allow_queue: whether the caller allows a later answer.
        stand_in: whether there is an earlier answer that may be shown.
        committed: whether checked text has left in a stream.
        passages: found by then; None is what is usual for the cause.
    """

    route: str
    cause: str
    remaining: float
    allow_queue: bool = False
    stand_in: bool = False
    committed: bool = False
    passages: int | None = None

    @property
    def found(self) -> int:
        """Passages found by then."""
        if self.passages is not None:
            return self.passages
        return _PASSAGES if never_after(Action.PASSAGES_ONLY, Cause(self.cause)) is None else 0


@dataclass(frozen=True, slots=True)
class WalkedAction:
    """An action of the row, in this situation.

    Attributes:
        models: those it asks, one after the other; empty where it asks none.
        ends: what ends the path; empty where it does not.
        passed_over: why; empty where it is taken, or not reached.
    """

    action: Action
    models: tuple[str, ...] = ()
    ends: str = ""
    passed_over: str = ""


def walked(configuration: Configuration, situation: Situation) -> list[WalkedAction]:
    """Return what becomes of each action of the row; the last one ends the path unless the row does not."""
    policy = route_policy(configuration, situation.route)
    failure, history = _failure(Cause(situation.cause)), _history(situation, policy)
    steps: list[WalkedAction] = []
    for action in policy.fallbacks[failure.cause]:
        if any(step.ends for step in steps):
            steps.append(WalkedAction(action))
            continue
        models: list[str] = []
        while isinstance(step := dict(decide.consider(failure, history, policy))[action], Attempt):
            models.append(step.model)
            history = history.begun(step)
        if models:
            steps.append(WalkedAction(action, models=tuple(models)))
        elif isinstance(step, Obstacle):
            steps.append(WalkedAction(action, passed_over=step.value))
        else:
            steps.append(WalkedAction(action, ends=step.action.value))
    if not any(step.ends for step in steps):
        steps.append(WalkedAction(Action.FAIL_SAFE, ends=decide.after(failure, history, policy).action.value))
    return steps


def show_walk(console: Terminal, situation: Situation, steps: Sequence[WalkedAction]) -> None:
    """Print what becomes of each action."""
    console.hang(Text(f"{situation.cause}: ", style="bold"), Text(CAUSES[situation.cause]))
    console.hang(Text("  "), Text(_given(situation)))
    width = max(len(step.action) for step in steps)
    for number, step in enumerate(steps, 1):
        console.hang(Text(f"  {number}. {step.action:{width}}  "), Text(_said(step)))


def walk_as_json(situation: Situation, steps: Sequence[WalkedAction]) -> dict[str, Any]:
    """Return the same as JSON."""
    return {
        "route": situation.route,
        "cause": situation.cause,
        "remaining_seconds": situation.remaining,
        "allow_queue": situation.allow_queue,
        "stand_in": situation.stand_in,
        "sent": situation.committed,
        "passages": situation.found,
        "steps": [
            {
                "action": step.action.value,
                "models": list(step.models),
                "ends_with": step.ends or None,
                "passed_over": step.passed_over or None,
            }
            for step in steps
        ],
    }


def _given(situation: Situation) -> str:
    found = situation.found
    return ", ".join(
        (
            f"route {situation.route}",
            f"{situation.remaining:g} s left",
            f"{found or 'no'} passage{'' if found == 1 else 's'}",
            "an earlier answer" if situation.stand_in else "no earlier answer",
            "the caller allows a later one" if situation.allow_queue else "no later one allowed",
            *(("checked text has left",) if situation.committed else ()),
        )
    )


def _said(step: WalkedAction) -> str:
    if step.models:
        return f"asks {', then '.join(step.models)}; goes on if that fails in the same way"
    if step.passed_over:
        return f"passed over: {step.passed_over}"
    if not step.ends:
        return "not reached"
    return "ends the call" if step.ends == step.action else f"ends the call as {step.ends}"


def _history(situation: Situation, policy: Policy) -> AttemptHistory:
    cause = Cause(situation.cause)
    begun = situation.found > 0
    return AttemptHistory(
        used=frozenset({Action.ANSWER}) if begun else frozenset(),
        models=policy.models[:1] if begun else (),
        passages=situation.found,
        presentable=begun,
        draft="{}" if cause in REPAIRABLE else "",
        standing=1 if situation.committed else 0,
        committed=situation.committed,
        beginning=situation.committed,
        remaining=situation.remaining,
        stand_in=situation.stand_in,
        allow_queue=situation.allow_queue,
    )


def _failure(cause: Cause) -> Failure:
    for screen, forbidden in FORBIDDEN.items():
        if forbidden is cause:
            return ForbiddenFailure(screen, PolicyBlock(GuardIdentity("", ""), ""))
    if cause in _OF_A_SENTENCE:
        return SentenceFailure(cause, RefusedSentence(""))
    # Of the day, such as most are: a budget of the call alone is not renewed.
    return Failure(cause, retry_after=_RENEWED_AFTER if cause is Cause.BUDGET_EXHAUSTED else None)
