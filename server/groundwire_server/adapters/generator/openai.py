"""Chat completions as OpenAI has them, and the many who speak the same."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import jiter
from pydantic import Field
from pydantic_core import to_json

from groundwire_server.adapters.generator.http.dialect import Reading
from groundwire_server.adapters.generator.http.options import ModelOptions
from groundwire_server.adapters.generator.reading import EventReading
from groundwire_server.adapters.generator.schema import NAME, SCHEMA, Output
from groundwire_server.adapters.http.error_response import failure_of
from groundwire_server.adapters.http.options import ApiKey
from groundwire_server.adapters.providers.profiles import PROFILES, ProviderProfile
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


class OpenAiOptions(ModelOptions):
    """A model behind chat completions; on Azure the deployment is part of the endpoint's `base_url`."""

    output: Literal["json_schema", "json_object", "prompt"] | None = Field(
        None,
        description="How the output is constrained to the schema; by the provider's profile if unset.",
        examples=["json_schema"],
    )


class OpenAiDialect:
    """Asks for and reads a stream of chat completion chunks.

    Args:
        options: of the model.
        profile: what the server expects.
        api_key: none for a server that asks for none.
        api_version: Azure's.
    """

    def __init__(
        self,
        options: OpenAiOptions,
        profile: ProviderProfile = PROFILES["openai"],
        api_key: ApiKey | None = None,
        api_version: str | None = None,
    ) -> None:
        self._profile = profile
        self._output = Output(options.output or profile.output)
        self.model = options.model
        self.path = "/chat/completions" + (f"?api-version={api_version}" if api_version else "")
        self.headers: Mapping[str, str] = profile.credentials(api_key)
        self._fixed = self._fixed_part(options)

    def body(self, request: GenerationRequest) -> bytes:
        """The request."""
        prompt = request.prompt
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        return to_json({**self._fixed, self._profile.max_tokens: request.max_output_tokens, "messages": messages})

    def reading(self) -> Reading:
        """What reads its response."""
        return _Reading(unfence=self._output is not Output.JSON_SCHEMA)

    def _fixed_part(self, options: OpenAiOptions) -> dict[str, object]:
        fixed: dict[str, object] = {"model": options.model, "stream": True}
        if self._profile.usage_on_request:
            fixed["stream_options"] = {"include_usage": True}
        if options.temperature is not None:
            fixed["temperature"] = options.temperature
        match self._output:
            case Output.JSON_SCHEMA if self._profile.schema_as_value:
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
