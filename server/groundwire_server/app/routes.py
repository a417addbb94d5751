"""The routes that come with the server: policy as data."""

from collections.abc import Mapping

from groundwire_server.domain.policy import Policy
from groundwire_server.domain.vocabulary import Action, Cause

EXTRACTIVE = "extractive"
"""Alias of the model that quotes the best-supported sentences; it needs no network and no key."""

_ABSTAIN = (Action.ABSTAIN,)
_PASSAGES = (Action.PASSAGES_ONLY, Action.FAIL_SAFE)
_NO_VALID_ANSWER = (Action.PASSAGES_ONLY, Action.ABSTAIN)

FALLBACKS: Mapping[Cause, tuple[Action, ...]] = {
    Cause.NO_EVIDENCE: _ABSTAIN,
    Cause.INSUFFICIENT_EVIDENCE: _ABSTAIN,
    Cause.MODEL_ABSTAINED: _ABSTAIN,
    Cause.CONFIDENCE_NOT_ALLOWED: _ABSTAIN,
    Cause.MODEL_UNAVAILABLE: _PASSAGES,
    Cause.MODEL_TIMEOUT: _PASSAGES,
    Cause.MODEL_SLOW_START: _PASSAGES,
    Cause.MODEL_INTERRUPTED: _PASSAGES,
    Cause.MODEL_RATE_LIMITED: _PASSAGES,
    Cause.MODEL_QUOTA_EXHAUSTED: _PASSAGES,
    Cause.MODEL_MISCONFIGURED: _PASSAGES,
    Cause.PROMPT_TOO_LONG: _PASSAGES,
    Cause.TIME_EXHAUSTED: _PASSAGES,
    Cause.MODEL_REFUSED: _NO_VALID_ANSWER,
    Cause.MODEL_CONTENT_FILTERED: _NO_VALID_ANSWER,
    Cause.OUTPUT_CUT_OFF: _NO_VALID_ANSWER,
    Cause.OUTPUT_MALFORMED: _NO_VALID_ANSWER,
    Cause.OUTPUT_EMPTY: _NO_VALID_ANSWER,
    Cause.OUTPUT_TOO_LONG: _NO_VALID_ANSWER,
    Cause.CITATION_MISSING: _NO_VALID_ANSWER,
    Cause.CITATION_UNKNOWN: _NO_VALID_ANSWER,
    Cause.QUOTE_NOT_FOUND: _NO_VALID_ANSWER,
    Cause.UNSUPPORTED: _NO_VALID_ANSWER,
}


def built_in_routes() -> Mapping[str, Policy]:
    """The one route that there is without configuration."""
    default = Policy(route="default", prompt="answer", models=(EXTRACTIVE,), fallbacks=FALLBACKS)
    return {default.route: default}
