"""Chat completions as OpenAI has them, and the many who speak the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import jiter
from pydantic_core import to_json

from groundwire_server.adapters.generator.flavours import FLAVOURS, Flavour
from groundwire_server.adapters.generator.http.dialect import Reading
from groundwire_server.adapters.generator.reading import EventReading
from groundwire_server.adapters.generator.schema import NAME, SCHEMA, Output
from groundwire_server.adapters.http.error_response import failure_of
from groundwire_server.adapters.http.options import ApiKey
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason, GenerationRequest
from groundwire_server.domain.vocabulary import Cause

_REASONS: Final = MappingProxyType(
    {
        "length": FinishReason.LENGTH,
        "max_tokens": FinishReason.LENGTH,
        "model_length": FinishReason.LENGTH,  # Mistral
    }
)
_STOPPED: Final = MappingProxyType(
    {
        "content_filter": Cause.MODEL_CONTENT_FILTERED,
        "safety": Cause.MODEL_CONTENT_FILTERED,  # Gemini
        "recitation": Cause.MODEL_CONTENT_FILTERED,  # Gemini
        "prohibited_content": Cause.MODEL_CONTENT_FILTERED,  # Gemini
        "error": Cause.MODEL_UNAVAILABLE,  # Mistral
        "abort": Cause.MODEL_UNAVAILABLE,  # vLLM
    }
)


@dataclass(frozen=True, slots=True)
class OpenAiOptions:
    """A model behind chat completions.

    Attributes:
        model: the provider's name for it; on Azure the deployment is part of the endpoint's `base_url`.
        flavour: a name in `FLAVOURS`, or one of your own.
        api_key: none for a server that asks for none.
        api_version: Azure's.
        output: instead of the flavour's strictest.
        temperature: the provider's own without it; models that reason refuse it.
        extra: further fields of the request, such as `reasoning_effort` or `seed`.
    """

    model: str
    flavour: str | Flavour = "openai"
    api_key: ApiKey | None = None
    api_version: str | None = None
    output: Output | None = None
    temperature: float | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


class OpenAiDialect:
    """Asks for and reads a stream of chat completion chunks.

    Raises:
        ValueError: when there is no such flavour, or it cannot be held to the form in that way.
    """

    def __init__(self, options: OpenAiOptions) -> None:
        named = options.flavour
        flavour = FLAVOURS.get(named) if isinstance(named, str) else named
        if flavour is None:
            raise ValueError(f"there is no flavour {named!r}; there are: {', '.join(FLAVOURS)}")
        self._flavour = flavour
        self._output = options.output or flavour.output
        if self._output is Output.TOOL:
            raise ValueError("output must be json_schema, json_object or prompt")
        self.model = options.model
        self.path = "/chat/completions" + (f"?api-version={options.api_version}" if options.api_version else "")
        self.headers: Mapping[str, str] = _credentials(flavour, options.api_key)
        self._fixed = self._fixed_part(options)

    def body(self, request: GenerationRequest) -> bytes:
        """The request."""
        prompt = request.prompt
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        return to_json({**self._fixed, self._flavour.max_tokens: request.max_output_tokens, "messages": messages})

    def reading(self) -> Reading:
        """What reads its response."""
        return _Reading(unfence=self._output is not Output.JSON_SCHEMA)

    def _fixed_part(self, options: OpenAiOptions) -> dict[str, object]:
        fixed: dict[str, object] = {"model": options.model, "stream": True}
        if self._flavour.usage_on_request:
            fixed["stream_options"] = {"include_usage": True}
        if options.temperature is not None:
            fixed["temperature"] = options.temperature
        match self._output:
            case Output.JSON_SCHEMA if self._flavour.schema_as_value:
                fixed["response_format"] = {"type": "json_object", "value": dict(SCHEMA)}
            case Output.JSON_SCHEMA:
                schema = {"name": NAME, "strict": True, "schema": dict(SCHEMA)}
                fixed["response_format"] = {"type": "json_schema", "json_schema": schema}
            case Output.JSON_OBJECT:
                fixed["response_format"] = {"type": "json_object"}
            case _:
                pass
        return {**fixed, **options.extra}


class _Reading(EventReading):
    """One response: chunks, and `[DONE]`; or one whole completion from a server that does not stream."""

    __slots__ = ()

    def _event(self, data: bytes) -> str | None:
        if data == b"[DONE]":
            self.done = True
            # Some gateways leave out the chunk that says why.
            self.reason = self.reason or FinishReason.COMPLETE
            return None
        chunk: Any = jiter.from_json(data, cache_mode="keys")
        if (error := chunk.get("error")) is not None:
            raise failure_of(error)
        if (usage := chunk.get("usage")) is not None:
            self._count(usage)
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) == 0:
                written = choice.get("delta") or choice.get("message") or {}
                if written.get("refusal"):
                    raise Failure(Cause.MODEL_REFUSED)
                if (reason := choice.get("finish_reason")) is not None:
                    self._stopped(reason)
                return _text(written.get("content"))
        return ""

    def _stopped(self, reason: str) -> None:
        word = reason.lower()
        if word in _STOPPED:
            raise Failure(_STOPPED[word])
        # "" is what some send for null.
        if word:
            self.reason = _REASONS.get(word, FinishReason.COMPLETE)
            self.done = self.input_tokens is not None

    def _count(self, usage: Any) -> None:
        self.input_tokens, self.output_tokens = int(usage["prompt_tokens"]), int(usage.get("completion_tokens") or 0)
        details = usage.get("prompt_tokens_details")
        self.cached_tokens = int((details and details.get("cached_tokens")) or 0)
        self.done = self.reason is not None


def _text(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    # Mistral's models that reason write a list of parts, their thoughts among them.
    return "".join(part["text"] for part in content if part["type"] == "text")


def _credentials(flavour: Flavour, key: ApiKey | None) -> Mapping[str, str]:
    if key is None:
        return {}
    return {"api-key": key.value} if flavour.api_key_header else {"Authorization": f"Bearer {key.value}"}
