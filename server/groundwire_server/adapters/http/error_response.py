"""What a provider's error says, in the product's words. Its text is looked at here and goes no further."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import jiter

from groundwire_server.adapters.http.retry_after import retry_after, seconds
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause

_LOG = logging.getLogger(__name__)

_SPECIFIC: Final = MappingProxyType(
    {
        "insufficient_quota": Cause.MODEL_QUOTA_EXHAUSTED,
        "credit_balance_exhausted": Cause.MODEL_QUOTA_EXHAUSTED,
        "billing_error": Cause.MODEL_QUOTA_EXHAUSTED,
        "billing_not_active": Cause.MODEL_QUOTA_EXHAUSTED,
        "billing_hard_limit_reached": Cause.MODEL_QUOTA_EXHAUSTED,
        "enforced_spend_limit_reached": Cause.MODEL_QUOTA_EXHAUSTED,
        "context_length_exceeded": Cause.PROMPT_TOO_LONG,
        "string_above_max_length": Cause.PROMPT_TOO_LONG,
        "exceed_context_size_error": Cause.PROMPT_TOO_LONG,
        "request_too_large": Cause.PROMPT_TOO_LONG,
        "content_filter": Cause.MODEL_CONTENT_FILTERED,
        "content_policy_violation": Cause.MODEL_CONTENT_FILTERED,
        "responsibleaipolicyviolation": Cause.MODEL_CONTENT_FILTERED,
    }
)
"""Codes that say more than a status does."""

_GENERAL: Final = MappingProxyType(
    {
        "rate_limit_error": Cause.MODEL_RATE_LIMITED,
        "rate_limit_exceeded": Cause.MODEL_RATE_LIMITED,
        "rate_limited": Cause.MODEL_RATE_LIMITED,
        "resource_exhausted": Cause.MODEL_RATE_LIMITED,
        "authentication_error": Cause.MODEL_MISCONFIGURED,
        "permission_error": Cause.MODEL_MISCONFIGURED,
        "not_found_error": Cause.MODEL_MISCONFIGURED,
        "invalid_api_key": Cause.MODEL_MISCONFIGURED,
        "model_not_found": Cause.MODEL_MISCONFIGURED,
        "invalid_request_error": Cause.MODEL_MISCONFIGURED,
    }
)
"""Codes that stand in for a status where there is none: in an event of a stream."""

_PHRASES: Final = (
    ("context length", Cause.PROMPT_TOO_LONG),  # vLLM, Mistral, OpenAI
    ("context size", Cause.PROMPT_TOO_LONG),  # llama.cpp
    ("context window", Cause.PROMPT_TOO_LONG),
    ("prompt is too long", Cause.PROMPT_TOO_LONG),  # Anthropic
    ("input token count", Cause.PROMPT_TOO_LONG),  # Gemini
    ("`inputs` tokens", Cause.PROMPT_TOO_LONG),  # TGI
    ("`inputs` must have", Cause.PROMPT_TOO_LONG),  # TGI
    ("credit balance", Cause.MODEL_QUOTA_EXHAUSTED),  # Anthropic
    ("spend limit", Cause.MODEL_QUOTA_EXHAUSTED),  # Anthropic
)
"""What some say in their message alone, always with a status of 400 or 422."""

_PHRASED: Final = frozenset({400, 413, 422})

_STATUSES: Final = MappingProxyType(
    {
        402: Cause.MODEL_QUOTA_EXHAUSTED,
        # What waited for too long or collided may go better the next time.
        408: Cause.MODEL_UNAVAILABLE,
        409: Cause.MODEL_UNAVAILABLE,
        413: Cause.PROMPT_TOO_LONG,
        425: Cause.MODEL_UNAVAILABLE,
        429: Cause.MODEL_RATE_LIMITED,
    }
)


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A response that is no answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def failure(self) -> Failure:
        """What it means."""
        error = _error(self.body)
        after = retry_after(self.headers)
        return Failure(_cause(self.status, error), retry_after=_said(error) if after is None else after)


def failure_from(response: ErrorResponse, provider: str, model: str) -> Failure:
    """The failure that an error response means; one that an operator must look at is logged too."""
    failure = response.failure()
    if failure.cause in {Cause.MODEL_MISCONFIGURED, Cause.MODEL_QUOTA_EXHAUSTED}:
        # The provider's own words may repeat the prompt or a key.
        _LOG.warning(
            "Provider %s refused model %s with HTTP status %d: %s.", provider, model, response.status, failure.cause
        )
    return failure


def failure_of(error: Any) -> Failure:
    """What an error means that came as an event, where a status of 200 has been sent already."""
    said = error if isinstance(error, dict) else {}
    code = said.get("code")
    return Failure(_cause(code if isinstance(code, int) else None, said), retry_after=_said(said))


def _cause(status: int | None, error: Mapping[str, Any]) -> Cause:
    words = list(_words(error))
    for word in words:
        if word in _SPECIFIC:
            return _SPECIFIC[word]
    if status is None or status in _PHRASED:
        message = str(error.get("message", "")).lower()
        for phrase, cause in _PHRASES:
            if phrase in message:
                return cause
    if status is None:
        return next((_GENERAL[word] for word in words if word in _GENERAL), Cause.MODEL_UNAVAILABLE)
    if status in _STATUSES:
        return _STATUSES[status]
    return Cause.MODEL_UNAVAILABLE if status >= 500 else Cause.MODEL_MISCONFIGURED


def _error(body: bytes) -> Mapping[str, Any]:
    """The object that describes the error: under `error`, at the top (Mistral), or in a list (Gemini)."""
    try:
        whole = jiter.from_json(body)
    except ValueError:
        return {}
    if isinstance(whole, list) and whole:
        whole = whole[0]
    if not isinstance(whole, dict):
        return {}
    error = whole.get("error", whole)
    if isinstance(error, str):
        # TGI and Ollama: the message alone, its kind beside it.
        return {"message": error, "type": whole.get("error_type")}
    return error if isinstance(error, dict) else {}


def _words(error: Mapping[str, Any]) -> Iterator[str]:
    inner = error.get("innererror")
    for value in (
        error.get("code"),
        inner.get("code") if isinstance(inner, dict) else None,
        error.get("type"),
        error.get("status"),
    ):
        if isinstance(value, str):
            yield value.lower()


def _said(error: Mapping[str, Any]) -> float | None:
    """Gemini says in its details when to come again."""
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.endswith("s"):
            return seconds(delay[:-1])
    return None
