"""The words of outcomes and verdicts, each with what it means."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

RESULTS: Mapping[str, str] = MappingProxyType(
    {
        "answered": "a validated answer",
        "abstained": "the documents do not hold the answer",
        "cached": "an earlier, validated answer",
        "degraded": "less than a full answer",
        "queued": "accepted for later",
        "in_review": "a person must approve the answer first",
        "blocked": "policy forbids an answer",
        "failed_safe": "nothing better was possible in time",
    }
)

CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "ANSWER_VALIDATED": "the first attempt passed every check",
        "NO_EVIDENCE": "the search found no passages that you may see",
        "INSUFFICIENT_EVIDENCE": "the passages found are not relevant enough",
        "MODEL_ABSTAINED": "the model found no answer in the passages",
        "QUESTION_UNCLEAR": "the question refers to earlier turns in a way that could not be resolved",
        "QUESTION_FORBIDDEN": "policy forbids the question",
        "EVIDENCE_FORBIDDEN": "policy forbids using the passages found",
        "ANSWER_FORBIDDEN": "policy forbids the model's answer",
        "REVIEW_REQUIRED": "policy requires a person to review the answer",
        "REVIEW_REJECTED": "a reviewer rejected the answer",
        "REVIEW_EXPIRED": "no reviewer decided in time",
        "STORE_UNAVAILABLE": "the store could not be reached",
        "STORE_TIMEOUT": "the store did not respond in time",
        "STORE_MISCONFIGURED": "the store rejected the call",
        "EMBEDDER_UNAVAILABLE": "the question could not be embedded",
        "MODEL_UNAVAILABLE": "the model could not be reached, or failed",
        "MODEL_NOT_READY": "the model is loading, or its server is starting",
        "MODEL_TIMEOUT": "the model did not finish in time",
        "MODEL_SLOW_START": "the model's first text did not come in time",
        "MODEL_INTERRUPTED": "the model's stream broke off",
        "MODEL_RATE_LIMITED": "the provider's rate limit was reached",
        "MODEL_QUOTA_EXHAUSTED": "the quota at the provider is used up",
        "MODEL_MISCONFIGURED": "the provider rejected the call",
        "MODEL_REFUSED": "the model declined to answer",
        "MODEL_CONTENT_FILTERED": "the provider's content filter stopped the answer",
        "PROMPT_TOO_LONG": "the prompt does not fit the model",
        "OUTPUT_CUT_OFF": "the model reached its output limit",
        "OUTPUT_MALFORMED": "the model's output has the wrong format",
        "OUTPUT_EMPTY": "the model wrote nothing",
        "OUTPUT_TOO_LONG": "the answer exceeds the display limit",
        "CITATION_MISSING": "a sentence has no citation",
        "CITATION_UNKNOWN": "a citation names a passage that is not in the prompt",
        "QUOTE_NOT_FOUND": "the cited passage has no words to quote in support",
        "UNSUPPORTED": "the cited passages do not support a sentence",
        "CONTRADICTED": "the cited passages contradict a sentence",
        "NOT_VERIFIED": "the route requires every sentence to be verified",
        "PROMPT_LEAKED": "the model repeated its prompt",
        "GUARD_UNAVAILABLE": "a guard could not be asked, and nothing passes without it",
        "CONFIDENCE_NOT_ALLOWED": "the model was not confident enough",
        "TIME_EXHAUSTED": "too little time was left for the next stage",
        "BUDGET_EXHAUSTED": "the budget for tokens or money is used up",
        "CAPACITY_EXHAUSTED": "no concurrency slot became free in time",
        "INTERNAL": "an error inside the service",
    }
)

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "ANSWER": "returned the answer of the first attempt",
        "NEXT_MODEL": "asked the next model",
        "SHORTER_PROMPT": "asked again with fewer passages",
        "REPAIR": "asked the model to repair its answer",
        "CACHED_ANSWER": "returned an earlier, validated answer",
        "PASSAGES_ONLY": "returned the passages without an answer",
        "CUT_SHORT": "returned the checked beginning of an answer",
        "ABSTAIN": "declined to answer",
        "QUEUE": "queued the question",
        "REVIEW": "sent the answer to a reviewer",
        "BLOCK": "withheld the answer",
        "FAIL_SAFE": "gave up, and returned no answer",
    }
)

NEXT_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "SHOW": "show the answer",
        "SHOW_WITH_CAUTION": "show the result, and say what is missing",
        "REPHRASE": "rephrase the question",
        "WAIT_FOR_OPERATION": "poll the operation",
        "WAIT_FOR_REVIEW": "wait for the review",
        "RETRY_AFTER": "send the question again later",
        "DO_NOT_RETRY": "do not retry: the result would be the same",
    }
)

LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "SIMPLER_MODEL": "a simpler model wrote the answer",
        "FEWER_PASSAGES": "the model saw fewer passages",
        "ANSWER": "passages only, no answer",
        "REST_OF_ANSWER": "the answer is cut short",
        "SENTENCES_BELOW_MINIMUM": "sentences that the passages do not support well enough, each marked",
        "SENTENCES_DROPPED": "sentences that the passages do not support well enough are left out",
        "TEXT_MASKED": "placeholders stand in for what may not leave",
    }
)

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "VERBATIM": "the passage's own words",
        "ENTAILED": "a checker says that the passages entail it",
        "CONSISTENT": "no rule objects, but nobody has proven it",
        "UNSUPPORTED": "the passages do not say it",
        "CONTRADICTED": "the passages say otherwise",
        "NOT_A_CLAIM": "it claims nothing",
    }
)

CONFLICTS: Mapping[str, str] = MappingProxyType(
    {
        "NUMBER": "number",
        "DATE": "date",
        "UNIT": "unit",
        "NAME": "name",
        "NEGATION": "negation",
        "QUANTIFIER": "quantifier",
        "COMPARISON": "comparison",
        "ROLE": "who does what",
        "CONDITION": "condition or exception",
        "UNCOVERED": "words",
        "MODALITY": "certainty",
        "ATTRIBUTION": "source",
        "OPERATOR": "operator",
        "MARKUP": "markup",
        "LANGUAGE": "language",
        "UNTRUSTED": "flagged passage",
        "COMMAND": "command",
    }
)


def word(enum: Any, value: int) -> str:
    """Return the name of an enum's value without its prefix, or its number if this version does not know it."""
    known = enum.DESCRIPTOR.values_by_number.get(value)
    if known is None:
        return str(value)
    # The value 0 is always <PREFIX>_UNSPECIFIED.
    prefix = enum.DESCRIPTOR.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return str(known.name).removeprefix(prefix)


def counted(count: int, noun: str) -> str:
    """Return a number of things in words, its thousands apart."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
