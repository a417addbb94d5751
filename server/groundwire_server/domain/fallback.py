"""What can follow a failure at all: which actions a cause and a route rule out, whatever happens on the path."""

from collections.abc import Collection
from enum import Enum
from typing import Final

from groundwire_server.domain.guards.finding import FORBIDDEN
from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Action, Cause


class Obstacle(Enum):
    """Why an action of a row is passed over; each value says it in words."""

    NOTHING_FOUND = "no passage has been found by then"
    NOTHING_WRITTEN = "the model has written nothing that could be repaired"
    ONE_MODEL = "the route asks one model alone"
    NO_FREE_MODEL = "every other model of the route has a price"
    NOT_FORBIDDEN = "no guard has forbidden anything"
    NOT_SCREENED = "the question must be screened, and allowed, before an earlier answer is looked up"
    LASTING = "waiting does not help: the same would happen later"
    NO_QUEUE = "the route has no queue"
    NO_REVIEWERS = "the route has no reviewers"
    NOT_KEPT = "the review could not be kept"
    DECIDED = "the question is not answered again once its review has ended"
    USED = "it was taken before"
    NO_MODEL_LEFT = "every model that could be asked was asked"
    NO_TIME = "too little time is left"
    NO_MODEL_ASKED = "no model was asked"
    TOO_FEW_PASSAGES = "there are not two passages, of which half could be left out"
    NOTHING_TO_SHOW = "there is no passage that may be shown"
    NO_CACHE = "the route keeps no answers"
    NO_STAND_IN = "no earlier answer stands in"
    MAY_NOT_QUEUE = "the caller does not allow it"
    TEXT_STANDS = "text has left that cannot be taken back"


PASSING: Final = frozenset(
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

QUEUEABLE: Final = PASSING | {Cause.MODEL_QUOTA_EXHAUSTED, Cause.BUDGET_EXHAUSTED}
"""Causes after which a question may wait: those that pass, and what is renewed by a period's end or a payment."""

REPAIRABLE: Final = frozenset(
    {
        Cause.OUTPUT_CUT_OFF,
        Cause.OUTPUT_MALFORMED,
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

_BEFORE_PASSAGES: Final = frozenset(
    {
        Cause.QUESTION_UNCLEAR,
        Cause.QUESTION_FORBIDDEN,
        Cause.EVIDENCE_FORBIDDEN,
        Cause.NO_EVIDENCE,
        Cause.INSUFFICIENT_EVIDENCE,
        Cause.STORE_UNAVAILABLE,
        Cause.STORE_TIMEOUT,
        Cause.STORE_MISCONFIGURED,
        Cause.EMBEDDER_UNAVAILABLE,
    }
)
"""Causes that leave no passage for a prompt: the store is asked before any model, and not again."""

REVIEW_ENDED: Final = frozenset({Cause.REVIEW_REJECTED, Cause.REVIEW_EXPIRED})
"""Causes of a review that ends without an answer, when the path that led to it is long over."""

_AFTER_REVIEW: Final = frozenset({Action.ABSTAIN, Action.PASSAGES_ONLY, Action.FAIL_SAFE})
"""What is possible then: it needs what the review has kept, and nothing else."""

_NEED_PASSAGES: Final = frozenset({Action.NEXT_MODEL, Action.SHORTER_PROMPT, Action.PASSAGES_ONLY})

CHOOSABLE: Final = frozenset(Action) - {Action.ANSWER, Action.CUT_SHORT}
"""Actions that a row may name. The others follow by themselves."""

ENDS: Final = frozenset({Action.ABSTAIN, Action.BLOCK, Action.FAIL_SAFE})
"""Actions that are possible wherever a row may name them, so that nothing after them is ever reached."""


def never_after(action: Action, cause: Cause) -> Obstacle | None:
    """Return why an action can never follow a cause, whatever the route; None where it can."""
    if action in _NEED_PASSAGES and cause in _BEFORE_PASSAGES:
        return Obstacle.NOTHING_FOUND
    if cause in REVIEW_ENDED and action not in _AFTER_REVIEW:
        return Obstacle.DECIDED
    match action:
        case Action.REPAIR if cause not in REPAIRABLE:
            return Obstacle.NOTHING_WRITTEN
        case Action.BLOCK if cause not in FORBIDDEN.values():
            return Obstacle.NOT_FORBIDDEN
        case Action.CACHED_ANSWER if cause in {Cause.QUESTION_FORBIDDEN, Cause.GUARD_UNAVAILABLE}:
            return Obstacle.NOT_SCREENED
        case Action.QUEUE if cause not in QUEUEABLE:
            return Obstacle.LASTING
        case _:
            return None


def never_on(action: Action, cause: Cause, route: Policy) -> Obstacle | None:
    """Return why an action can never follow a cause on a route; None where it can."""
    if (obstacle := never_after(action, cause)) is not None:
        return obstacle
    match action:
        case Action.NEXT_MODEL if len(route.models) == 1:
            return Obstacle.ONE_MODEL
        case Action.NEXT_MODEL if not askable(cause, route, ()):
            return Obstacle.NO_FREE_MODEL
        case Action.CACHED_ANSWER if route.cache is None:
            return Obstacle.NO_CACHE
        case Action.QUEUE if not route.queue:
            return Obstacle.NO_QUEUE
        case Action.REVIEW if not route.reviewers:
            return Obstacle.NO_REVIEWERS
        case _:
            return None


def askable(cause: Cause, route: Policy, asked: Collection[str]) -> tuple[str, ...]:
    """Return the models that may be asked next after a cause: without a price where the budget is used up.

    Args:
        cause: what happened.
        route: has the models, best first.
        asked: those that were asked already.
    """
    barred = route.priced if cause is Cause.BUDGET_EXHAUSTED else frozenset()
    return tuple(model for model in route.models if model not in asked and model not in barred)
