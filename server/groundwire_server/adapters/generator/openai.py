"""Chat completions as OpenAI has them, and the many who speak the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from groundwire_server.adapters.generator.flavours import FLAVOURS, Flavour
from groundwire_server.adapters.generator.http.response_parser import ResponseParser, token_count
from groundwire_server.adapters.generator.schema import NAME, SCHEMA, Output
from groundwire_server.adapters.http.error_response import failure_in, failure_of
from groundwire_server.adapters.http.options import ApiKey
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason, GenerationRequest
from groundwire_server.domain.vocabulary import Cause


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
    """A stream of chat completion chunks, asked for and read.

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
        """Return the body of a request."""
        prompt = request.prompt
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        return to_json({**self._fixed, self._flavour.max_tokens: request.max_output_tokens, "messages": messages})

    def parser(self) -> ResponseParser:
        """Return what reads the response to one request."""
        return _ChatParser()

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


class _ChatParser(ResponseParser):
    """One response: chunks, and `[DONE]`; or one whole completion from a server that does not stream."""

    __slots__ = ()

    def _event(self, data: bytes) -> str | None:
        if data == b"[DONE]":
            self.done = True
            # Some gateways leave out the chunk that says why.
            self.reason = self.reason or FinishReason.COMPLETE
            return None
        chunk = self._decoded(data)
        if isinstance(chunk, list):
            # Gemini puts an error into a list.
            chunk = chunk[0]
        choices = chunk.get("choices")
        if (not choices or chunk.get("error")) and (failure := failure_in(chunk)) is not None:
            raise failure
        if usage := chunk.get("usage"):
            self._count(usage)
        for choice in choices or ():
            if choice.get("index", 0) == 0:
                return self._choice(choice)
        return ""

    def _choice(self, choice: Any) -> str:
        written = choice.get("delta") or choice.get("message") or {}
        reason = choice.get("finish_reason")
        if reason is not None:
            if error := choice.get("error"):
                raise failure_of(error)
            self._stopped(reason)
            self.done = self.reason is not None and self.input_tokens is not None
        elif "message" in choice and self.reason is None:
            # A completion is whole, whether or not it says so.
            self.reason = FinishReason.COMPLETE
        if written.get("refusal"):
            raise Failure(Cause.MODEL_REFUSED)
        content = written.get("content")
        if not content:
            return self._besides(written)
        text = self._content(content if isinstance(content, str) else _text(content))
        return text + self._besides(written) if written.get("tool_calls") else text

    def _besides(self, written: Any) -> str:
        """The draft's text in what is written in place of content."""
        if calls := written.get("tool_calls"):
            return "".join(
                self._called(call.get("index", number), _arguments(call.get("function")))
                for number, call in enumerate(calls)
            )
        if call := written.get("function_call"):
            return self._called(0, _arguments(call))
        if thought := written.get("reasoning_content") or written.get("reasoning"):
            self.unseen.append(str(thought))
        return ""

    def _count(self, usage: Any) -> None:
        read = token_count(usage.get("prompt_tokens")) if isinstance(usage, dict) else None
        if not read:
            # Nothing is read by no model: some gateways fill the field before they know.
            return
        self.input_tokens = read
        self.output_tokens = token_count(usage.get("completion_tokens"))
        details = usage.get("prompt_tokens_details")
        self.cached_tokens = (token_count(details.get("cached_tokens")) if isinstance(details, dict) else None) or 0
        self.done = self.reason is not None


def _text(content: Any) -> str:
    # Mistral's models that reason write a list of parts, their thoughts among them.
    return "".join(part["text"] for part in content if part["type"] == "text")


def _arguments(function: Any) -> str:
    arguments = function.get("arguments") if function else None
    # They are JSON in a string; some servers leave out the string.
    return arguments if isinstance(arguments, str) else to_json(arguments).decode() if arguments else ""


def _credentials(flavour: Flavour, key: ApiKey | None) -> Mapping[str, str]:
    if key is None:
        return {}
    return {"api-key": key.value} if flavour.api_key_header else {"Authorization": f"Bearer {key.value}"}
