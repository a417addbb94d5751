"""The table of what follows each failure: policy as data."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from groundwire_server.domain.guards.finding import FORBIDDEN
from groundwire_server.domain.vocabulary import Action, Cause

_ABSTAIN = (Action.ABSTAIN,)
_BLOCK = (Action.BLOCK,)
_PASSAGES = (Action.NEXT_MODEL, Action.PASSAGES_ONLY, Action.FAIL_SAFE)
_NO_VALID_ANSWER = (Action.NEXT_MODEL, Action.PASSAGES_ONLY, Action.ABSTAIN)
_BAD_SENTENCE = (Action.REPAIR, *_NO_VALID_ANSWER)

FALLBACKS: Mapping[Cause, tuple[Action, ...]] = {
    Cause.QUESTION_UNCLEAR: _ABSTAIN,
    Cause.NO_EVIDENCE: _ABSTAIN,
    Cause.INSUFFICIENT_EVIDENCE: _ABSTAIN,
    Cause.MODEL_ABSTAINED: _ABSTAIN,
    Cause.CONFIDENCE_NOT_ALLOWED: _ABSTAIN,
    # The quoting model reads vectors from the store. Where nothing was found, only the last is possible.
    Cause.STORE_UNAVAILABLE: _PASSAGES,
    Cause.STORE_TIMEOUT: _PASSAGES,
    Cause.STORE_MISCONFIGURED: _PASSAGES,
    Cause.MODEL_UNAVAILABLE: _PASSAGES,
    Cause.MODEL_NOT_READY: _PASSAGES,
    Cause.MODEL_TIMEOUT: _PASSAGES,
    Cause.MODEL_SLOW_START: _PASSAGES,
    Cause.MODEL_INTERRUPTED: _PASSAGES,
    Cause.MODEL_RATE_LIMITED: _PASSAGES,
    Cause.MODEL_QUOTA_EXHAUSTED: _PASSAGES,
    Cause.MODEL_MISCONFIGURED: _PASSAGES,
    Cause.PROMPT_TOO_LONG: (Action.SHORTER_PROMPT, *_PASSAGES),
    Cause.TIME_EXHAUSTED: (Action.PASSAGES_ONLY, Action.FAIL_SAFE),
    Cause.CAPACITY_EXHAUSTED: _PASSAGES,
    Cause.BUDGET_EXHAUSTED: _PASSAGES,
    Cause.MODEL_REFUSED: _NO_VALID_ANSWER,
    Cause.MODEL_CONTENT_FILTERED: _NO_VALID_ANSWER,
    Cause.OUTPUT_CUT_OFF: _NO_VALID_ANSWER,
    Cause.OUTPUT_MALFORMED: _NO_VALID_ANSWER,
    Cause.OUTPUT_EMPTY: _NO_VALID_ANSWER,
    Cause.OUTPUT_TOO_LONG: _NO_VALID_ANSWER,
    Cause.CITATION_MISSING: _BAD_SENTENCE,
    Cause.CITATION_UNKNOWN: _BAD_SENTENCE,
    Cause.QUOTE_NOT_FOUND: _BAD_SENTENCE,
    Cause.UNSUPPORTED: _BAD_SENTENCE,
    Cause.CONTRADICTED: _BAD_SENTENCE,
    Cause.NOT_VERIFIED: _BAD_SENTENCE,
    Cause.PROMPT_LEAKED: _NO_VALID_ANSWER,
    Cause.QUESTION_FORBIDDEN: _BLOCK,
    Cause.EVIDENCE_FORBIDDEN: _BLOCK,
    Cause.ANSWER_FORBIDDEN: _BLOCK,
    Cause.GUARD_UNAVAILABLE: (Action.PASSAGES_ONLY, Action.FAIL_SAFE),
}

_CHOSEN = frozenset(
    {Action.NEXT_MODEL, Action.SHORTER_PROMPT, Action.REPAIR, Action.PASSAGES_ONLY, Action.ABSTAIN, Action.BLOCK}
)
_LAST = Action.FAIL_SAFE
_ENDS = frozenset({Action.BLOCK, _LAST})
_FORBIDDEN = frozenset(FORBIDDEN.values())


def _row(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    if len(set(actions)) < len(actions):
        raise ValueError("names an action twice: each is taken at most once")
    unknown = [action for action in actions if action not in _CHOSEN | {_LAST}]
    if unknown:
        allowed = ", ".join(sorted(_CHOSEN | {_LAST}))
        raise ValueError(f"{unknown[0]} is not an action that can be chosen yet; there are: {allowed}")
    end = next((action for action in actions[:-1] if action in _ENDS), None)
    if end is not None:
        raise ValueError(f"nothing follows {end}: put it last, or leave it out")
    return actions


def _over_built_in(rows: dict[Cause, tuple[Action, ...]]) -> dict[Cause, tuple[Action, ...]]:
    for cause, actions in rows.items():
        if Action.BLOCK in actions and cause not in _FORBIDDEN:
            causes = ", ".join(sorted(_FORBIDDEN))
            raise ValueError(f"the row of {cause} names BLOCK, which follows what a guard forbids alone: {causes}")
    return {**FALLBACKS, **rows}


Row: TypeAlias = Annotated[tuple[Action, ...], AfterValidator(_row)]
"""The actions to try, in order."""

Fallbacks: TypeAlias = Annotated[dict[Cause, Row], AfterValidator(_over_built_in)]
"""Rows by cause; each replaces the one built in, and the others stay."""
