"""What a provider's error means, as a cause of the product's. Its text is looked at here and goes no further."""

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import jiter

from groundwire_server.adapters.http.retry_after import duration, limits_lifted, retry_after
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
        "too_many_requests": Cause.MODEL_RATE_LIMITED,
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
    ("maximum model length", Cause.PROMPT_TOO_LONG),  # vLLM
    ("prompt is too long", Cause.PROMPT_TOO_LONG),  # Anthropic
    ("input is too long", Cause.PROMPT_TOO_LONG),  # Bedrock
    ("input token count", Cause.PROMPT_TOO_LONG),  # Gemini
    ("`inputs` tokens", Cause.PROMPT_TOO_LONG),  # TGI
    ("`inputs` must have", Cause.PROMPT_TOO_LONG),  # TGI
    ("credit balance", Cause.MODEL_QUOTA_EXHAUSTED),  # Anthropic
    ("spend limit", Cause.MODEL_QUOTA_EXHAUSTED),  # Anthropic
)
"""What some say in their message alone, always with a status of 400 or 422."""

_LOADING: Final = (
    "loading model",  # llama.cpp
    "currently loading",  # Hugging Face
    "model is loading",
    "still loading",
    "not ready",  # KServe, Triton
)
"""What servers say, with a status of 503, while a model is being loaded."""

_UNAVAILABLE: Final = 503

_PHRASED: Final = frozenset({400, 413, 422})

_TOO_MANY_REQUESTS: Final = 429

_STATUSES: Final = MappingProxyType(
    {
        402: Cause.MODEL_QUOTA_EXHAUSTED,
        # What waited for too long or collided may go better the next time.
        408: Cause.MODEL_UNAVAILABLE,
        409: Cause.MODEL_UNAVAILABLE,
        413: Cause.PROMPT_TOO_LONG,
        424: Cause.MODEL_UNAVAILABLE,  # TEI: the model failed
        425: Cause.MODEL_UNAVAILABLE,
        _TOO_MANY_REQUESTS: Cause.MODEL_RATE_LIMITED,
    }
)


_WRAPPERS: Final = ("error", "errors", "detail")
"""Where an object holds the error that it is about."""

_WORDS_BYTES: Final = 1024
"""How much is looked at of a body that is not JSON."""

_STATUS_FIELDS: Final = ("code", "status", "status_code", "statusCode", "error_code")
_MESSAGE_FIELDS: Final = ("message", "msg")


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A response that is no answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def failure(self) -> Failure:
        """Return what it means."""
        try:
            error = _error(jiter.from_json(self.body))
        except ValueError:
            error = {"message": self.body[:_WORDS_BYTES].decode(errors="replace")}
        today = datetime.now(UTC)
        after = retry_after(self.headers, today)
        if after is None:
            after = _retry_delay(error)
        if after is None and self.status == _TOO_MANY_REQUESTS:
            after = limits_lifted(self.headers, today)
        return Failure(_cause(self.status, error), retry_after=after)


def failure_from(response: ErrorResponse, provider: str, model: str) -> Failure:
    """Return the failure that an error response means; log one that an operator must look at."""
    failure = response.failure()
    if failure.cause in {Cause.MODEL_MISCONFIGURED, Cause.MODEL_QUOTA_EXHAUSTED}:
        # The provider's own words may repeat the prompt or a key.
        _LOG.warning(
            "Provider %s refused model %s with HTTP status %d: %s.", provider, model, response.status, failure.cause
        )
    return failure


def failure_in(event: Any) -> Failure | None:
    """Return the failure that an event reports, where a status of 200 has been sent already; None of any other event.

    Args:
        event: decoded, in any of the forms that providers have: `{"error": …}` around an object or words,
            `{"object": "error", "message": …, "code": …}`, `{"detail": …}`, one of them in a list.
    """
    whole = event[0] if isinstance(event, list) and event else event
    if not isinstance(whole, dict) or not _is_error(whole):
        return None
    return failure_of(whole)


def failure_of(error: Any) -> Failure:
    """Return the failure that an error means which came as an event or within one."""
    error = _error(error)
    statuses = (_status(error.get(name)) for name in _STATUS_FIELDS)
    status = next((status for status in statuses if status is not None), None)
    return Failure(_cause(status, error), retry_after=_retry_delay(error))


def _cause(status: int | None, error: Mapping[str, Any]) -> Cause:
    words = list(_words(error))
    for word in words:
        if word in _SPECIFIC:
            return _SPECIFIC[word]
    message = str(next((error[name] for name in _MESSAGE_FIELDS if error.get(name)), "")).lower()
    if status is None or status in _PHRASED:
        for phrase, cause in _PHRASES:
            if phrase in message:
                return cause
    if status == _UNAVAILABLE and any(phrase in message for phrase in _LOADING):
        return Cause.MODEL_NOT_READY
    if status is None:
        return next((_GENERAL[word] for word in words if word in _GENERAL), Cause.MODEL_UNAVAILABLE)
    if status in _STATUSES:
        return _STATUSES[status]
    return Cause.MODEL_UNAVAILABLE if status >= 500 else Cause.MODEL_MISCONFIGURED


def _is_error(event: Mapping[str, Any]) -> bool:
    return (
        any(event.get(name) for name in _WRAPPERS)
        or event.get("object") == "error"
        or event.get("type") == "error"
        or (
            any(isinstance(event.get(name), str) for name in _MESSAGE_FIELDS)
            and any(event.get(name) for name in _STATUS_FIELDS)
        )
    )


def _error(value: Any) -> Mapping[str, Any]:
    """The object that describes the error; what stands beside it counts where it says nothing itself."""
    if isinstance(value, str):
        # TGI and Ollama: the message alone.
        return {"message": value}
    if isinstance(value, list):
        return _error(value[0]) if value else {}
    if not isinstance(value, dict):
        return {}
    inner = next((value[name] for name in _WRAPPERS if value.get(name)), None)
    return value if inner is None else {**value, **_error(inner)}


def _words(error: Mapping[str, Any]) -> Iterator[str]:
    inner = error.get("innererror")
    for value in (
        error.get("code"),
        inner.get("code") if isinstance(inner, dict) else None,
        error.get("type"),
        error.get("status"),
        error.get("error_type"),
    ):
        if isinstance(value, str):
            yield value.lower()


def _status(value: object) -> int | None:
    """The HTTP status that a field holds, as a number or its digits; other numbers are codes of the provider's own."""
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    return number if isinstance(number, int) and 400 <= number < 600 else None


def _retry_delay(error: Mapping[str, Any]) -> float | None:
    """The seconds to wait that Gemini gives in its details, or Hugging Face while it loads a model."""
    loaded = error.get("estimated_time")
    if isinstance(loaded, int | float) and math.isfinite(loaded) and loaded >= 0:
        return float(loaded)
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            return duration(delay)
    return None
