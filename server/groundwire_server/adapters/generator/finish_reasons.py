"""Why models stop, in the words of the providers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from groundwire_server.domain.generation import FinishReason
from groundwire_server.domain.vocabulary import Cause

_ENDS: Final[Mapping[str, FinishReason | Cause]] = MappingProxyType(
    {
        "length": FinishReason.LENGTH,
        "max_tokens": FinishReason.LENGTH,
        "max_output_tokens": FinishReason.LENGTH,
        "model_length": FinishReason.LENGTH,  # Mistral
        "model_context_window_exceeded": FinishReason.LENGTH,  # Anthropic
        "error_limit": FinishReason.LENGTH,  # Cohere
        "refusal": Cause.MODEL_REFUSED,  # Anthropic
        "language": Cause.MODEL_REFUSED,  # Gemini: one that it does not support
        "content_filter": Cause.MODEL_CONTENT_FILTERED,
        "content_filtered": Cause.MODEL_CONTENT_FILTERED,  # Bedrock
        "guardrail_intervened": Cause.MODEL_CONTENT_FILTERED,  # Bedrock
        "safety": Cause.MODEL_CONTENT_FILTERED,  # Gemini, this one and the next eight
        "recitation": Cause.MODEL_CONTENT_FILTERED,
        "blocklist": Cause.MODEL_CONTENT_FILTERED,
        "prohibited_content": Cause.MODEL_CONTENT_FILTERED,
        "spii": Cause.MODEL_CONTENT_FILTERED,
        "model_armor": Cause.MODEL_CONTENT_FILTERED,
        "escalation": Cause.MODEL_CONTENT_FILTERED,
        "image_safety": Cause.MODEL_CONTENT_FILTERED,
        "image_prohibited_content": Cause.MODEL_CONTENT_FILTERED,
        "error_toxic": Cause.MODEL_CONTENT_FILTERED,  # Cohere
        "sensitive": Cause.MODEL_CONTENT_FILTERED,  # GLM
        "error": Cause.MODEL_UNAVAILABLE,  # Mistral, OpenRouter
        "abort": Cause.MODEL_UNAVAILABLE,  # vLLM
        "user_cancel": Cause.MODEL_UNAVAILABLE,  # Cohere
        "timeout": Cause.MODEL_UNAVAILABLE,  # Cohere
        "network_error": Cause.MODEL_UNAVAILABLE,  # GLM
        "insufficient_system_resource": Cause.MODEL_UNAVAILABLE,  # DeepSeek
    }
)

_NONE: Final = frozenset({"", "null", "none", "finish_reason_unspecified"})
"""What some send in place of null while a model is still writing."""


def end_of(reason: str) -> FinishReason | Cause | None:
    """Return how a model ended, or why it failed; None while it has not stopped.

    A word that is not known is a completion: whether what the model wrote is whole shows in its draft.

    Args:
        reason: the provider's word, in any case; Gemini puts its own behind OpenAI's, as in `content_filter: SPII`.
    """
    word, _, _ = reason.lower().partition(":")
    return None if word in _NONE else _ENDS.get(word, FinishReason.COMPLETE)
