"""Anthropic's Messages."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import jiter
from pydantic import Field
from pydantic_core import to_json

from groundwire_server.adapters.generator.http.dialect import Reading
from groundwire_server.adapters.generator.http.options import ModelOptions
from groundwire_server.adapters.generator.reading import EventReading
from groundwire_server.adapters.generator.schema import DESCRIPTION, NAME, SCHEMA, Output
from groundwire_server.adapters.http.error_response import failure_of
from groundwire_server.adapters.http.options import ApiKey
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason, GenerationRequest
from groundwire_server.domain.vocabulary import Cause

_VERSION: Final = "2023-06-01"
_LENGTH: Final = frozenset({"max_tokens", "model_context_window_exceeded"})


class AnthropicOptions(ModelOptions):
    """A model behind Messages."""

    # A forced call of one tool; a schema is for the models that offer it.
    output: Literal["tool", "json_schema", "prompt"] = Field(
        "tool", description="How the output is constrained to the schema."
    )


class AnthropicDialect:
    """Asks for and reads a stream of message events.

    Args:
        options: of the model.
        api_key: none for a gateway that asks for none.
    """

    def __init__(self, options: AnthropicOptions, api_key: ApiKey | None = None) -> None:
        self._output = Output(options.output)
        self.model = options.model
        self.path = "/messages"
        self.headers = credentials(api_key)
        self._fixed = _fixed_part(options)

    def body(self, request: GenerationRequest) -> bytes:
        """The request."""
        prompt = request.prompt
        return to_json(
            {
                **self._fixed,
                "max_tokens": request.max_output_tokens,
                "system": prompt.system,
                "messages": [{"role": "user", "content": prompt.user}],
            }
        )

    def reading(self) -> Reading:
        """What reads its response."""
        return _Reading(self._output)


def _fixed_part(options: AnthropicOptions) -> dict[str, object]:
    fixed: dict[str, object] = {"model": options.model, "stream": True}
    if options.temperature is not None:
        fixed["temperature"] = options.temperature
    match Output(options.output):
        case Output.TOOL:
            fixed["tools"] = [{"name": NAME, "description": DESCRIPTION, "input_schema": dict(SCHEMA)}]
            fixed["tool_choice"] = {"type": "tool", "name": NAME, "disable_parallel_tool_use": True}
        case Output.JSON_SCHEMA:
            fixed["output_config"] = {"format": {"type": "json_schema", "schema": dict(SCHEMA)}}
        case _:
            pass
    return {**fixed, **options.extra}


def credentials(key: ApiKey | None) -> Mapping[str, str]:
    """Return the headers of every request: the version of the protocol, and the key."""
    return {"anthropic-version": _VERSION, **({} if key is None else {"x-api-key": key.value})}


class _Reading(EventReading):
    """One response: the input of the first call of the tool, or else the text."""

    __slots__ = ("_delta", "_field", "_index", "_kind")

    def __init__(self, output: Output) -> None:
        super().__init__(unfence=output is Output.PROMPT)
        if output is Output.TOOL:
            self._kind, self._delta, self._field = "tool_use", "input_json_delta", "partial_json"
        else:
            self._kind, self._delta, self._field = "text", "text_delta", "text"
        self._index: int | None = None

    def _event(self, data: bytes) -> str:
        event: Any = jiter.from_json(data, cache_mode="keys")
        match event["type"]:
            case "content_block_delta":
                delta = event["delta"]
                if event["index"] == self._index and delta["type"] == self._delta:
                    return str(delta[self._field])
            case "content_block_start":
                if self._index is None and event["content_block"]["type"] == self._kind:
                    self._index = event["index"]
            case "message_start":
                self._count(event["message"].get("usage") or {})
            case "message_delta":
                self._count(event.get("usage") or {})
                self._stopped(event["delta"].get("stop_reason"))
            case "message_stop":
                self.done = self.reason is not None
            case "error":
                raise failure_of(event["error"])
            case _:
                # Pings, the ends of blocks, and what is yet to be invented.
                pass
        return ""

    def _stopped(self, reason: str | None) -> None:
        if reason == "refusal":
            raise Failure(Cause.MODEL_REFUSED)
        if reason is not None:
            self.reason = FinishReason.LENGTH if reason in _LENGTH else FinishReason.COMPLETE

    def _count(self, usage: Any) -> None:
        read = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        # Gateways say 0 at the start and the number at the end.
        self.input_tokens = sum(int(usage.get(name) or 0) for name in read) or self.input_tokens
        self.cached_tokens = int(usage.get("cache_read_input_tokens") or 0) or self.cached_tokens
        if (written := usage.get("output_tokens")) is not None:
            self.output_tokens = int(written)
