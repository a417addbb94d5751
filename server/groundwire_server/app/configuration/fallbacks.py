"""The table of what follows each failure: policy as data."""

from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

from groundwire_server.domain.fallback import CHOOSABLE, ENDS
from groundwire_server.domain.vocabulary import Action, Cause

Row: TypeAlias = tuple[Action, ...]

_ABSTAIN: Final = (Action.ABSTAIN,)
_BLOCK: Final = (Action.BLOCK,)
_MODEL_FAILED: Final = (Action.NEXT_MODEL, Action.CACHED_ANSWER, Action.PASSAGES_ONLY, Action.FAIL_SAFE)
_BAD_OUTPUT: Final = (Action.REPAIR, Action.NEXT_MODEL, Action.CACHED_ANSWER, Action.PASSAGES_ONLY)
_DECLINED: Final = (Action.NEXT_MODEL, Action.PASSAGES_ONLY)
_FULL: Final = (Action.NEXT_MODEL, Action.QUEUE, Action.CACHED_ANSWER, Action.PASSAGES_ONLY, Action.FAIL_SAFE)
_SEARCH_FAILED: Final = (Action.CACHED_ANSWER, Action.FAIL_SAFE)
_REVIEW: Final = (Action.REVIEW, Action.ABSTAIN)

FALLBACKS: Final[Mapping[Cause, Row]] = {
    Cause.QUESTION_UNCLEAR: _ABSTAIN,
    Cause.NO_EVIDENCE: _ABSTAIN,
    Cause.INSUFFICIENT_EVIDENCE: _ABSTAIN,
    Cause.MODEL_ABSTAINED: _ABSTAIN,
    Cause.STORE_UNAVAILABLE: _SEARCH_FAILED,
    Cause.STORE_TIMEOUT: _SEARCH_FAILED,
    Cause.STORE_MISCONFIGURED: _SEARCH_FAILED,
    Cause.EMBEDDER_UNAVAILABLE: _SEARCH_FAILED,
    Cause.MODEL_UNAVAILABLE: _MODEL_FAILED,
    Cause.MODEL_NOT_READY: _MODEL_FAILED,
    Cause.MODEL_TIMEOUT: _MODEL_FAILED,
    Cause.MODEL_SLOW_START: _MODEL_FAILED,
    Cause.MODEL_INTERRUPTED: _MODEL_FAILED,
    Cause.MODEL_MISCONFIGURED: _MODEL_FAILED,
    Cause.TIME_EXHAUSTED: _MODEL_FAILED,
    Cause.MODEL_RATE_LIMITED: _FULL,
    Cause.MODEL_QUOTA_EXHAUSTED: _FULL,
    Cause.CAPACITY_EXHAUSTED: _FULL,
    Cause.BUDGET_EXHAUSTED: (Action.NEXT_MODEL, Action.CACHED_ANSWER, Action.QUEUE, Action.FAIL_SAFE),
    Cause.PROMPT_TOO_LONG: (Action.SHORTER_PROMPT, Action.NEXT_MODEL, Action.PASSAGES_ONLY),
    Cause.MODEL_REFUSED: _DECLINED,
    Cause.MODEL_CONTENT_FILTERED: _DECLINED,
    Cause.OUTPUT_CUT_OFF: _BAD_OUTPUT,
    Cause.OUTPUT_MALFORMED: _BAD_OUTPUT,
    Cause.OUTPUT_EMPTY: _BAD_OUTPUT,
    Cause.OUTPUT_TOO_LONG: _BAD_OUTPUT,
    Cause.CITATION_MISSING: _BAD_OUTPUT,
    Cause.CITATION_UNKNOWN: _BAD_OUTPUT,
    Cause.QUOTE_NOT_FOUND: _BAD_OUTPUT,
    Cause.UNSUPPORTED: _BAD_OUTPUT,
    Cause.CONTRADICTED: _BAD_OUTPUT,
    Cause.NOT_VERIFIED: _BAD_OUTPUT,
    # Without a repair: it would show the model what it must not repeat.
    Cause.PROMPT_LEAKED: (Action.NEXT_MODEL, Action.CACHED_ANSWER, Action.PASSAGES_ONLY),
    Cause.CONFIDENCE_NOT_ALLOWED: _REVIEW,
    Cause.REVIEW_REQUIRED: _REVIEW,
    Cause.REVIEW_REJECTED: _ABSTAIN,
    Cause.REVIEW_EXPIRED: _ABSTAIN,
    Cause.QUESTION_FORBIDDEN: _BLOCK,
    Cause.EVIDENCE_FORBIDDEN: _BLOCK,
    Cause.ANSWER_FORBIDDEN: _BLOCK,
    # Without an earlier answer: it may be the question that nobody has looked at.
    Cause.GUARD_UNAVAILABLE: (Action.PASSAGES_ONLY, Action.FAIL_SAFE),
    # A defect ends the call with a status. Should one come with a cause, nothing that the service does next is sound.
    Cause.INTERNAL: (Action.FAIL_SAFE,),
}
"""What holds where a route does not say otherwise: a row for every cause of a failure."""


def _choosable(actions: Row) -> Row:
    if len(set(actions)) < len(actions):
        raise ValueError("names an action twice: each is taken at most once")
    unknown = [action for action in actions if action not in CHOOSABLE]
    if unknown:
        raise ValueError(f"{unknown[0]} cannot be chosen: it follows by itself; there are: {_listed(CHOOSABLE)}")
    end = next((action for action in actions[:-1] if action in ENDS), None)
    if end is not None:
        raise ValueError(f"nothing follows {end}: put it last, or leave out what stands after it")
    return actions


def _over_built_in(rows: dict[Cause, Row]) -> dict[Cause, Row]:
    other = [cause for cause in rows if cause not in FALLBACKS]
    if other:
        raise ValueError(f"{other[0]} is no failure, so nothing follows it: leave it out")
    return {**FALLBACKS, **rows}


def _listed(actions: frozenset[Action]) -> str:
    return ", ".join(sorted(actions))


ChosenRow: TypeAlias = Annotated[Row, AfterValidator(_choosable)]
"""The actions to try, in order."""

Fallbacks: TypeAlias = Annotated[dict[Cause, ChosenRow], AfterValidator(_over_built_in)]
"""Rows by cause; each replaces the one built in, and the others stay."""
