"""What the words of an outcome mean, in a sentence each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

RESULTS: Mapping[str, str] = MappingProxyType(
    {
        "answered": "a validated answer",
        "abstained": "the documents do not hold the answer",
        "cached": "an earlier validated answer",
        "degraded": "less than was asked for",
        "queued": "accepted for later",
        "in_review": "a person must approve the answer",
        "blocked": "policy forbids an answer",
        "failed_safe": "nothing better was possible in time",
    }
)

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "ANSWER_VALIDATED": "the first attempt passed every check",
        "NO_EVIDENCE": "the search found nothing you may see",
        "INSUFFICIENT_EVIDENCE": "what was found bears too little on the question",
        "MODEL_ABSTAINED": "the model found no answer in the passages",
        "QUESTION_FORBIDDEN": "policy forbids the question",
        "EVIDENCE_FORBIDDEN": "policy forbids using what was found",
        "ANSWER_FORBIDDEN": "policy forbids what the model wrote",
        "REVIEW_REQUIRED": "policy wants a person to see the answer first",
        "STORE_UNAVAILABLE": "the store could not be reached",
        "STORE_TIMEOUT": "the store did not answer in its share of the time",
        "STORE_MISCONFIGURED": "the store refused the call",
        "EMBEDDER_UNAVAILABLE": "the question's vector could not be computed",
        "MODEL_UNAVAILABLE": "the model could not be reached or failed",
        "MODEL_TIMEOUT": "the model did not finish in its share of the time",
        "MODEL_SLOW_START": "the model had written nothing in time",
        "MODEL_INTERRUPTED": "the model's stream broke off",
        "MODEL_RATE_LIMITED": "the provider limits the rate of calls",
        "MODEL_QUOTA_EXHAUSTED": "the provider's account has nothing left",
        "MODEL_MISCONFIGURED": "the provider refused the call",
        "MODEL_REFUSED": "the model declined to answer",
        "MODEL_CONTENT_FILTERED": "the provider's filter stopped the answer",
        "PROMPT_TOO_LONG": "the prompt does not fit the model",
        "OUTPUT_CUT_OFF": "the model reached its output limit",
        "OUTPUT_MALFORMED": "what the model wrote has the wrong shape",
        "OUTPUT_EMPTY": "the model wrote nothing",
        "OUTPUT_TOO_LONG": "the answer exceeds the display limit",
        "CITATION_MISSING": "a sentence cites nothing",
        "CITATION_UNKNOWN": "a citation names no passage the model was given",
        "QUOTE_NOT_FOUND": "nothing in the cited passage can be quoted in support",
        "UNSUPPORTED": "a sentence says more than the cited passages",
        "CONTRADICTED": "a sentence says otherwise than the cited passages",
        "NOT_VERIFIED": "the route wants every sentence verified, and one is not",
        "CONFIDENCE_NOT_ALLOWED": "the model was not sure enough",
        "TIME_EXHAUSTED": "too little time was left for the next stage",
        "BUDGET_EXHAUSTED": "the budget of tokens or money is used up",
        "CAPACITY_EXHAUSTED": "no slot became free in time",
        "INTERNAL": "a defect of the service",
    }
)

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "ANSWER": "it returned the first attempt's answer",
        "NEXT_MODEL": "it asked the next model",
        "SHORTER_PROMPT": "it asked again with fewer passages",
        "REPAIR": "it asked the model to mend what was wrong",
        "CACHED_ANSWER": "it returned an earlier validated answer",
        "PASSAGES_ONLY": "it returned the passages without an answer",
        "CUT_SHORT": "it returned the checked beginning of an answer",
        "ABSTAIN": "it declined to answer",
        "QUEUE": "it accepted the question for later",
        "REVIEW": "it laid the answer before a person",
        "BLOCK": "it withheld an answer",
        "FAIL_SAFE": "it gave up without harm",
    }
)

NEXT_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "SHOW": "show the answer",
        "SHOW_WITH_CAUTION": "show what there is, and say what it lacks",
        "REPHRASE": "put the question differently",
        "WAIT_FOR_OPERATION": "ask for the operation later",
        "WAIT_FOR_REVIEW": "ask for the ticket later",
        "RETRY_AFTER": "send the question again later",
        "DO_NOT_RETRY": "the same question will end the same way",
    }
)

LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "SIMPLER_MODEL": "a simpler model wrote the answer",
        "FEWER_PASSAGES": "the model saw fewer passages",
        "ANSWER": "there are passages, but no answer",
        "REST_OF_ANSWER": "the answer breaks off",
    }
)


def word(enum: Any, value: int) -> str:
    """The name of an enum's value without its prefix; the number of one that a newer server has added."""
    known = enum.DESCRIPTOR.values_by_number.get(value)
    if known is None:
        return str(value)
    # The value 0 is always <PREFIX>_UNSPECIFIED.
    prefix = enum.DESCRIPTOR.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return str(known.name).removeprefix(prefix)
